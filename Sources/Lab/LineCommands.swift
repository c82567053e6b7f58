internal import ArgumentParser
internal import LabCore
internal import NodeCommand
internal import SupervisorProcess

/// What a command that names nodes or ways says of them.
private let placesHelp: ArgumentHelp =
    "Nodes: n1, n1+n4, n1..n8. Ways: two of those with a comma between, such as n1,n2 or n1..n8,n9..n24."

extension LabPlan {
    /// Looks words up before anything is asked.
    fileprivate func check(_ places: [String]) throws {
        for place in places { _ = try Place(place, names: names) }
    }
}

/// What `cut`, `slow` and `heal` print.
private func show(_ report: EmulatorReport, json: Bool) throws {
    if json { return try printJSON(report) }
    for line in lineTexts(report) { say(line) }
}

/// Cuts and changed ways, for people.
func lineTexts(_ report: EmulatorReport) -> [String] {
    let most = 12
    let cuts = report.cuts.map { cut in
        let left = cut.leftMilliseconds.map { "for \(timeText(seconds: Double($0) / 1000))" } ?? "until heal"
        return "cut \(cut.from),\(cut.to) \(left)"
    }
    let slowed = report.slowed.map { "slow \($0.from) to \($0.to): \($0.line ?? "")" }
    let all = cuts + slowed
    return all.prefix(most) + (all.count > most ? ["and \(all.count - most) ways more: --json has all"] : [])
}

/// `spacenode lab cut`.
struct Cut: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cut nodes off from all others, or cut ways.",
        discussion: "A group of nodes stays whole: `cut n1..n8` parts eight nodes from the others.")

    @Argument(help: placesHelp) var places: [String]
    @Option(name: .customLong("for"), help: "How long, such as 30s (default: until `heal`).")
    var lasts: String?
    @OptionGroup var place: LabPlace

    func run() throws {
        let plan = try place.plan()
        try plan.check(places)
        var request = EmulatorRequest(.cut)
        request.places = places
        request.lasts = try lasts.map { text throws(LabFault) in try LabUnits.time(text) }
        try show(EmulatorClient.insist(plan, request), json: place.json)
    }
}

/// `spacenode lab slow`.
struct Slow: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change the lines of nodes, or ways between nodes, until `heal`.",
        discussion: "What is not given stays as it is.")

    @Argument(help: placesHelp) var places: [String]
    @Option(help: "Delay of one way, such as 60ms.") var delay: String?
    @Option(help: "How far the delay strays, such as 20ms.") var jitter: String?
    @Option(help: "Share of packets that are lost, such as 2%.") var loss: String?
    @Option(help: "Down and up of a node, or there and back of a way: 10mbit/1mbit, 5mbit, unlimited.")
    var rate: String?
    @OptionGroup var place: LabPlace

    func run() throws {
        let plan = try place.plan()
        try plan.check(places)
        let rates = try rate.map { text throws(LabFault) in try LabUnits.rates(text) }
        let change = EmulatorRequest.Change(
            delay: try delay.map { text throws(LabFault) in try LabUnits.time(text) },
            jitter: try jitter.map { text throws(LabFault) in try LabUnits.time(text) },
            loss: try loss.map { text throws(LabFault) in try LabUnits.share(text) },
            rates: rates.map { [$0.first, $0.second] })
        guard !LineChange(change).isEmpty else {
            throw CommandFault("nothing is to change: give --delay, --jitter, --loss or --rate")
        }
        var request = EmulatorRequest(.slow)
        (request.places, request.change) = (places, change)
        let report = try EmulatorClient.insist(plan, request)
        try show(report, json: place.json)
        guard !place.json else { return }
        for text in places {
            guard case .nodes(let nodes) = try Place(text, names: plan.names) else { continue }
            for node in nodes where node < report.nodes.count {
                say("\(report.nodes[node].name): \(report.nodes[node].line)")
            }
        }
    }
}

/// `spacenode lab heal`.
struct Heal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Mend all lines: no cuts, and the lines of the lab's file.")

    @OptionGroup var place: LabPlace

    func run() throws {
        let report = try EmulatorClient.insist(try place.plan(), EmulatorRequest(.heal))
        if place.json { try printJSON(report) } else { say("all lines are as the lab's file has them") }
    }
}

/// `spacenode lab emulate`: the process that carries the packets; `up` starts it.
struct Emulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry a lab's packets until it ends.", shouldDisplay: false)

    @OptionGroup var place: LabPlace

    func run() throws {
        Background.leave()
        let plan = try place.plan()
        guard try HeldFile.take(plan.emulatorLock) else {
            throw CommandFault("an emulator runs for \(plan.folder) already: spacenode lab status shows it")
        }
        let stop = StopFlag.onSignals()
        var loop = try EmulatorLoop.open(plan)
        try loop.run(stop)
    }
}

internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeDomain
internal import NodeEncoding
internal import NodeOperator
internal import NodeProtocol

/// `spacenode mine X`.
struct Mine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What this node mines, and whether it does.",
        discussion: "Exit status: 0 ok, 1 attention (something stands in the way), 2 error.",
        subcommands: [MineStatus.self, MineStart.self, MineStop.self], defaultSubcommand: MineStatus.self)
}

/// `spacenode mine status`.
struct MineStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Height, epoch, plots, and what they have earned.")

    @OptionGroup var place: OperatorPlace

    func run() async throws {
        let status = try await place.ask(MinerContract.status, Spacenode_Miner_V1_StatusRequest())
        if place.json { try printJSON(MineView(status)) } else { show(status) }
        if !status.trouble.isEmpty { throw ExitCode(1) }
    }

    private func show(_ status: Spacenode_Miner_V1_StatusReply) {
        guard !status.network.isEmpty else {
            for text in status.trouble { note(text) }
            return
        }
        let epoch = status.epoch
        say("network    \(status.network), height \(status.height), layer \(status.layer)")
        let left = Int64(epoch.startMs + epoch.lengthMs) - Int64(status.timeMs)
        let end =
            left > 0 ? "ends in \(seconds(UInt64(left))) at the earliest" : "ends when its window allows"
        say("epoch      \(epoch.number), \(end); \(epoch.units) units in it, \(epoch.nextUnits) in the next")
        say("window     \(window(status))")
        let seats = "\(status.seats) of \(status.totalSeats) seats"
        say(
            "operator   \(Hexadecimal.text(of: status.operator)), \(seats), \(status.votes ? "votes" : "does not vote")"
        )
        if status.stopped { say("mining is stopped: `spacenode mine start` goes on") }
        for plot in status.plots { show(plot, status) }
        if status.plots.isEmpty {
            say("no plots: name one under `plots` in config/miner.yaml, or `spacenode post adopt DIR`")
        }
        let sum = { (part: (Spacenode_Miner_V1_Plot) -> UInt64) in status.plots.reduce(0) { $0 + part($1) } }
        say(
            "rewards    \(coins(sum(\.accrued))) in this epoch so far, \(coins(sum(\.unpaid))) to be paid, \(coins(sum(\.paid))) paid"
        )
        for poet in status.poets { say("PoET       \(poet.address), epoch \(poet.epoch): \(poet.state)") }
        for text in status.trouble { note(text) }
    }

    private func window(_ status: Spacenode_Miner_V1_StatusReply) -> String {
        let epoch = status.epoch
        guard epoch.openedHeight > 0 else {
            let left = Int64(epoch.poetEndsMs) - Int64(status.timeMs)
            return left > 0
                ? "opens in \(seconds(UInt64(left))), when a PoET has worked" : "opens with a PoET's proof"
        }
        return "open since block \(epoch.openedHeight), for \(epoch.windowHeights) blocks at least"
    }

    private func show(_ plot: Spacenode_Miner_V1_Plot, _ status: Spacenode_Miner_V1_StatusReply) {
        let share = plot.share > 0 ? " (\(Int(plot.share * 100)) %)" : ""
        let next = plot.next.isEmpty ? "" : "; next: \(plot.next)"
        say(
            "\(plot.name)  \(plot.units) units, \(plot.activeUnits == 0 ? "not mining yet" : "mines with \(plot.activeUnits)")"
        )
        say("  identity \(Hexadecimal.text(of: plot.identity))")
        say("  \(plot.text)\(share)\(next)")
        if plot.marginMs < 0 { say("  its proof will be \(seconds(UInt64(-plot.marginMs))) too late") }
        let address = Address([UInt8](plot.coinbase))?.text(prefix: status.hrp) ?? ""
        say(
            "  \(coins(plot.accrued)) so far, \(coins(plot.unpaid)) to be paid, \(coins(plot.paid)) paid, to \(address)"
        )
    }

    private func seconds(_ milliseconds: UInt64) -> String { timeText(seconds: Double(milliseconds) / 1000) }

    /// Smidge as people read them: 10⁹ are a coin.
    private func coins(_ smidge: UInt64) -> String {
        let part = "\(smidge % 1_000_000_000)"
        return "\(smidge / 1_000_000_000).\(String(repeating: "0", count: 9 - part.count))\(part)"
    }
}

/// `spacenode mine start`.
struct MineStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Mine again.")

    @OptionGroup var place: OperatorPlace

    func run() async throws { try await MineStop.say(stopped: false, place) }
}

/// `spacenode mine stop`.
struct MineStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Begin no new proofs; what is under way goes on, and the plots keep what they have earned.")

    @OptionGroup var place: OperatorPlace

    func run() async throws { try await Self.say(stopped: true, place) }

    fileprivate static func say(stopped: Bool, _ place: OperatorPlace) async throws {
        var request = Spacenode_Miner_V1_ControlRequest()
        request.stopped = stopped
        let reply = try await place.ask(MinerContract.control, request)
        if place.json { return try printJSON(["stopped": reply.stopped]) }
        NodeCommand.say(reply.stopped ? "mining is stopped" : "mining goes on")
    }
}

/// `spacenode identities`.
struct Identities: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identities", abstract: "The plots' keys, what they are of, and what they have.")

    @OptionGroup var place: OperatorPlace

    private struct Row: Encodable {
        let identity, name, stage: String
        let units, activeUnits: UInt32
    }

    func run() async throws {
        let status = try await place.ask(MinerContract.status, Spacenode_Miner_V1_StatusRequest())
        let rows = MineView(status).plots
        if place.json {
            return try printJSON(
                rows.map {
                    Row(
                        identity: $0.identity, name: $0.name, stage: $0.stage, units: $0.units,
                        activeUnits: $0.activeUnits)
                })
        }
        for row in rows {
            say(
                "\(row.identity)  \(row.name)  \(row.units) units, mines with \(row.activeUnits), \(row.text)"
            )
        }
        if rows.isEmpty { note("no plots: `spacenode mine status` says why") }
    }
}

/// `spacenode why IDENTITY`.
struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "What happened to a plot, because of what, and what comes next.")

    @OptionGroup var place: OperatorPlace
    @Argument(help: "Identity of the plot, or its name.") var plot: String
    @Option(help: "The newest so many events.") var limit: UInt32 = 40

    private struct Row: Encodable {
        let number, timeMs: UInt64
        let epoch, attempt: UInt32
        let kind, text, cause, next: String
    }

    func run() async throws {
        let status = try await place.ask(MinerContract.status, Spacenode_Miner_V1_StatusRequest())
        guard
            let found = status.plots.first(where: {
                $0.name == plot || Hexadecimal.text(of: $0.identity) == plot.lowercased()
            })
        else {
            let names = status.plots.map(\.name).joined(separator: ", ")
            throw CommandFault(
                "there is no plot \(plot): \(names.isEmpty ? "nothing is mined" : "give one of \(names)")")
        }
        var request = Spacenode_Miner_V1_EventsRequest()
        request.identity = found.identity
        request.limit = limit
        let events = try await place.ask(MinerContract.events, request).events
        if place.json {
            return try printJSON(
                events.map {
                    Row(
                        number: $0.number, timeMs: $0.timeMs, epoch: $0.epoch, attempt: $0.attempt,
                        kind: $0.kind,
                        text: $0.text, cause: $0.cause, next: $0.next)
                })
        }
        for event in events { say(Self.line(event)) }
        if events.isEmpty { note("nothing has happened to it yet") }
    }

    private static func line(_ event: Spacenode_Miner_V1_Event) -> String {
        let time = Date(timeIntervalSince1970: Double(event.timeMs) / 1000).formatted(.iso8601)
        var text = "\(time)  epoch \(event.epoch)  \(event.text)"
        if !event.cause.isEmpty { text += ", because: \(event.cause)" }
        if event.attempt > 0 { text += " (try \(event.attempt + 1))" }
        if !event.next.isEmpty { text += "; next: \(event.next)" }
        return text
    }
}

/// What `--json` prints.
struct MineView: Encodable {
    struct Epoch: Encodable {
        let number: UInt32
        let startMs, lengthMs, units, nextUnits, poetEndsMs, openedHeight, windowHeights, earned: UInt64
    }

    struct Plot: Encodable {
        let name, identity: String
        let units: UInt32
        let coinbase, stage, text, next: String
        let share: Double
        let marginMs: Int64
        let activeUnits: UInt32
        let accrued, unpaid, paid: UInt64
        let trouble: String
        let voting: Bool
    }

    struct Poet: Encodable {
        let address, state: String
        let epoch: UInt32
    }

    let network: String
    let height, timeMs, layer: UInt64
    let epoch: Epoch
    let `operator`: String
    let votes: Bool
    let seats, totalSeats: UInt64
    let jailed, barred, stopped: Bool
    let plots: [Plot]
    let poets: [Poet]
    let trouble: [String]

    init(_ status: Spacenode_Miner_V1_StatusReply) {
        let wire = status.epoch
        network = status.network
        (height, timeMs, layer) = (status.height, status.timeMs, status.layer)
        epoch = Epoch(
            number: wire.number, startMs: wire.startMs, lengthMs: wire.lengthMs, units: wire.units,
            nextUnits: wire.nextUnits, poetEndsMs: wire.poetEndsMs, openedHeight: wire.openedHeight,
            windowHeights: wire.windowHeights, earned: wire.earned)
        `operator` = Hexadecimal.text(of: status.operator)
        votes = status.votes
        (seats, totalSeats) = (status.seats, status.totalSeats)
        (jailed, barred, stopped) = (status.jailed, status.barred, status.stopped)
        plots = status.plots.map { Plot($0, hrp: status.hrp) }
        poets = status.poets.map { Poet(address: $0.address, state: $0.state, epoch: $0.epoch) }
        trouble = status.trouble
    }
}

extension MineView.Plot {
    init(_ plot: Spacenode_Miner_V1_Plot, hrp: String) {
        self.init(
            name: plot.name, identity: Hexadecimal.text(of: plot.identity), units: plot.units,
            coinbase: Address([UInt8](plot.coinbase))?.text(prefix: hrp) ?? "", stage: Self.word(plot.stage),
            text: plot.text, next: plot.next, share: plot.share, marginMs: plot.marginMs,
            activeUnits: plot.activeUnits, accrued: plot.accrued, unpaid: plot.unpaid, paid: plot.paid,
            trouble: plot.trouble, voting: plot.voting)
    }

    private static func word(_ stage: Spacenode_Miner_V1_Stage) -> String {
        switch stage {
        case .waiting: "waiting"
        case .making: "making"
        case .proving: "proving"
        case .proved: "proved"
        case .submitted: "submitted"
        case .done: "done"
        case .unspecified, .UNRECOGNIZED: "unknown"
        }
    }
}

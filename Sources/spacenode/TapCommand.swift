internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import NodeBus
internal import NodeCommand
internal import NodeProtocol
internal import Traffic

/// `spacenode tap`: the messages between the processes, decoded.
struct Tap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the messages between the processes, decoded.",
        discussion: """
            Ends with Ctrl-C, or after -n messages or --seconds. What was missed because it came faster than it was
            read is counted and told at the end; reading never slows the node.
            """)

    @OptionGroup var common: CommonOptions
    @Option(name: .shortAndLong, help: "End after so many messages.") var number: Int?
    @Option(help: "End after so many seconds.") var seconds: Double?
    @Option(help: "Only from or to this role; may be repeated.") var role: [String] = []
    @Option(help: "Only types whose name contains this; may be repeated.") var type: [String] = []
    @Option(help: "Only when a field fits: path=value, !=, ~ (contains), <, >; may be repeated.")
    var field: [String] = []
    @Flag(help: "Only what was refused or failed.") var refused = false
    @Flag(help: "Signs of life and metrics too.") var all = false
    @Flag(help: "Begin with the oldest message that the router still has.") var past = false
    @Option(help: "Draw what led to a message and what it led to; NAME/ID, as tap shows it.") var cause:
        String?

    func run() async throws {
        let filter = try makeFilter()
        let command = self
        try await withBus(common) { bus in
            if let cause = command.cause { return try await command.draw(cause, bus) }
            try await command.follow(bus, filter)
        }
    }

    private func makeFilter() throws -> TrafficFilter {
        var filter = TrafficFilter()
        filter.types = type
        filter.isRefusedOnly = refused
        filter.showsBeats = all
        filter.roles = Set(try role.map(roleNumber))
        filter.fields = try field.map { text in
            guard let rule = TrafficFilter.FieldRule(text) else {
                throw ValidationError(
                    "--field \(text): write path=value, path!=value, path~part, path<n or path>n")
            }
            return rule
        }
        return filter
    }

    private func roleNumber(_ name: String) throws -> UInt32 {
        if let number = UInt32(name) { return number }
        guard let role = (1...31).map({ BusRole(rawValue: $0) }).first(where: { $0.name == name }) else {
            throw ValidationError(
                "--role \(name): there is no such role; spacenode bus ls shows those that are there")
        }
        return role.rawValue
    }

    // MARK: - Following

    private func follow(_ bus: BusClient, _ wanted: TrafficFilter) async throws {
        var filter = wanted
        var reader = try await TrafficReader(bus, from: past ? .oldest : .now)
        reader.givesWay = true
        var printer = TapPrinter(isJSON: common.json)
        let start = ContinuousClock.now
        let stop = StopFlag.onSignals()
        var shown = 0
        var others = 0
        var missed: UInt64 = 0
        var hinted = false
        reading: while !stop.isRaised {
            if let seconds, ContinuousClock.now - start >= .seconds(seconds) { break }
            let reading = try await reader.next()
            missed += reading.missed
            if reading.missed > 0 { printer.note("… \(reading.missed) messages missed") }
            for record in reading.records {
                // Printing takes the longest; whoever carries messages has a turn between two.
                sched_yield()
                let item = TrafficItem(record)
                guard filter.fits(item, reader.view) else {
                    others += 1
                    continue
                }
                printer.show(item, reader.view)
                shown += 1
                if let number, shown >= number { break reading }
            }
            if !hinted, shown == 0, ContinuousClock.now - start > .seconds(3) {
                hinted = true
                printer.note(hint(others, filter))
                // On a node at rest there is nothing else to see.
                if filter.isOpen { filter.showsBeats = true }
            }
            try await reader.pause(reading)
        }
        printer.note("\(shown) shown, \(others) others, \(missed) missed")
    }

    private func hint(_ others: Int, _ filter: TrafficFilter) -> String {
        if filter.isOpen { return "nothing but signs of life for 3 s: they are shown too; Ctrl-C ends" }
        return others == 0
            ? "no messages yet; Ctrl-C ends"
            : "\(others) messages went by that are not asked for (signs of life are shown with --all); Ctrl-C ends"
    }

    // MARK: - Causes

    private func draw(_ text: String, _ bus: BusClient) async throws {
        var reader = try await TrafficReader(bus, from: .oldest)
        var items: [TrafficItem] = []
        while true {
            let reading = try await reader.next()
            items += reading.records.map(TrafficItem.init)
            if reading.isAtEnd { break }
        }
        let tree = CauseTree(items)
        let id = try find(text, tree, reader.view, items)
        let root = tree.root(of: id)
        if common.json { return try printJSON(CauseJSON(root, tree, reader.view)) }
        let columns = Terminal.isLive ? Terminal.size.columns : 260
        for line in tree.lines(root, marked: id, view: reader.view, columns: columns) {
            print(Terminal.cut(line))
        }
    }

    private func find(
        _ text: String, _ tree: CauseTree, _ view: TrafficView, _ items: [TrafficItem]
    ) throws -> MessageID {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let last = parts.last, let number = UInt64(last) else {
            throw ValidationError("--cause \(text): write NAME/ID as tap shows it, such as example-1/12")
        }
        if parts.count == 1 {
            let ids = tree.ids(numbered: number)
            if ids.count == 1, let id = ids.first { return id }
            let names = ids.prefix(5).map { view.text($0) }.joined(separator: ", ")
            throw CommandFault(ids.isEmpty ? gone(text, items) : "\(text) could be \(names): say which")
        }
        let name = parts.dropLast().joined(separator: "/")
        guard let source = view.names.instance(name) else {
            throw CommandFault("nobody is called \(name): spacenode bus ls shows the names")
        }
        // Of several sessions of one plugin the newest.
        guard let id = tree.ids(numbered: number).last(where: { $0.source == source }) else {
            throw CommandFault(gone(text, items))
        }
        return id
    }

    private func gone(_ text: String, _ items: [TrafficItem]) -> String {
        let since = items.first.map { Terminal.time($0.nanoseconds) } ?? "now"
        return
            "\(text) is not among the \(items.count) messages that the router still has, from \(since) on: ask sooner, or raise traffic_bytes in router.yaml"
    }
}

/// Prints items: lines for people, or one JSON object a line.
struct TapPrinter {
    let isJSON: Bool
    /// Width of each column so far, so that lines stand under each other; wider ones widen it for those to come.
    private var widths = [0, 0, 0]

    /// On a narrower rest of a line the payload gets a line of its own.
    private static let leastRoom = 30
    private static let widestColumn = 40

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    /// Says something about the traffic, beside it.
    func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    mutating func show(_ item: TrafficItem, _ view: TrafficView) {
        if isJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            guard let data = try? encoder.encode(ItemJSON(item, view)) else { return }
            return Terminal.say(String(decoding: data, as: UTF8.self))
        }
        let head = head(item, view)
        guard Terminal.isLive else {
            return Terminal.say(
                [head, view.payloadLine(item)].filter { !$0.isEmpty }.joined(separator: "  "))
        }
        let room = Terminal.size.columns - head.count - 2
        if room >= Self.leastRoom {
            return Terminal.say(Terminal.cut("\(head)  \(view.payloadLine(item, limit: room))"))
        }
        Terminal.say(Terminal.cut(head))
        let indent = String(repeating: " ", count: 14)
        let payload = view.payloadLine(item, limit: Terminal.size.columns - indent.count)
        if !payload.isEmpty { Terminal.say(Terminal.cut(indent + payload)) }
    }

    private mutating func head(_ item: TrafficItem, _ view: TrafficView) -> String {
        let columns = [
            "\(view.names.name(item.header.source)) → \(view.destination(item))",
            "\(view.kindName(item.header.kind)) \(view.typeName(item.header.type))",
            item.messageID.map { view.text($0) } ?? item.answered.map { "to " + view.text($0) } ?? "",
        ]
        for (index, text) in columns.enumerated() {
            widths[index] = max(widths[index], min(text.count, Self.widestColumn))
        }
        let status = item.isRefused ? "REFUSED \(view.statusName(item.status))" : outcome(item, view)
        let cells = zip(columns, widths).map { padded($0, $1) } + (status.isEmpty ? [] : [status])
        return ([Terminal.time(item.nanoseconds)] + cells).joined(separator: "  ")
            .replacing(/\s+$/, with: "")
    }

    private func outcome(_ item: TrafficItem, _ view: TrafficView) -> String {
        item.header.status > 1 ? view.statusName(item.header.status) : ""
    }
}

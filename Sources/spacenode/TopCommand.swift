internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeProtocol
internal import Traffic

/// `spacenode top`: who sends what to whom, how much, how fast.
struct Top: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Live table of traffic: type, sender, receiver, rate, times, failures.")

    @OptionGroup var common: CommonOptions
    @Flag(help: "One measurement, then end.") var once = false
    @Option(help: "Seconds that each measurement takes.") var interval = 1.0
    @Option(name: .shortAndLong, help: "Lines of traffic at most; 0: as many as fit.") var number = 0

    func validate() throws {
        guard (0.1...60).contains(interval) else {
            throw ValidationError("--interval \(interval): 0.1 to 60 seconds")
        }
    }

    func run() async throws {
        let command = self
        try await withBus(common) { try await command.watch($0) }
    }

    private func watch(_ bus: BusClient) async throws {
        var reader = try await TrafficReader(bus, from: .now)
        reader.isHeadersOnly = true
        reader.givesWay = true
        var table = TrafficTable()
        let stop = StopFlag.onSignals()
        var before = try await totals(bus)
        let isLive = Terminal.isLive && !once && !common.json
        if isLive { FileHandle.standardOutput.write(Data("\u{1b}[2J".utf8)) }
        repeat {
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .seconds(interval), !stop.isRaised {
                let reading = try await reader.next()
                table.add(reading.records.map(TrafficItem.init), missed: reading.missed)
                try await reader.pause(reading)
            }
            let now = try await totals(bus)
            let elapsed = ContinuousClock.now - start
            let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
            let screen = TopScreen(
                rows: table.rows(seconds: seconds, view: reader.view), seenShare: table.seenShare,
                before: before,
                now: now, seconds: seconds)
            try show(screen, isLive)
            table.reset()
            before = now
        } while !once && !stop.isRaised
    }

    private func totals(_ bus: BusClient) async throws -> TopTotals {
        let stats = try await bus.call(RouterContract.stats, Spacenode_Bus_V1_StatsRequest())
        let list = try await bus.call(RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest())
        let own = await bus.instance()
        return TopTotals(stats: stats, sessions: list.sessions.filter { $0.instance != own })
    }

    private func show(_ screen: TopScreen, _ isLive: Bool) throws {
        if common.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Terminal.say(String(decoding: try encoder.encode(screen.json), as: UTF8.self))
        }
        let room = number > 0 ? number : isLive ? max(3, Terminal.size.rows - screen.fixedLines) : 200
        let lines = screen.lines(rows: room)
        if isLive { return Terminal.draw(lines) }
        for line in lines { Terminal.say(line) }
    }
}

/// What the router says of itself at one moment.
struct TopTotals: Sendable {
    let stats: Spacenode_Bus_V1_StatsReply
    let sessions: [Spacenode_Bus_V1_SessionInfo]
}

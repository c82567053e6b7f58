internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeProtocol
internal import Traffic

/// `spacenode metrics`: figures of the router and of every plugin in Prometheus' text format.
struct Metrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Figures of the router and the plugins, in Prometheus' text format.",
        discussion:
            "For node_exporter's textfile collector: spacenode metrics --file DIR/spacenode.prom, from a timer."
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "Write into this file, in one step, in place of printing.") var file: String?

    func run() async throws {
        let totals = try await withBus(common) { bus in
            let stats = try await bus.call(RouterContract.stats, Spacenode_Bus_V1_StatsRequest())
            let list = try await bus.call(RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest())
            let own = await bus.instance()
            return TopTotals(stats: stats, sessions: list.sessions.filter { $0.instance != own })
        }
        var text = PrometheusText()
        BusMetrics(stats: totals.stats, sessions: totals.sessions, view: TrafficView()).write(into: &text)
        if common.json { return try printJSON(text.samples) }
        guard let file else { return print(text.text, terminator: "") }
        do {
            try Data(text.text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        } catch {
            throw CommandFault("cannot write \(file): \(error.localizedDescription)")
        }
    }
}

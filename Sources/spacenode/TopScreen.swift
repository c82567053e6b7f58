internal import Foundation
internal import NodeBus
internal import NodeProtocol
internal import Traffic

/// One screen of `top`: a function of two moments and the traffic between them.
struct TopScreen {
    let rows: [TrafficTable.Row]
    let seenShare: Double
    let before: TopTotals
    let now: TopTotals
    let seconds: Double

    /// Lines that are not traffic: the head, both tables' headers, the plugins, two empty lines.
    var fixedLines: Int { 7 + now.sessions.count }

    func lines(rows limit: Int) -> [String] {
        head + [""]
            + table(
                pluginHeader, now.sessions.sorted { $0.name.lexicographicallyPrecedes($1.name) }.map(plugin))
            + [""] + traffic(limit)
    }

    private var head: [String] {
        let stats = now.stats
        let states = Dictionary(grouping: now.sessions) { stateName($0.state).uppercased() }
            .sorted { $0.key < $1.key }
        let plugins = states.map { "\($0.value.count) \($0.key)" }.joined(separator: ", ")
        let messages = rate(\.routedMessages)
        let bytes = rate(\.routedBytes)
        return [
            "routed \(amount(messages)) msg/s, \(amount(bytes))B/s   plugins \(plugins.isEmpty ? "none" : plugins)"
                + "   open \(stats.inFlight)   waiting \(stats.parkedMessages)",
            "since the router's start \(since(stats.uptimeMs)): refused \(stats.refused)   expired \(stats.expired)   late \(stats.late)"
                + "   events in gaps \(stats.gaps)" + missing,
        ]
    }

    private var missing: String {
        seenShare >= 1 ? "" : "   (traffic below: \(Int(seenShare * 100)) % of it was seen)"
    }

    private func rate(_ path: KeyPath<Spacenode_Bus_V1_StatsReply, UInt64>) -> Double {
        let (old, new) = (before.stats[keyPath: path], now.stats[keyPath: path])
        return new >= old ? Double(new - old) / seconds : 0
    }

    // MARK: - Plugins

    private var pluginHeader: [String] {
        [
            "PLUGIN", "STATE", ">SENT/S", ">RECV/S", ">OPEN", ">WAITING", ">REFUSED", ">GAPS", ">HEARD",
        ]
    }

    private func plugin(_ session: Spacenode_Bus_V1_SessionInfo) -> [String] {
        let old = before.sessions.first { $0.instance == session.instance && $0.epoch == session.epoch }
        let reason = session.reason.isEmpty ? "" : ": " + String(decoding: session.reason, as: UTF8.self)
        return [
            String(decoding: session.name, as: UTF8.self), stateName(session.state).uppercased() + reason,
            amount(Double(session.inMessages &- (old?.inMessages ?? session.inMessages)) / seconds),
            amount(Double(session.outMessages &- (old?.outMessages ?? session.outMessages)) / seconds),
            "\(session.inFlight)", "\(session.parked)", "\(session.refused)", "\(session.gaps)",
            "\(session.heardMs) ms",
        ]
    }

    // MARK: - Traffic

    private func traffic(_ limit: Int) -> [String] {
        guard !rows.isEmpty else { return ["no messages in \(amount(seconds)) s"] }
        let shown = rows.prefix(limit).map { row in
            [
                row.type, "\(row.from) → \(row.to)", amount(row.messagesPerSecond),
                amount(row.bytesPerSecond) + (row.bytesPerSecond < 1000 ? " B" : "B"),
                time(row.p50Microseconds), time(row.p99Microseconds),
                row.failures == 0 ? "" : "\(row.failures)",
            ]
        }
        let more = rows.count > limit ? ["… \(rows.count - limit) more"] : []
        return table(["TYPE", "FROM → TO", ">MSG/S", ">BYTES/S", ">P50", ">P99", ">FAILED"], Array(shown))
            + more
    }

    private func time(_ microseconds: Double?) -> String {
        microseconds.map { span(UInt64($0 * 1000)) } ?? ""
    }

    private func since(_ milliseconds: UInt64) -> String {
        switch milliseconds {
        case ..<120_000: "\(milliseconds / 1000) s"
        case ..<7_200_000: "\(milliseconds / 60_000) min"
        case ..<172_800_000: "\(milliseconds / 3_600_000) h"
        default: "\(milliseconds / 86_400_000) d"
        }
    }

    private func table(_ header: [String], _ rows: [[String]]) -> [String] {
        tableLines(header, rows)
    }

    // MARK: - JSON

    /// What `top --json` prints, one object a measurement.
    struct JSON: Encodable {
        let seconds: Double
        let messagesPerSecond: Double
        let bytesPerSecond: Double
        let seenShare: Double
        let refused: UInt64
        let expired: UInt64
        let gaps: UInt64
        let openRequests: UInt64
        let waitingMessages: UInt64
        let plugins: [SessionRow]
        let traffic: [TrafficTable.Row]
    }

    var json: JSON {
        JSON(
            seconds: seconds, messagesPerSecond: rate(\.routedMessages), bytesPerSecond: rate(\.routedBytes),
            seenShare: seenShare, refused: now.stats.refused, expired: now.stats.expired,
            gaps: now.stats.gaps,
            openRequests: now.stats.inFlight, waitingMessages: now.stats.parkedMessages,
            plugins: now.sessions.map(SessionRow.init), traffic: rows)
    }
}

internal import NodeProtocol

/// Rates by type, sender and receiver over one stretch of time: what `top` shows.
///
/// When records were overwritten before they were read, the rates are of what was read, and `seenShare` says how
/// much of all that is.
package struct TrafficTable: Sendable {
    /// One line.
    package struct Row: Sendable, Encodable {
        package let type: String
        package let from: String
        package let to: String
        package let messagesPerSecond: Double
        package let bytesPerSecond: Double
        /// Microseconds from a request to its outcome; nil: no outcome was seen.
        package let p50Microseconds: Double?
        package let p99Microseconds: Double?
        /// Refused frames and ERROR outcomes.
        package let failures: Int
    }

    private struct Edge: Hashable {
        let type: UInt32
        let from: UInt64
        let to: UInt64
    }

    private struct Sums {
        var messages = 0
        var bytes = 0
        var failures = 0
        var times: [UInt64] = []
    }

    private var sums: [Edge: Sums] = [:]
    private var open: [MessageID: (edge: Edge, at: UInt64)] = [:]
    package private(set) var seen: UInt64 = 0
    package private(set) var missed: UInt64 = 0
    /// Requests that are remembered without outcome at most; the table forgets them all when there are more.
    private static let maxOpen = 65_536

    /// An empty table.
    package init() {}

    /// Takes one reading of the router's records.
    package mutating func add(_ items: [TrafficItem], missed: UInt64) {
        self.missed += missed
        for item in items { add(item) }
    }

    private mutating func add(_ item: TrafficItem) {
        seen += 1
        let header = item.header
        if let answered = item.answered, [2, 3, 7].contains(header.kind), let start = open[answered] {
            open[answered] = nil
            if item.nanoseconds >= start.at { sums[start.edge]?.times.append(item.nanoseconds - start.at) }
            if header.kind == 3 || header.status > 1 { sums[start.edge, default: Sums()].failures += 1 }
        }
        // What the router says itself is the outcome of something, no traffic of its own.
        if header.source == 1 { return }
        let edge = Edge(type: header.type, from: header.source, to: header.kind == 4 ? 0 : item.to)
        sums[edge, default: Sums()].messages += 1
        sums[edge, default: Sums()].bytes += item.frameBytes
        if item.isRefused { sums[edge, default: Sums()].failures += 1 }
        guard header.kind == 1 || header.kind == 5, !item.isRefused, let id = item.messageID else { return }
        if open.count >= Self.maxOpen { open.removeAll() }
        open[id] = (edge, item.nanoseconds)
    }

    /// Begins anew; requests that wait for their outcome stay.
    package mutating func reset() {
        sums.removeAll(keepingCapacity: true)
        seen = 0
        missed = 0
    }

    /// Part of the records that was read, 1: all.
    package var seenShare: Double {
        seen + missed == 0 ? 1 : Double(seen) / Double(seen + missed)
    }

    /// The lines, busiest first.
    package func rows(seconds: Double, view: TrafficView) -> [Row] {
        let all = sums.map { edge, sum in
            let times = sum.times.sorted()
            return Row(
                type: view.typeName(edge.type), from: view.names.name(edge.from),
                to: edge.to == 0 ? "readers" : view.names.name(edge.to),
                messagesPerSecond: Double(sum.messages) / seconds,
                bytesPerSecond: Double(sum.bytes) / seconds,
                p50Microseconds: quantile(times, 50), p99Microseconds: quantile(times, 99),
                failures: sum.failures)
        }
        return all.sorted {
            ($1.messagesPerSecond, $0.type, $0.from, $0.to) < ($0.messagesPerSecond, $1.type, $1.from, $1.to)
        }
    }

    private func quantile(_ sorted: [UInt64], _ percent: Int) -> Double? {
        guard !sorted.isEmpty else { return nil }
        return Double(sorted[min(sorted.count - 1, sorted.count * percent / 100)]) / 1000
    }
}

/// A rate or an amount with a prefix: 12.3 k, 4.5 M.
package func amount(_ value: Double) -> String {
    switch value {
    case ..<0.05: "0"
    case ..<100: oneDigit(value)
    case ..<1000: "\(Int(value.rounded()))"
    case ..<1_000_000: oneDigit(value / 1000) + " k"
    case ..<1_000_000_000: oneDigit(value / 1_000_000) + " M"
    default: oneDigit(value / 1_000_000_000) + " G"
    }
}

private func oneDigit(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
}

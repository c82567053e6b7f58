/// What a peer did against the protocol, by kind.
package enum GossipBreach: Int, CaseIterable, Hashable, Sendable {
    /// It grafted though it was told to wait.
    case graft
    /// It announced messages that nobody sent in time.
    case promise
    /// It sent bytes that are no RPC.
    case malformed
    /// It sent more pieces in an RPC than there may be.
    case excess
    /// It sent more in a second than it may.
    case flood
}

/// Where a peer's score comes from, in words that people understand.
package struct ScoreReport: Hashable, Sendable {
    /// A part of a score.
    package enum Cause: Hashable, Sendable {
        /// Seconds in a topic's mesh.
        case time(TopicName, seconds: UInt64)
        /// Messages that it was the first to bring.
        case deliveries(TopicName, Double)
        /// Bad messages.
        case invalid(TopicName, Double)
        /// What the node thinks of it.
        case application
        /// Peers of its network.
        case neighbours(Int)
        /// Breaches of the protocol, of each kind.
        case breaches([GossipBreach: Double])
    }

    /// A cause and its points.
    package struct Part: Hashable, Sendable {
        /// Why.
        package let cause: Cause
        /// How much.
        package let points: Double
    }

    /// All points.
    package let score: Double
    /// Where they come from; the worst first.
    package let parts: [Part]

    init(_ parts: [Part]) {
        score = parts.reduce(0) { $0 + $1.points }
        self.parts = parts.sorted { $0.points < $1.points }
    }

    /// Only what speaks against it.
    package var faults: [Part] { parts.filter { $0.points < 0 } }
}

extension ScoreReport: CustomStringConvertible {
    /// The score, then its parts.
    package var description: String {
        let causes = parts.filter { $0.points.magnitude >= 0.5 }.map(\.description)
        return "score \(Self.whole(score))" + (causes.isEmpty ? "" : ": " + causes.joined(separator: "; "))
    }

    /// The nearest whole number, of any size.
    fileprivate static func whole(_ value: Double) -> String {
        Int64(exactly: value.rounded()).map { "\($0)" } ?? (value < 0 ? "very low" : "very high")
    }
}

extension ScoreReport.Part: CustomStringConvertible {
    /// The cause, then its points.
    package var description: String { "\(cause) (\(ScoreReport.whole(points)))" }
}

extension ScoreReport.Cause: CustomStringConvertible {
    /// For people; counts fade with time, so they need not be whole numbers.
    package var description: String {
        switch self {
        case .time(let topic, let seconds): "\(seconds) s in the mesh of \(topic)"
        case .deliveries(let topic, let count): "was the first with \(Self.about(count)) messages of \(topic)"
        case .invalid(let topic, let count): "sent \(Self.about(count)) bad messages of \(topic)"
        case .application: "how it served this node otherwise"
        case .neighbours(let count): "\(count) peers come from its network"
        case .breaches(let kinds):
            "broke the protocol: "
                + GossipBreach.allCases.compactMap { kind in
                    kinds[kind].map { "\(kind) \(Self.about($0))" }
                }.joined(separator: ", ")
        }
    }

    private static func about(_ count: Double) -> String {
        let tenths = Int64(exactly: (count * 10).rounded()) ?? .max
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}

extension GossipBreach: CustomStringConvertible {
    /// For people, before a number.
    package var description: String {
        switch self {
        case .graft: "grafts too early"
        case .promise: "announcements without a message"
        case .malformed: "unreadable RPCs"
        case .excess: "overfull RPCs"
        case .flood: "more than it may send"
        }
    }
}

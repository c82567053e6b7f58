package import NodeProtocol

/// The router's figures as metrics.
package struct BusMetrics {
    private let stats: Spacenode_Bus_V1_StatsReply
    private let sessions: [Spacenode_Bus_V1_SessionInfo]
    private let view: TrafficView

    /// Figures of one moment.
    package init(
        stats: Spacenode_Bus_V1_StatsReply, sessions: [Spacenode_Bus_V1_SessionInfo], view: TrafficView
    ) {
        self.stats = stats
        self.sessions = sessions
        self.view = view
    }

    /// Writes all families.
    package func write(into text: inout PrometheusText) {
        totals(&text)
        types(&text)
        times(&text)
        plugins(&text)
    }

    private func totals(_ text: inout PrometheusText) {
        let values: [(String, PrometheusText.Kind, String, UInt64)] = [
            ("routed_messages_total", .counter, "Frames passed on to plugins.", stats.routedMessages),
            ("routed_bytes_total", .counter, "Bytes passed on to plugins.", stats.routedBytes),
            ("refused_total", .counter, "Frames refused.", stats.refused),
            ("expired_total", .counter, "Requests and streams that met their deadline.", stats.expired),
            ("late_total", .counter, "Answers that nobody waited for.", stats.late),
            ("gap_events_total", .counter, "Events reported as gap to a subscriber.", stats.gaps),
            ("open_requests", .gauge, "Requests and streams without outcome.", stats.inFlight),
            (
                "waiting_messages", .gauge, "Frames that wait for credit of their receiver.",
                stats.parkedMessages
            ),
            ("waiting_bytes", .gauge, "Bytes that wait for credit of their receiver.", stats.parkedBytes),
            ("window_bytes", .gauge, "Sum of all windows granted.", stats.windowBytes),
            ("sessions", .gauge, "Plugins with a session.", stats.sessions),
            (
                "high_water_trips_total", .counter, "Full pipes in spite of credit: a bug.",
                stats.highWaterTrips
            ),
        ]
        for (name, kind, help, value) in values {
            text.family("spacenode_bus_\(name)", kind, help)
            text.sample("spacenode_bus_\(name)", [], Double(value))
        }
        text.family("spacenode_bus_uptime_seconds", .gauge, "Since the router began.")
        text.sample("spacenode_bus_uptime_seconds", [], Double(stats.uptimeMs) / 1000)
    }

    private var sortedTypes: [(name: String, stats: Spacenode_Bus_V1_TypeStats)] {
        stats.types.map { (view.book.methods[$0.type]?.name ?? view.typeName($0.type), $0) }
            .sorted { $0.0 < $1.0 }
    }

    private func types(_ text: inout PrometheusText) {
        let families: [(String, String, KeyPath<Spacenode_Bus_V1_TypeStats, UInt64>)] = [
            ("messages", "Frames taken, by type.", \.messages), ("bytes", "Bytes taken, by type.", \.bytes),
            ("refused", "Frames refused, by type.", \.refused),
        ]
        for (name, help, path) in families {
            text.family("spacenode_bus_type_\(name)_total", .counter, help)
            for type in sortedTypes {
                text.sample(
                    "spacenode_bus_type_\(name)_total", [("type", type.name)],
                    Double(type.stats[keyPath: path]))
            }
        }
    }

    /// Times from request to answer as the router saw them, in buckets that double.
    private func times(_ text: inout PrometheusText) {
        let name = "spacenode_bus_answer_seconds"
        text.family(name, .histogram, "Time from a request to its reply at the router, by type.")
        for type in sortedTypes {
            let buckets = type.stats.answeredWithin
            let total = buckets.reduce(0.0) { $0 + Double($1) }
            guard total > 0 else { continue }
            var below = 0.0
            for (index, count) in buckets.dropLast().enumerated() {
                below += Double(count)
                let bound = Double(UInt64(1) << UInt64(index)) / 1e6
                text.sample("\(name)_bucket", [("type", type.name), ("le", "\(bound)")], below)
            }
            text.sample("\(name)_bucket", [("type", type.name), ("le", "+Inf")], total)
            text.sample("\(name)_sum", [("type", type.name)], Double(type.stats.answeredUs) / 1e6)
            text.sample("\(name)_count", [("type", type.name)], total)
        }
    }

    private func plugins(_ text: inout PrometheusText) {
        let families: [(String, PrometheusText.Kind, String, (Spacenode_Bus_V1_SessionInfo) -> Double)] = [
            (
                "ready", .gauge, "1: the plugin says that it is ready.",
                { $0.state == 2 ? 1 : 0 }
            ),
            ("sent_messages_total", .counter, "Frames from the plugin.", { Double($0.inMessages) }),
            ("sent_bytes_total", .counter, "Bytes from the plugin.", { Double($0.inBytes) }),
            ("received_messages_total", .counter, "Frames to the plugin.", { Double($0.outMessages) }),
            ("received_bytes_total", .counter, "Bytes to the plugin.", { Double($0.outBytes) }),
            ("refused_total", .counter, "Frames of the plugin refused.", { Double($0.refused) }),
            ("gap_events_total", .counter, "Events not given to the plugin.", { Double($0.gaps) }),
            ("open_requests", .gauge, "Requests that the plugin works on.", { Double($0.inFlight) }),
            ("waiting_messages", .gauge, "Frames that wait for its credit.", { Double($0.parked) }),
            ("silent_seconds", .gauge, "Since it was heard last.", { Double($0.heardMs) / 1000 }),
        ]
        let sorted = sessions.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        for (name, kind, help, value) in families {
            text.family("spacenode_plugin_\(name)", kind, help)
            for session in sorted {
                let labels = [("plugin", String(decoding: session.name, as: UTF8.self))]
                text.sample("spacenode_plugin_\(name)", labels, value(session))
            }
        }
    }
}

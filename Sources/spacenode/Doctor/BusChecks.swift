internal import Foundation
internal import NodeBus
internal import NodeConfiguration
internal import NodeProtocol

/// Router and messages.
struct BusChecks {
    let view: NodeView

    var findings: [Finding] {
        guard let stats = view.stats else {
            if view.isNothing { return [] }
            return [
                Finding(
                    "router", .bad, "it does not answer in \(view.paths.run)",
                    effect: "no messages are passed on",
                    fix: view.report == nil ? "spacenode up" : "spacenode restart router"),
                Finding("messages", .unknown, "the router counts them, and does not answer"),
            ]
        }
        let router = Finding(
            "router", .ok, "answers; up \(duration(stats.uptimeMs)), \(stats.sessions) sessions")
        return [router, refused, pipes, ring, gaps]
    }

    private var refused: Finding {
        let letters = view.deadLetters?.letters ?? []
        let recent = letters.filter { $0.ageMs < 600_000 }
        guard let newest = recent.min(by: { $0.ageMs < $1.ageMs }) else {
            return Finding(
                "refused", .ok, "\(grouped(view.deadLetters?.total ?? 0)) messages, none in the last 10 min")
        }
        let why = BusError.Code(rawValue: newest.status).name
        return Finding(
            "refused", .warn,
            "\(recent.count) messages in the last 10 min, the newest \(duration(newest.ageMs)) ago: \(why)",
            effect: "each sender was told", fix: "spacenode bus dead")
    }

    private var pipes: Finding {
        let trips = view.stats?.highWaterTrips ?? 0
        guard trips > 0 else { return Finding("pipes", .ok, "none was full in spite of credit") }
        return Finding(
            "pipes", .bad, "\(trips) were full in spite of credit: a bug",
            effect: "messages were lost, and reported",
            fix: "report it, with the output of: spacenode bus stats --json")
    }

    /// How far `tap --past`, `--cause` and `record --last` look back.
    private var ring: Finding {
        guard let stats = view.stats, let reaches = view.ringReaches else {
            return Finding("ring", .unknown, "nothing in it yet, or the router keeps none (traffic_bytes)")
        }
        let text = "looks back \(duration(reaches))"
        guard reaches < 60_000, stats.uptimeMs > 120_000, view.hasRingLost else {
            return Finding("ring", .ok, text)
        }
        return Finding(
            "ring", .warn, text, effect: "tap --cause and record --last see no more than that",
            fix: "raise traffic_bytes in \(view.paths.routerFile), then spacenode restart router")
    }

    private var gaps: Finding {
        let behind = view.sessions.filter { $0.parked > 0 }
        if let first = behind.max(by: { $0.parked < $1.parked }) {
            let name = String(decoding: first.name, as: UTF8.self)
            return Finding(
                "queues", .warn, "\(first.parked) messages wait for \(name)",
                effect: "it is slower than its senders",
                fix: "spacenode top")
        }
        return Finding(
            "queues", .ok, "nobody lags; \(grouped(view.stats?.gaps ?? 0)) events were left out for somebody")
    }
}

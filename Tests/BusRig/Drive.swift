import ArgumentParser
import Foundation
import Logging
import NodeBus
import NodeProtocol
import TestSupport

/// Real processes under load, faults from a seed, then the audit of their journals.
struct Drive: AsyncParsableCommand {
    @Option(help: "How many faults.") var injections: Int = 100
    @Option var seed: UInt64 = 1
    @Option(help: "A library to preload into the router, to plant a bug.") var preload: String?
    @Option(help: "Milliseconds between faults.") var pause: Int = 1200
    @Option(help: "Seconds of load after the faults.") var seconds: Int = 0
    @Flag var json = false

    func run() async throws {
        let world = try World(preload: preload)
        defer { world.killAll() }
        try await world.startAll()
        var random = SplitMix(seed: seed)
        var counts: [String: Int] = [:]
        var slowest = 0
        for number in 0..<injections {
            // Every kind in turn, in an order that the seed shuffles.
            if number % Fault.allCases.count == 0 { order = Fault.allCases.shuffled(using: &random) }
            let fault = order[number % Fault.allCases.count]
            counts[fault.rawValue, default: 0] += 1
            let recovery = try await world.inject(fault, &random)
            slowest = max(slowest, recovery)
            try await Task.sleep(for: .milliseconds(Int(random.next() % UInt64(pause)) + pause / 2))
        }
        try await Task.sleep(for: .seconds(seconds))
        let audit = try await world.finish()
        try report(audit, counts, slowest)
    }

    nonisolated(unsafe) private static var current: [Fault] = []
    private var order: [Fault] {
        get { Self.current }
        nonmutating set { Self.current = newValue }
    }

    private func report(_ audit: Audit, _ counts: [String: Int], _ slowest: Int) throws {
        let summary: [String: Any] = [
            "seed": seed, "injections": injections, "kinds": counts, "requests": audit.requests,
            "outcomes": audit.outcomes, "events": audit.events, "events_in_gaps": audit.gapEvents,
            "resyncs": audit.resyncs, "streams": audit.streams, "items": audit.items,
            "recovery_ms": slowest, "unaccounted": audit.unaccounted,
            "problems": Array(audit.problems.prefix(20)),
        ]
        let data = try JSONSerialization.data(
            withJSONObject: summary, options: json ? [.sortedKeys] : [.sortedKeys, .prettyPrinted])
        print(String(decoding: data, as: UTF8.self))
        if audit.unaccounted > 0 || slowest >= 2000 { throw ExitCode(1) }
    }
}

/// What can happen to a process.
enum Fault: String, CaseIterable {
    case killRouter = "kill-router"
    case killProvider = "kill-provider"
    case killSubscriber = "kill-subscriber"
    case killCaller = "kill-caller"
    case pause
    case disconnect
    case slowConsumer = "slow-consumer"
}

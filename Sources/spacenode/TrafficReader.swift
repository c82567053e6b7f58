internal import Foundation
internal import Glibc
internal import NodeBus
internal import NodeCommand
internal import NodeProtocol
internal import SwiftProtobuf
internal import Traffic

/// Follows the router's records: asks again and again, and learns names and schemas of what turns up.
struct TrafficReader {
    /// One answer of the router.
    struct Reading {
        var records: [Spacenode_Bus_V1_TrafficRecord] = []
        var missed: UInt64 = 0
        /// Whether there was nothing more.
        var isAtEnd = true
    }

    /// Where to begin.
    enum Start {
        case oldest, now
    }

    private let bus: BusClient
    private let own: UInt64
    private(set) var view = TrafficView()
    private(set) var after: UInt64 = 0
    /// When plugins were asked for their schemas: one that was replaced by a newer one has more to say.
    private var asked: [UInt64: ContinuousClock.Instant] = [:]
    private var refreshed = ContinuousClock.Instant.now - .seconds(60)
    var types: [UInt32] = []
    var isHeadersOnly = false
    var maxBytes: UInt32 = 1 << 20
    /// Whether the node's processes come first: what is missed then is counted.
    ///
    /// Of the thread that goes on after an answer: Swift's pool gives its threads priorities of its own.
    var givesWay = false

    private static let refreshPause = Duration.milliseconds(250)
    /// Bytes that who gives way takes at once: the processor is asked for between two bites.
    private static let bite: UInt32 = 16 << 10
    /// Enough for others to come first, little enough to be seen beside the threads of a plot.
    private static let nice: Int32 = 10

    /// - Throws: `ValidationError`-like text when the router keeps no records.
    init(_ bus: BusClient, from start: Start) async throws {
        self.bus = bus
        own = await bus.instance()
        var request = Spacenode_Bus_V1_ReadTrafficRequest()
        request.after = start == .now ? .max : 0
        request.maxBytes = 1
        let reply = try await bus.call(RouterContract.readTraffic, request)
        guard reply.keptBytes > 0 else {
            throw CommandFault(
                "the router keeps no messages: set traffic_bytes in router.yaml and restart it")
        }
        if start == .now { after = reply.newest }
        try await refresh()
    }

    /// The next records; those of this program itself are left out.
    mutating func next() async throws -> Reading {
        var request = Spacenode_Bus_V1_ReadTrafficRequest()
        request.after = after
        request.maxBytes = givesWay ? Self.bite : maxBytes
        request.headersOnly = isHeadersOnly
        request.types = types
        let reply = try await bus.call(RouterContract.readTraffic, request)
        if givesWay { giveWay() }
        // At the very beginning nothing was there to be missed.
        let missed = after == 0 ? 0 : reply.missed
        after = reply.last
        let records = reply.records.filter { !isOwn($0) }
        try await learn(records)
        return Reading(records: records, missed: missed, isAtEnd: reply.last >= reply.newest)
    }

    private func giveWay() {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.nice)
        // Priority alone ends nobody's turn: the scheduler lets who runs have its few milliseconds.
        sched_yield()
    }

    private func isOwn(_ record: Spacenode_Bus_V1_TrafficRecord) -> Bool {
        if record.to == own { return true }
        return (try? Spacenode_Bus_V1_Envelope(serializedBytes: record.frame))?.header.source == own
    }

    /// Waits a moment when there was nothing more.
    func pause(_ reading: Reading) async throws {
        if reading.isAtEnd { try await Task.sleep(for: .milliseconds(25)) }
    }

    // MARK: - Names and schemas

    private mutating func learn(_ records: [Spacenode_Bus_V1_TrafficRecord]) async throws {
        var strangers = false
        var unknown: Set<UInt64> = []
        for record in records {
            let source = TrafficItem(record).header.source
            if !view.names.isKnown(source) || (record.to != 0 && !view.names.isKnown(record.to)) {
                strangers = true
            }
            if view.book.methods[record.type] == nil { unknown.formUnion([source, record.to]) }
        }
        if strangers, ContinuousClock.now - refreshed > Self.refreshPause { try await refresh() }
        for instance in unknown where instance > 1 { await describe(instance) }
    }

    private mutating func refresh() async throws {
        refreshed = .now
        let list = try await bus.call(RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest())
        view.names.add(list)
    }

    /// Asks a plugin for its schemas, every two seconds at most.
    private mutating func describe(_ instance: UInt64) async {
        if let before = asked[instance], ContinuousClock.now - before < .seconds(2) { return }
        asked[instance] = .now
        let reply = try? await bus.call(
            SystemContract.describe, Spacenode_System_V1_DescribeRequest(), to: instance, ttl: .seconds(1))
        guard let reply else { return }
        view.book.add(reply)
    }
}

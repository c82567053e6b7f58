import Foundation
import LedgerSupport
import NodeBus
import NodeDomain
import NodeProtocol
import StorageClient
import StorageWire
import Testing
import VmCore

/// A node that keeps few versions: an hour between blocks makes 28 days 672 heights.
@Suite("Ledger: pruning", .serialized)
struct LedgerPruneTests {
    private static let kept: UInt64 = 28 * 24
    private static let blocks = kept + 18
    private static let lines = [
        (beginning: "block_interval_ms:", line: "block_interval_ms: 3600000"),
        (beginning: "layer_seconds:", line: "layer_seconds: 3600"),
        (beginning: "epoch_seconds:", line: "epoch_seconds: 100000000"),
    ]

    /// What the driver learned of the blocks.
    private struct Course: Sendable {
        var roots: [UInt64: Data] = [:]
        var ids: [UInt64: [UInt8]] = [:]
        var oldest: [UInt64: UInt64] = [:]
    }

    private static func apply(_ world: World, _ bus: BusClient) async throws -> Course {
        var (maker, course) = (BlockMaker(world, transactions: 3, spoilt: 4, seed: 5), Course())
        for height in 1...blocks {
            let reply = try await bus.finalize(try maker.next())
            course.roots[height] = reply.appHash
            course.ids[height] = reply.results[0].idBytes
            if height >= kept { course.oldest[height] = try await bus.info().oldestHeight }
        }
        return course
    }

    @Test("old versions go with their nodes, receipts and blocks; the kept ones stay whole, with proofs")
    func prune() async throws {
        let ledger = try TestLedger(accounts: 12, Self.lines)
        let world = ledger.world
        let course = try await ledger.with { try await Self.apply(world, $0) }
        let oldest = Self.blocks - Self.kept
        for (height, seen) in course.oldest { #expect(seen == height - Self.kept, "at height \(height)") }
        try await Self.ask(ledger, course, oldest)
        try await Self.look(ledger, oldest)
        // The next process finds it so.
        ledger.stop()
        try ledger.start()
        try await Self.ask(ledger, course, oldest)
    }

    /// What can be asked for, and what cannot any more.
    private static func ask(_ ledger: TestLedger, _ course: Course, _ oldest: UInt64) async throws {
        let address = try ledger.world.address(0)
        try await ledger.with { bus in
            let info = try await bus.info()
            #expect(info.height == blocks && info.oldestHeight == oldest)
            for height in [oldest, oldest + 1, kept, blocks] {
                let reply = try await bus.query("account", address.bytes, height: height)
                #expect(reply.appHash == course.roots[height] && reply.found)
                #expect(try reply.proves(.account(address), [UInt8](reply.value)))
            }
            let gone = await bus.refusal { try await bus.query("account", address.bytes, height: oldest - 1) }
            #expect(gone.contains("versions \(oldest) to \(blocks) are kept"))
            for height in [1, oldest, oldest + 1, blocks] {
                let id = try #require(course.ids[height])
                #expect(try await bus.query("receipt", id, prove: false).found == (height > oldest))
            }
        }
    }

    /// What is in storage: the nodes of the versions that are kept, all of them, and no others.
    private static func look(_ ledger: TestLedger, _ oldest: UInt64) async throws {
        try await ledger.storage.with(.operator) { storage, _ in
            var nodes: [TreeNodeKey: TreeNode] = [:]
            for entry in try await TestStorage.all(storage, StorageRange(.tree)) {
                let key = try TreeNodeKey(bytes: entry.key)
                nodes[key] = try TreeNode(bytes: entry.value, at: key)
            }
            var reached: Set<TreeNodeKey> = []
            for version in oldest...blocks {
                var walk = TreeWalk(version: version)
                while true {
                    let keys = walk.need()
                    if keys.isEmpty { break }
                    reached.formUnion(keys)
                    try walk.have(keys.map { nodes[$0] })
                    _ = walk.takeLeaves()
                }
            }
            #expect(reached == Set(nodes.keys))
            for height in 0...oldest + 1 {
                let block = try await storage.get(.history, HistoryKey.block(height).bytes)
                #expect((block != nil) == (height >= oldest), "block \(height)")
            }
        }
    }
}

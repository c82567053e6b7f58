import ArgumentParser
import Foundation
import NodeBus
import RigBus
import StorageClient
import StorageWire
import TestSupport

/// The peer of the tree: the same accounts written to storage as they are, in batches as large as a block's.
struct Plain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes accounts to storage without a tree.")
    @Option var bus: String
    @Option(help: "How many accounts there are.") var accounts: Int
    @Option(help: "Accounts of a batch: two for each transaction of a block.") var batch = 6000
    @Option(help: "Batches that are measured.") var blocks = 60
    @Option var seed: UInt64 = 1

    struct Report: Encodable {
        let batches: Int
        let medianUs: UInt64
    }

    func run() async throws {
        let (accounts, batch, blocks, seed) = (accounts, batch, blocks, seed)
        let report = try await withBus(bus) { bus in
            var dice = SplitMix(seed: seed)
            var times: [UInt64] = []
            let clock = ContinuousClock()
            for _ in 0..<blocks {
                var writes = StorageBatch()
                for _ in 0..<batch {
                    let account = UInt64(dice.below(accounts))
                    let key = (0..<25).map {
                        UInt8(truncatingIfNeeded: (account &* 0x9e37_79b9_7f4a_7c15) >> UInt64($0 % 8 * 8))
                    }
                    try writes.put(
                        .example, key, [UInt8](repeating: UInt8(truncatingIfNeeded: account), count: 44))
                }
                let start = clock.now
                try await StorageClient(bus).write(writes, durable: true)
                let took = clock.now - start
                times.append(
                    UInt64(
                        took.components.attoseconds / 1_000_000_000_000 + took.components.seconds * 1_000_000)
                )
            }
            return Report(batches: blocks, medianUs: times.sorted()[times.count / 2])
        }
        try printLine(report)
    }
}

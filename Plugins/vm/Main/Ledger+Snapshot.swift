internal import NodeDomain
internal import NodeEncoding
internal import VmCore

extension Ledger {
    /// What a checkpoint of a version begins with.
    /// - Parameter height: 0: the newest.
    /// - Throws: `LedgerFault` when the version is not kept.
    func checkpointHead(_ wanted: UInt64) async throws -> CheckpointHead {
        let (head, network) = try current()
        let height = wanted == 0 ? head.height : wanted
        guard (head.oldest...head.height).contains(height),
            let block = try await store.history(.block(height), as: BlockRecord.self)
        else {
            throw LedgerFault.refused(
                "there is no height \(height): versions \(head.oldest) to \(head.height) are kept")
        }
        return CheckpointHead(
            genesisID: network.parameters.genesisID, genesisTime: network.parameters.genesisTime,
            height: height, time: block.time, blockHash: block.hash, appHash: block.appHash)
    }

    /// Gives the leaves of a version in runs of some 256 KiB, in the order of their keys.
    ///
    /// The version is kept while they are read.
    func leaves(of height: UInt64, _ give: (_ run: [UInt8]) async throws -> Void) async throws {
        try pin(height)
        defer { unpin(height) }
        var walk = TreeWalk(version: height, batch: 1024)
        var run = ScaleWriter()
        while true {
            // Straight from storage: a walk would push out of memory what blocks need.
            let keys = walk.need()
            if !keys.isEmpty { try walk.have(try await store.nodes(keys)) }
            let leaves = walk.takeLeaves()
            if leaves.isEmpty, keys.isEmpty { break }
            for leaf in leaves {
                if run.bytes.count + leaf.value.count > Self.runBytes, !run.bytes.isEmpty {
                    try await give(run.bytes)
                    run = ScaleWriter()
                }
                CheckpointLeaves.append(leaf, to: &run)
            }
        }
        if !run.bytes.isEmpty { try await give(run.bytes) }
    }

    private static var runBytes: Int { 256 << 10 }
}

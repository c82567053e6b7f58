internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import StorageClient
internal import StorageWire
internal import VmCore

/// A checkpoint that is being put in.
struct Restore {
    let head: CheckpointHead
    var builder: TreeBuilder
    var commit = LedgerCommit()
    var count: UInt64 = 0
}

extension Ledger {
    /// Puts a checkpoint in place of a state without blocks.
    ///
    /// From the first write to the last the state is marked as half restored; what breaks off begins anew. The leaves go into storage
    /// as they come, and the root is compared at the end.
    /// - Parameters:
    ///   - replaces: a state with fewer blocks gives way.
    ///   - next: the next run of leaves; nil at the end.
    /// - Throws: `LedgerFault` when the state has blocks, or as many, the network is another one, or the leaves do not give the root.
    func restore(
        _ head: CheckpointHead, replacing replaces: Bool, _ next: () async throws -> [UInt8]?
    ) async throws -> UInt64 {
        try await exclusively {
            try checkRestore(head, replaces)
            var restore = Restore(head: head, builder: TreeBuilder(version: head.height, keepsNodes: true))
            try await beginRestore(head)
            while let run = try await next() { try await add(run, to: &restore) }
            return try await finish(&restore)
        }
    }

    private func checkRestore(_ head: CheckpointHead, _ replaces: Bool) throws {
        guard let network else {
            throw LedgerFault.notOpen
        }
        if restoring == nil, let own = self.head, own.height > 0 {
            guard replaces else {
                throw LedgerFault.refused(
                    "this state is at height \(own.height): restore into an empty data directory, or with --replace in its place"
                )
            }
            guard head.height > own.height else {
                throw LedgerFault.refused(
                    "this state is at height \(own.height), the checkpoint at \(head.height): a state only gives way to a later one"
                )
            }
        }
        let named = GenesisID.make(time: head.genesisTime / 1000, extraData: network.file.extraData)
        // A network that begins with its node has a genesis of its own on each; a restored one takes over the checkpoint's.
        var isOther = false
        if case .moment(let time) = network.file.genesis { isOther = time != head.genesisTime }
        guard named == head.genesisID, !isOther else {
            throw LedgerFault.refused(
                """
                the checkpoint is of genesis id \(Hexadecimal.text(of: head.genesisID)), this node of \
                \(Hexadecimal.text(of: network.parameters.genesisID)) (\(network.file.name)): they are different networks
                """)
        }
    }

    private func beginRestore(_ head: CheckpointHead) async throws {
        let text = "a checkpoint of height \(head.height) is half restored: restore it again"
        var commit = LedgerCommit()
        try commit.put(.restoring, Array(text.utf8))
        try commit.removeState()
        restoring = text
        self.head = nil
        records.removeAll()
        await tree.removeAll()
        try await store.write(commit.batch)
    }

    private func add(_ run: [UInt8], to restore: inout Restore) async throws {
        let leaves: [TreeLeaf]
        do {
            leaves = try CheckpointLeaves.read(run)
        } catch {
            throw LedgerFault.refused("leaf \(restore.count) or one after it cannot be read: \(error)")
        }
        for leaf in leaves {
            try restore.builder.add(leaf)
            try restore.commit.put(leaf)
        }
        restore.count += UInt64(leaves.count)
        let nodes = restore.builder.takeNodes()
        try restore.commit.put(nodes)
        await tree.keep(nodes)
        guard restore.commit.batch.bytes.count > Self.restoreBytes else { return }
        // Nothing of it counts before the last batch, which is durable with all before it.
        try await store.storage.write(restore.commit.batch, durable: false)
        restore.commit = LedgerCommit()
    }

    private func finish(_ restore: inout Restore) async throws -> UInt64 {
        let head = restore.head
        let root = restore.builder.finish()
        guard root == head.appHash else {
            throw LedgerFault.refused(
                "the leaves give the root \(root), the checkpoint says \(head.appHash): it is damaged or forged"
            )
        }
        let own = LedgerHead(
            height: head.height, time: head.time, blockHash: head.blockHash, appHash: root,
            oldest: head.height)
        let nodes = restore.builder.takeNodes()
        try restore.commit.put(nodes)
        await tree.keep(nodes)
        try restore.commit.put(.head, own.bytes)
        try restore.commit.put(
            .block(head.height), BlockRecord(time: head.time, hash: head.blockHash, appHash: root).bytes)
        if let file = network?.file {
            network = try Network(
                file, genesisTime: head.genesisTime, recoveries: network?.rules.recoveries ?? [])
            let record = NetworkRecord(genesisTime: head.genesisTime, text: Array(file.text.utf8))
            try restore.commit.put(.network, record.bytes)
        }
        try restore.commit.delete(.lastReply)
        try restore.commit.delete(.restoring)
        try await store.write(restore.commit.batch)
        self.head = own
        restoring = nil
        lastReply = []
        return restore.count
    }

    private static var restoreBytes: Int { 8 << 20 }
}

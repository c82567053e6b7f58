package import NodeDomain
package import StorageWire

/// Everything that a block writes, in one batch: all of it is on the disk, or none.
package struct LedgerCommit {
    /// What is written so far.
    package private(set) var batch = StorageBatch()

    /// Nothing yet.
    package init() {}

    /// Records of the state as they are after a block.
    /// - Throws: `BatchFault` when a record is too large for storage.
    package mutating func put(_ changes: [StateChange]) throws(BatchFault) {
        for change in changes {
            if let value = change.value {
                try batch.put(.state, change.key.bytes, value)
            } else {
                try batch.delete(.state, change.key.bytes)
            }
        }
    }

    /// A record as a checkpoint has it.
    /// - Throws: `BatchFault` when it is too large for storage.
    package mutating func put(_ leaf: TreeLeaf) throws(BatchFault) {
        try batch.put(.state, leaf.preimage, leaf.value)
    }

    /// The end of everything but the network: the state is restored anew.
    /// - Throws: `BatchFault` when the batch is full.
    package mutating func removeState() throws(BatchFault) {
        // No key is longer than these.
        let last = [UInt8](repeating: .max, count: 80)
        for keyspace in [Keyspace.state, .tree, .receipts] {
            try batch.deleteRange(keyspace, from: [], to: last)
        }
        try batch.deleteRange(.history, from: HistoryKey.block(0).bytes, to: last)
        try delete(.head)
        try delete(.lastReply)
    }

    /// Nodes of the tree.
    ///
    /// In the order of their keys: storage finds the place of the next one beside that of the last.
    /// - Throws: `BatchFault` when a node is too large for storage.
    package mutating func put(_ nodes: [(TreeNodeKey, TreeNode)]) throws(BatchFault) {
        let ordered = nodes.sorted { left, right in
            let (left, right) = (left.0.path, right.0.path)
            return left.depth == right.depth ? left.bits < right.bits : left.depth < right.depth
        }
        for (key, node) in ordered { try batch.put(.tree, key.bytes, node.bytes) }
    }

    /// A record of `history`.
    /// - Throws: `BatchFault` when it is too large for storage.
    package mutating func put(_ key: HistoryKey, _ value: [UInt8]) throws(BatchFault) {
        try batch.put(.history, key.bytes, value)
    }

    /// The end of a record of `history`.
    /// - Throws: `BatchFault` when the batch is full.
    package mutating func delete(_ key: HistoryKey) throws(BatchFault) {
        try batch.delete(.history, key.bytes)
    }

    /// What became of a transaction, by its id.
    /// - Throws: `BatchFault` when it is too large for storage.
    package mutating func put(receipt: [UInt8], of id: Bytes32) throws(BatchFault) {
        try batch.put(.receipts, id.bytes, receipt)
    }

    /// Drops what the versions before a block needed alone.
    /// - Throws: `BatchFault` when the batch is full.
    package mutating func drop(_ leftovers: Leftovers, stale: StaleList, of height: UInt64) throws(BatchFault)
    {
        for node in stale.nodes { try batch.delete(.tree, node.bytes) }
        for id in leftovers.receipts { try batch.delete(.receipts, id.bytes) }
        try batch.delete(.history, HistoryKey.leftovers(height).bytes)
        if height > 0 { try batch.delete(.history, HistoryKey.block(height - 1).bytes) }
    }
}

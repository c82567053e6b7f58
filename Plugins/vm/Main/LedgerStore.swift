internal import NodeDomain
internal import NodeEncoding
internal import StorageClient
internal import StorageWire
internal import VmCore

/// The ledger's keyspaces in storage: what is read of them, each as the core calls it.
struct LedgerStore: Sendable {
    let storage: StorageClient

    /// Records of the newest state.
    func records(_ keys: [StateKey]) async throws -> [[UInt8]?] {
        if keys.isEmpty { return [] }
        return try await storage.multiGet(.state, keys.map(\.bytes))
    }

    /// The first records of a range of the newest state, in order.
    func first(_ limit: Int, of range: StateRange) async throws -> [(key: StateKey, value: [UInt8])] {
        var wanted = StorageRange(.state)
        wanted.prefix = range.prefix
        wanted.limit = UInt64(limit)
        // The least key behind another is that key and a zero.
        if let start = range.start { wanted.from = start + [0] }
        var scan = storage.scan(wanted)
        var result: [(StateKey, [UInt8])] = []
        while let entry = try await scan.next() {
            guard let key = StateKey(bytes: entry.key) else {
                throw LedgerFault.damaged(
                    "the state has a record at \(Hexadecimal.text(of: entry.key)), which is no key")
            }
            result.append((key, entry.value))
        }
        return result
    }

    /// Nodes of the tree.
    func nodes(_ keys: [TreeNodeKey]) async throws -> [TreeNode?] {
        let values = try await storage.multiGet(.tree, keys.map(\.bytes))
        var nodes: [TreeNode?] = []
        nodes.reserveCapacity(keys.count)
        for (key, value) in zip(keys, values) {
            nodes.append(try value.map { try TreeNode(bytes: $0, at: key) })
        }
        return nodes
    }

    /// A record of `history`; nil: there is none.
    func history<Record: StateRecord>(_ key: HistoryKey, as type: Record.Type) async throws -> Record? {
        guard let bytes = try await history(key) else { return nil }
        do {
            return try Record(bytes: bytes)
        } catch {
            throw LedgerFault.damaged("the ledger's record \(key) cannot be read: \(error)")
        }
    }

    /// A value of `history`; nil: there is none.
    func history(_ key: HistoryKey) async throws -> [UInt8]? {
        try await storage.get(.history, key.bytes)
    }

    /// Writes a batch, all or nothing.
    ///
    /// - Parameter durable: wait until it is on the disk, with all before it.
    func write(_ batch: StorageBatch, durable: Bool = true) async throws {
        try await storage.write(batch, durable: durable)
    }
}

/// Why the ledger cannot do what was asked.
enum LedgerFault: Error, CustomStringConvertible, Equatable {
    /// What the caller asked for cannot be; the sentence says why, and what can.
    case refused(String)
    /// What storage holds is not what was written.
    case damaged(String)

    /// The committee of genesis is to be this node's signer.
    static let noKeys = LedgerFault.refused(
        "the network's committee is this node's signer, which has no keys yet: `spacenode signer init` makes them"
    )

    /// Storage has not been read yet.
    static let notOpen = LedgerFault.refused(
        "the ledger is not open yet: ask again in a moment, and if it stays so, `spacenode status` says why")

    var description: String {
        switch self {
        case .refused(let text): text
        case .damaged(let text):
            "\(text): stop the node, and restore a checkpoint into an empty data directory"
        }
    }
}

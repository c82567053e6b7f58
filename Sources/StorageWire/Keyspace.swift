/// A keyspace of storage by its number, which packed batches and requests carry.
///
/// Who may write and read it stands in storage's own table (docs/protocol/storage.md §2).
package struct Keyspace: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    /// A keyspace by number.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    // Of `vm`.
    package static let state = Keyspace(rawValue: 1)
    package static let tree = Keyspace(rawValue: 2)
    package static let history = Keyspace(rawValue: 3)
    package static let receipts = Keyspace(rawValue: 4)
    // Of `consensus`.
    package static let blocks = Keyspace(rawValue: 16)
    package static let certificates = Keyspace(rawValue: 17)
    package static let consensus = Keyspace(rawValue: 18)
    // Of `mempool`, `miner` and `p2p`.
    package static let mempool = Keyspace(rawValue: 32)
    package static let miner = Keyspace(rawValue: 40)
    package static let epochs = Keyspace(rawValue: 41)
    package static let peers = Keyspace(rawValue: 48)
    /// For examples and for plugins that are tried out.
    package static let example = Keyspace(rawValue: 240)

    /// Every keyspace that storage serves, with its name on disk, by number.
    package static let all: [(keyspace: Keyspace, name: String)] = [
        (.state, "state"), (.tree, "tree"), (.history, "history"), (.receipts, "receipts"),
        (.blocks, "blocks"), (.certificates, "certificates"), (.consensus, "consensus"),
        (.mempool, "mempool"), (.miner, "miner"), (.epochs, "epochs"), (.peers, "peers"),
        (.example, "example"),
    ]

    /// The keyspace's name; a number that nothing has is shown as number.
    package var name: String {
        Self.all.first { $0.keyspace == self }?.name ?? "keyspace \(rawValue)"
    }

    /// The keyspace of that name, or nil.
    package init?(name: String) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found.keyspace
    }
}

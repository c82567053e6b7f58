package import StorageWire

/// Roles that storage knows.
///
/// Raw values are those of `spacenode.bus.v1.Role`.
package enum StorageRole: UInt32, CaseIterable, Sendable {
    case vm = 3
    case consensus = 4
    case mempool = 6
    case p2p = 7
    case miner = 9
    case api = 11
    case `operator` = 12
    case example = 15
}

/// Who may do what with one keyspace.
package struct KeyspaceRule: Sendable {
    package let keyspace: Keyspace
    package let writer: StorageRole
    /// Besides the writer.
    package let readers: [StorageRole]

    init(_ keyspace: Keyspace, _ writer: StorageRole, readers: [StorageRole] = [.operator]) {
        self.keyspace = keyspace
        self.writer = writer
        self.readers = readers
    }
}

/// The keyspaces and the roles that each is open to.
///
/// The router has checked the role of every request, so it can be relied on here.
package struct KeyspaceTable: Sendable {
    package let rules: [KeyspaceRule]
    /// Bit masks of roles by keyspace number.
    private var writers = [UInt64](repeating: 0, count: 256)
    private var readers = [UInt64](repeating: 0, count: 256)

    /// A table; a keyspace that stands twice has the rights of both lines.
    package init(_ rules: [KeyspaceRule]) {
        self.rules = rules
        for rule in rules {
            let number = Int(rule.keyspace.rawValue)
            writers[number] |= Self.bit(rule.writer.rawValue)
            readers[number] |= Self.bit(rule.writer.rawValue)
            for reader in rule.readers { readers[number] |= Self.bit(reader.rawValue) }
        }
    }

    /// The node's keyspaces.
    ///
    /// What one role writes no other can change; the rest of the node asks the owner, and explorers read.
    package static let node = KeyspaceTable([
        KeyspaceRule(.state, .vm, readers: [.api, .operator]),
        KeyspaceRule(.tree, .vm, readers: [.api, .operator]),
        KeyspaceRule(.history, .vm, readers: [.api, .operator]),
        KeyspaceRule(.receipts, .vm, readers: [.api, .operator]),
        KeyspaceRule(.blocks, .consensus, readers: [.vm, .api, .operator]),
        KeyspaceRule(.certificates, .consensus, readers: [.api, .operator]),
        KeyspaceRule(.consensus, .consensus),
        KeyspaceRule(.mempool, .mempool),
        KeyspaceRule(.miner, .miner),
        KeyspaceRule(.epochs, .miner, readers: [.api, .operator]),
        KeyspaceRule(.peers, .p2p),
        KeyspaceRule(.example, .example),
    ])

    private static func bit(_ role: UInt32) -> UInt64 {
        role < 64 ? 1 << UInt64(role) : 0
    }

    /// - Throws: `StorageRefusal` when the role may not change the keyspace.
    @inline(__always)
    package func checkWrite(_ keyspace: Keyspace, role: UInt32) throws(StorageRefusal) {
        if writers[Int(keyspace.rawValue)] & Self.bit(role) == 0 {
            throw refusal(keyspace, role, "written", rules.map(\.writer))
        }
    }

    /// The keyspace of that number.
    /// - Throws: `StorageRefusal` when there is none, or the role may not read it.
    package func checkRead(_ number: UInt32, role: UInt32) throws(StorageRefusal) -> Keyspace {
        let keyspace = Keyspace(rawValue: UInt8(truncatingIfNeeded: number))
        guard number < 256, readers[Int(number)] & Self.bit(role) != 0 else {
            guard number < 256 else { throw StorageRefusal(.forbidden, "there is no keyspace \(number)") }
            throw refusal(keyspace, role, "read", [])
        }
        return keyspace
    }

    private func refusal(_ keyspace: Keyspace, _ role: UInt32, _ verb: String, _ writers: [StorageRole])
        -> StorageRefusal
    {
        guard let rule = rules.first(where: { $0.keyspace == keyspace }) else {
            return StorageRefusal(.forbidden, "there is no keyspace \(keyspace.rawValue)")
        }
        let may = writers.isEmpty ? [rule.writer] + rule.readers : [rule.writer]
        let name = StorageRole(rawValue: role).map { "\($0)" } ?? "\(role)"
        return StorageRefusal(
            .forbidden,
            "keyspace \(keyspace.name) is \(verb) by \(may.map { "\($0)" }.joined(separator: ", ")), not by role \(name)"
        )
    }
}

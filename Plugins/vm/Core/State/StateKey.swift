internal import NodeCrypto
package import NodeDomain

/// Where a record of the state stands: a tag and fields (spec: chain, §4).
///
/// Its bytes order records of one kind by their fields; the hash of the bytes is the key in the state tree.
/// Tag 8 is kept for the slots of contracts.
package enum StateKey: Hashable, Sendable {
    /// 1: an account.
    case account(Address)
    /// 2: a plot by its identity.
    case plot(Bytes32)
    /// 3: the weight of a plot in an epoch.
    case row(epoch: UInt32, plot: Bytes32)
    /// 4: an operator by its consensus key.
    case `operator`(Bytes32)
    /// 5: an epoch.
    case epoch(UInt32)
    /// 6: the committee of a term.
    case seats(term: UInt32)
    /// 7: where the chain stands, and its sums.
    case pot
    /// 9: units of an epoch's voting rows by operator.
    case tally(epoch: UInt32, operator: Bytes32)
    /// 10: the voting set that was frozen at an epoch's first block.
    case frozen(epoch: UInt32)
    /// 11: a plot that has lapsed, by the epoch in which its record is dropped.
    case expiry(epoch: UInt32, plot: Bytes32)

    /// Most bytes of a key.
    package static let largest = 64

    /// The first byte.
    package var tag: UInt8 {
        switch self {
        case .account: 1
        case .plot: 2
        case .row: 3
        case .operator: 4
        case .epoch: 5
        case .seats: 6
        case .pot: 7
        case .tally: 9
        case .frozen: 10
        case .expiry: 11
        }
    }

    /// What the kinds are called in questions, with their tags.
    private static let kinds: [(name: String, tag: UInt8)] = [
        ("account", 1), ("plot", 2), ("row", 3), ("operator", 4), ("epoch", 5), ("seats", 6), ("pot", 7),
        ("tally", 9), ("frozen", 10), ("expiry", 11),
    ]

    /// What the kinds are called in questions.
    package static var names: [String] { kinds.map(\.name) }

    /// The tag of a kind; nil: there is none of that name.
    package static func tag(named name: String) -> UInt8? { kinds.first { $0.name == name }?.tag }

    /// Tag and fields, numbers big-endian.
    package var bytes: [UInt8] {
        switch self {
        case .account(let address): [tag] + address.bytes
        case .plot(let id), .operator(let id): [tag] + id.bytes
        case .epoch(let number), .seats(let number), .frozen(let number): [tag] + number.bigEndianBytes
        case .pot: [tag]
        case .row(let epoch, let id), .tally(let epoch, let id), .expiry(let epoch, let id):
            [tag] + epoch.bigEndianBytes + id.bytes
        }
    }

    /// The key in the state tree.
    package var treeKey: Bytes32 { BLAKE3.hash(bytes) }

    /// Reads what `bytes` gave; nil: they are no key.
    package init?(bytes: some Collection<UInt8>) {
        guard let tag = bytes.first else { return nil }
        let fields = Array(bytes.dropFirst())
        switch (tag, fields.count) {
        case (1, Address.count):
            guard let address = Address(fields) else { return nil }
            self = .account(address)
        case (2, 32), (4, 32):
            guard let id = Bytes32(fields) else { return nil }
            self = tag == 2 ? .plot(id) : .operator(id)
        case (5, 4): self = .epoch(UInt32(bigEndianBytes: fields))
        case (6, 4): self = .seats(term: UInt32(bigEndianBytes: fields))
        case (7, 0): self = .pot
        case (10, 4): self = .frozen(epoch: UInt32(bigEndianBytes: fields))
        case (3, 36), (9, 36), (11, 36):
            guard let id = Bytes32(fields.dropFirst(4)) else { return nil }
            let epoch = UInt32(bigEndianBytes: fields.prefix(4))
            self =
                tag == 3
                ? .row(epoch: epoch, plot: id)
                : tag == 9 ? .tally(epoch: epoch, operator: id) : .expiry(epoch: epoch, plot: id)
        default: return nil
        }
    }
}

/// Kinds of records that are read in order, by epoch.
package enum StateRange: Hashable, Sendable {
    /// Rows of an epoch, from the first plot, or after one.
    case rows(epoch: UInt32, after: Bytes32?)
    /// Units of voting rows of an epoch.
    case tallies(epoch: UInt32)
    /// Lapsed plots whose records are dropped in an epoch.
    case expiries(epoch: UInt32)

    /// What the keys of its records begin with.
    package var prefix: [UInt8] {
        switch self {
        case .rows(let epoch, _): Array(StateKey.row(epoch: epoch, plot: .zero).bytes.prefix(5))
        case .tallies(let epoch): Array(StateKey.tally(epoch: epoch, operator: .zero).bytes.prefix(5))
        case .expiries(let epoch): Array(StateKey.expiry(epoch: epoch, plot: .zero).bytes.prefix(5))
        }
    }

    /// What its keys come after; nil: they begin with the first that has the prefix.
    package var start: [UInt8]? {
        guard case .rows(let epoch, let plot?) = self else { return nil }
        return StateKey.row(epoch: epoch, plot: plot).bytes
    }
}

/// What a block needs of the state before it can be executed.
package struct StateNeeds: Hashable, Sendable {
    /// Records by key.
    package var keys: Set<StateKey> = []
    /// The first records of ranges, at most so many.
    package var ranges: [StateRange: Int] = [:]

    /// Nothing, or some records and no ranges.
    package init(_ keys: Set<StateKey> = []) {
        self.keys = keys
    }

    /// Adds what something else needs.
    package mutating func formUnion(_ other: StateNeeds) {
        keys.formUnion(other.keys)
        ranges.merge(other.ranges) { max($0, $1) }
    }

    /// Whether nothing is needed.
    package var isEmpty: Bool { keys.isEmpty && ranges.isEmpty }
}

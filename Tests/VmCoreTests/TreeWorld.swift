import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport
import VmCore

extension SplitMix {
    mutating func key() -> Bytes32 { Bytes32(next(), next(), next(), next()) }
}

/// The definition of the tree's hash, word by word: nothing, one leaf, or two halves by the next bit.
func referenceRoot(_ leaves: [(key: Bytes32, hash: Bytes32)], bit: Int = 0) -> Bytes32 {
    if leaves.isEmpty { return .zero }
    if leaves.count == 1 { return leaves[0].hash }
    let words = [\Bytes32.word0, \.word1, \.word2, \.word3]
    func isSet(_ key: Bytes32) -> Bool { (key[keyPath: words[bit / 64]] << UInt64(bit % 64)) >> 63 == 1 }
    return TreeHash.inner(
        referenceRoot(leaves.filter { !isSet($0.key) }, bit: bit + 1),
        referenceRoot(leaves.filter { isSet($0.key) }, bit: bit + 1))
}

/// A state as a dictionary.
typealias TreeState = [Bytes32: TreeLeaf]

extension TreeState {
    var root: Bytes32 {
        referenceRoot(
            values.map { ($0.key, TreeHash.leaf(key: $0.key, valueHash: TreeHash.value($0.value))) })
    }

    var sorted: [TreeLeaf] { values.sorted { $0.key < $1.key } }
}

/// Storage for a tree: bytes under bytes, as the real one, and how often it was asked.
struct TreeWorld {
    var nodes: [[UInt8]: [UInt8]] = [:]
    var stale: [UInt64: [UInt8]] = [:]
    var version: UInt64?

    func node(_ key: TreeNodeKey) throws(TreeFault) -> TreeNode? {
        guard let bytes = nodes[key.bytes] else { return nil }
        return try TreeNode(bytes: bytes, at: key)
    }

    /// Runs questions to their end; how many rounds it took.
    @discardableResult
    func run(_ questions: inout some TreeQuestions) throws -> Int {
        var rounds = 0
        while true {
            let keys = questions.need()
            if keys.isEmpty { return rounds }
            try questions.have(try keys.map { try node($0) })
            rounds += 1
        }
    }

    /// Makes the next version.
    mutating func update(to next: UInt64, _ changes: [TreeChange]) throws -> (
        result: TreeUpdateResult, rounds: Int
    ) {
        var update = try TreeUpdate(
            base: version, version: next, changes: changes.sorted { $0.key < $1.key })
        let rounds = try run(&update)
        let result = try update.finish()
        for (key, node) in result.written {
            precondition(nodes[key.bytes] == nil, "a node is written twice")
            nodes[key.bytes] = node.bytes
        }
        stale[next] = StaleList(result).bytes
        version = next
        return (result, rounds)
    }

    /// Deletes what a version made superfluous.
    mutating func prune(_ version: UInt64) throws {
        for key in try StaleList(bytes: stale[version] ?? [0]).nodes {
            precondition(nodes.removeValue(forKey: key.bytes) != nil, "a stale node was not there")
        }
        stale[version] = nil
    }

    func read(_ key: Bytes32, at version: UInt64) throws -> TreeReading {
        var lookup = TreeLookup(version: version, key: key)
        try run(&lookup)
        return try lookup.finish()
    }

    func leaves(of version: UInt64, after: Bytes32? = nil, batch: Int = 5) throws -> [TreeLeaf] {
        var walk = TreeWalk(version: version, after: after, batch: batch)
        var leaves: [TreeLeaf] = []
        while true {
            let keys = walk.need()
            if keys.isEmpty { return leaves }
            try walk.have(try keys.map { try node($0) })
            leaves += walk.takeLeaves()
        }
    }

    /// How many nodes a version consists of.
    func size(of version: UInt64) throws -> Int {
        var waiting = [TreeNodeKey.root(version)]
        var count = 0
        while let key = waiting.popLast() {
            guard let node = try node(key) else { throw TreeFault.missing(key) }
            count += 1
            guard case .inner(let inner) = node else { continue }
            for nibble in 0..<16 {
                guard let link = inner.link(nibble) else { continue }
                waiting.append(TreeNodeKey(version: link.version, path: key.path.below(nibble)))
            }
        }
        return count
    }
}

extension NibblePath {
    /// The place one nibble below.
    func below(_ nibble: Int) -> NibblePath {
        var bytes = bits.bytes
        bytes[depth / 2] |= UInt8(nibble) << (depth % 2 == 0 ? 4 : 0)
        return NibblePath(of: Bytes32(bytes) ?? .zero, depth: depth + 1)
    }
}

/// Keys that share long beginnings, and keys that do not.
struct TreeKeys {
    var random: SplitMix
    private(set) var pool: [Bytes32] = []

    init(seed: UInt64, count: Int) {
        random = SplitMix(seed: seed)
        let bases = [random.key(), random.key(), .zero, .largest]
        while pool.count < count {
            var bytes = bases[random.below(4)].bytes
            switch random.below(4) {
            case 0: bytes = random.key().bytes
            case 1:
                let bit = random.below(256)
                bytes[bit / 8] ^= 0x80 >> UInt8(bit % 8)
            case 2: bytes[31] ^= UInt8(random.below(256))
            default: bytes[random.below(4)] ^= UInt8(random.below(256))
            }
            pool.append(Bytes32(bytes) ?? .zero)
        }
        pool = Array(Set(pool)).sorted()
    }

    /// A change of a key: mostly a value, else an end.
    mutating func change(deleting tenths: Int) -> TreeChange {
        let key = pool[random.below(pool.count)]
        let value =
            random.below(10) < tenths
            ? nil : (0..<random.below(100)).map { _ in UInt8(truncatingIfNeeded: random.next() & 3) }
        return TreeChange(key: key, preimage: Array(key.bytes.prefix(9)), value: value)
    }

    /// Changes of different keys.
    mutating func changes(_ count: Int, deleting tenths: Int) -> [TreeChange] {
        var changes: [Bytes32: TreeChange] = [:]
        for _ in 0..<count {
            let change = change(deleting: tenths)
            changes[change.key] = change
        }
        return Array(changes.values)
    }
}

import NodeCrypto
import NodeDomain
import NodeEncoding
import VmCore

/// What is read of the state tree: nodes, keys, proofs and lists of stale nodes.
///
/// What is taken has that one encoding.
enum TreeFuzzWorld {
    /// The first byte chooses a decoder, the rest is its bytes.
    static func run(_ input: UnsafeRawBufferPointer) {
        guard let choice = input.first else { return }
        let bytes = [UInt8](input.dropFirst())
        switch choice % 4 {
        case 0: node(bytes)
        case 1: proof(bytes)
        case 2:
            guard let list = try? StaleList(bytes: bytes) else { return }
            precondition(list.bytes == bytes, "another list of the same nodes")
        default:
            guard let key = try? TreeNodeKey(bytes: bytes) else { return }
            precondition(key.bytes == bytes, "another key of the same node")
        }
    }

    /// A node that is taken also goes through walk, lookup and update, as a root.
    private static func node(_ bytes: [UInt8]) {
        guard let node = try? TreeNode(bytes: bytes) else { return }
        precondition(node.bytes == bytes, "another encoding of the same node")
        _ = node.hash
        var walk = TreeWalk(version: 7)
        if (try? walk.have([node])) != nil { _ = walk.need() }
        for key in [Bytes32.zero, .largest] {
            var lookup = TreeLookup(version: 7, key: key)
            try? lookup.have([node])
            if lookup.need().isEmpty, let reading = try? lookup.finish() {
                precondition(
                    reading.proof.verify(root: reading.root, key: key, value: reading.leaf?.value),
                    "a proof that does not hold")
            }
        }
        let changes = [Bytes32.zero, .largest].map { TreeChange(key: $0, preimage: [], value: nil) }
        guard var update = try? TreeUpdate(base: 7, version: 8, changes: changes) else { return }
        try? update.run { $0 == .root(7) ? node : nil }
    }

    private static func proof(_ bytes: [UInt8]) {
        guard let proof = try? StateProof(scale: bytes) else { return }
        precondition(proof.scale == bytes, "another encoding of the same proof")
        precondition(!proof.verify(root: .largest, key: .zero, value: []), "a proof of everything")
        precondition(!proof.verify(root: .largest, key: .largest, value: nil), "a proof of nothing")
    }

    static func seeds() -> [[UInt8]] {
        var (nodes, stale): ([TreeNodeKey: TreeNode], [[UInt8]]) = ([:], [])
        for version in 1...3 as ClosedRange<UInt64> {
            let changes = (0..<24 as Range<UInt8>).map {
                TreeChange(preimage: [1, $0], value: UInt64($0) % 3 == version % 3 ? nil : [$0, $0])
            }
            let sorted = changes.sorted { $0.key < $1.key }
            guard
                var update = try? TreeUpdate(
                    base: version == 1 ? nil : version - 1, version: version, changes: sorted),
                (try? update.run({ nodes[$0] })) != nil, let result = try? update.finish()
            else { return [] }
            for (key, node) in result.written { nodes[key] = node }
            stale.append(StaleList(result).bytes)
        }
        let proofs = (0..<30 as Range<UInt8>).compactMap { number -> [UInt8]? in
            var lookup = TreeLookup(version: 3, key: TreeHash.key([1, number]))
            try? lookup.run { nodes[$0] }
            return try? lookup.finish().proof.scale
        }
        let sorted = nodes.sorted { ($0.key.version, $0.key.path) < ($1.key.version, $1.key.path) }
        return sorted.map { [0] + $0.value.bytes } + sorted.map { [3] + $0.key.bytes }
            + proofs.map { [1] + $0 } + stale.map { [2] + $0 } + [[0, 0], []]
    }
}

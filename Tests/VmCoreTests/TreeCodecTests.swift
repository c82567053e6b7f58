import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// Bytes of nodes, keys, proofs and lists: one encoding each, and no other is read.
@Suite("State tree: bytes")
struct TreeCodecTests {
    /// Nodes of all kinds, of a tree with all depths.
    private static func nodes() throws -> [(TreeNodeKey, TreeNode)] {
        var keys = TreeKeys(seed: 5, count: 60)
        var update = try TreeUpdate(
            base: nil, version: 70_000, changes: keys.changes(60, deleting: 0).sorted { $0.key < $1.key })
        try update.run { _ in nil }
        return try update.finish().written + [(.root(1), .empty)]
    }

    /// Every shorter and every longer form is refused, and every other form that is read gives its own bytes.
    private static func expectStrict<Value, Fault: Error>(
        _ bytes: [UInt8], _ fault: Fault.Type, _ decode: ([UInt8]) throws -> Value,
        _ encode: (Value) -> [UInt8]
    ) throws {
        #expect(encode(try decode(bytes)) == bytes)
        for count in 0..<bytes.count {
            #expect(throws: fault, "\(count) of \(bytes.count)") {
                try decode(Array(bytes.prefix(count)))
            }
        }
        for more in [0, 1, 255] as [UInt8] {
            #expect(throws: fault) { try decode(bytes + [more]) }
        }
        for bit in 0..<8 * bytes.count {
            var other = bytes
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            if let value = try? decode(other) { #expect(encode(value) == other) }
        }
    }

    @Test("nodes and their keys")
    func nodes() throws {
        let nodes = try Self.nodes()
        #expect(Set(nodes.map(\.0.path.depth)).count > 60)
        for (place, (key, node)) in nodes.enumerated() {
            #expect(try TreeNode(bytes: node.bytes) == node)
            #expect(try TreeNodeKey(bytes: key.bytes) == key)
            guard place % 40 == 0 || nodes.count - place < 10 else { continue }
            try Self.expectStrict(node.bytes, TreeNodeFault.self, { try TreeNode(bytes: $0) }, { $0.bytes })
            try Self.expectStrict(key.bytes, TreeNodeFault.self, { try TreeNodeKey(bytes: $0) }, { $0.bytes })
        }
    }

    @Test("a key in storage: version, depth and nibbles, in the order of versions and places")
    func keys() throws {
        let path = NibblePath(
            of: try #require(Bytes32([0xab, 0xcd] + [UInt8](repeating: 255, count: 30))), depth: 3)
        let key = TreeNodeKey(version: 0x0102_0304, path: path)
        #expect(key.bytes == [0, 0, 0, 0, 1, 2, 3, 4, 3, 0xab, 0xc0])
        #expect(key.description == "16909060/abc")
        #expect(throws: TreeNodeFault.padding) {
            try TreeNodeKey(bytes: [0, 0, 0, 0, 1, 2, 3, 4, 3, 0xab, 0xcd])
        }
        #expect(throws: TreeNodeFault.depth(65)) {
            try TreeNodeKey(bytes: [0, 0, 0, 0, 1, 2, 3, 4, 65] + [UInt8](repeating: 0, count: 33))
        }
        #expect(throws: TreeNodeFault.length(3)) { try TreeNodeKey(bytes: [1, 2, 3]) }
    }

    @Test("proofs")
    func proofs() throws {
        var keys = TreeKeys(seed: 6, count: 60)
        var world = TreeWorld()
        _ = try world.update(to: 1, keys.changes(60, deleting: 0))
        let random = (0..<10).map { _ in keys.random.key() }
        for key in keys.pool.prefix(6) + random.prefix(4) {
            let proof = try world.read(key, at: 1).proof
            try Self.expectStrict(proof.scale, ScaleFault.self, { try StateProof(scale: $0) }, { $0.scale })
        }
        let full = [UInt8]([1]) + [1, 4] + [UInt8](repeating: 255, count: 32 + 258 * 32)
        #expect(full.count == StateProof.byteLimit)
        #expect(try StateProof(scale: full).siblings.count == StateProof.siblingLimit)
    }

    @Test("what no tree gives is no proof")
    func badProofs() {
        let one = [UInt8](repeating: 1, count: 32)
        let cases: [(bytes: [UInt8], fault: ScaleFault?)] = [
            ([0, 5, 4], .tooLarge(offset: 1, limit: 256)), ([0, 1, 0], .notMinimal(offset: 1)),
            ([0, 0, 0], .trailing(count: 1)),
            // No such end; the last level left out; bits beyond it; the hash of nothing.
            ([3, 0], nil), ([0, 4, 0], nil), ([0, 4, 3] + one, nil),
            ([0, 4, 1] + [UInt8](repeating: 0, count: 32), nil),
        ]
        for (bytes, fault) in cases {
            #expect {
                try StateProof(scale: bytes)
            } throws: { error in
                guard let fault else {
                    if case .invalid? = error as? ScaleFault { return true }
                    return false
                }
                return error as? ScaleFault == fault
            }
        }
    }

    @Test("what no tree gives is no node")
    func badNodes() {
        let hash = [UInt8](repeating: 1, count: 32)
        let cases: [(bytes: [UInt8], fault: TreeNodeFault)] = [
            ([3], .kind(3)),
            ([2, 0, 0, 0, 0], .children),
            ([2, 0, 1, 0, 1, 0] + hash, .children),
            ([2, 0, 3, 0, 4, 0] + hash + [0] + hash, .children),
            ([2, 0, 1, 0, 0, 0] + [UInt8](repeating: 0, count: 32), .emptyHash),
            ([0, 0], .encoding(.trailing(count: 1))),
            ([1] + hash + [5, 1], .encoding(.tooLarge(offset: 33, limit: 64))),
            ([1] + hash + [0, 2, 0, 192, 0], .encoding(.ended(offset: 38, needed: 3 << 20))),
        ]
        for (bytes, fault) in cases {
            #expect(throws: fault, "\(bytes)") { try TreeNode(bytes: bytes) }
        }
    }

    @Test("lists of stale nodes")
    func stale() throws {
        var keys = TreeKeys(seed: 7, count: 6)
        var world = TreeWorld()
        for version in 1...6 as ClosedRange<UInt64> {
            _ = try world.update(to: version, keys.changes(3, deleting: 3))
            let bytes = try #require(world.stale[version])
            try Self.expectStrict(bytes, TreeNodeFault.self, { try StaleList(bytes: $0) }, { $0.bytes })
        }
        #expect(throws: TreeNodeFault.order) { try StaleList(bytes: [8, 4, 0, 0, 0]) }
        #expect(throws: TreeNodeFault.depth(65)) {
            try StaleList(bytes: [4, 4, 65] + [UInt8](repeating: 0, count: 33))
        }
        #expect(throws: TreeNodeFault.padding) { try StaleList(bytes: [4, 4, 1, 0x11]) }
        #expect(throws: TreeNodeFault.encoding(.tooLarge(offset: 0, limit: 1 << 22))) {
            try StaleList(bytes: [6, 0, 0, 1])
        }
    }
}

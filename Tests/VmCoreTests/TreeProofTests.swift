import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport
import Testing
import VmCore

/// Proofs: what they must refuse.
@Suite("State tree: proofs")
struct TreeProofTests {
    /// A tree of some keys with long common beginnings.
    private static func world(seed: UInt64, count: Int) throws -> (TreeWorld, TreeState) {
        var keys = TreeKeys(seed: seed, count: count)
        var world = TreeWorld()
        let changes = keys.changes(count, deleting: 0)
        _ = try world.update(to: 1, changes)
        return (world, TreeState(uniqueKeysWithValues: changes.compactMap { $0.leaf }.map { ($0.key, $0) }))
    }

    private static func flipped(_ bytes: [UInt8], _ bit: Int) -> [UInt8] {
        var bytes = bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bytes
    }

    @Test("no flipped bit of proof, key, value or root is taken", arguments: [1, 2, 5, 30])
    func flips(count: Int) throws {
        let (world, state) = try Self.world(seed: UInt64(count), count: count)
        var random = SplitMix(seed: 3)
        for key in state.keys.sorted().prefix(4) + [random.key(), random.key()] {
            let reading = try world.read(key, at: 1)
            let (root, value, bytes) = (state.root, state[key]?.value, reading.proof.scale)
            #expect(reading.proof.verify(root: root, key: key, value: value))
            for bit in 0..<8 * bytes.count {
                guard let proof = try? StateProof(scale: Self.flipped(bytes, bit)) else { continue }
                #expect(!proof.verify(root: root, key: key, value: value), "bit \(bit) of the proof")
            }
            for bit in 0..<256 {
                let other = try #require(Bytes32(Self.flipped(root.bytes, bit)))
                #expect(!reading.proof.verify(root: other, key: key, value: value))
            }
            if let value {
                for bit in 0..<8 * value.count {
                    let other = Self.flipped(value, bit)
                    #expect(!reading.proof.verify(root: root, key: key, value: other))
                }
                #expect(!reading.proof.verify(root: root, key: key, value: value + [0]))
                #expect(!reading.proof.verify(root: root, key: key, value: nil))
                for bit in 0..<256 {
                    let other = try #require(Bytes32(Self.flipped(key.bytes, bit)))
                    #expect(!reading.proof.verify(root: root, key: other, value: value))
                }
            } else {
                #expect(!reading.proof.verify(root: root, key: key, value: []))
            }
        }
    }

    @Test("a proof of absence holds for the keys that end at the same place, and for no key that is there")
    func absence() throws {
        let (world, state) = try Self.world(seed: 8, count: 40)
        var random = SplitMix(seed: 4)
        for _ in 0..<200 {
            let key = random.key()
            let proof = try world.read(key, at: 1).proof
            for other in state.keys {
                #expect(!proof.verify(root: state.root, key: other, value: nil))
            }
            #expect(proof.verify(root: state.root, key: key, value: nil))
        }
    }

    @Test("a record where it cannot stand proves nothing, even to a root that holds it there")
    func misplaced() throws {
        let (other, valueHash) = (Bytes32.largest, TreeHash.value([1]))
        let sibling = TreeHash.leaf(key: Bytes32(1 << 63, 0, 0, 0), valueHash: valueHash)
        let root = TreeHash.inner(TreeHash.leaf(key: other, valueHash: valueHash), sibling)
        let proof = try StateProof(scale: [1, 4, 1] + sibling.bytes + other.bytes + valueHash.bytes)
        #expect(!proof.verify(root: root, key: .zero, value: nil))
        // The same, where it may stand.
        let honest = TreeHash.inner(sibling, TreeHash.leaf(key: other, valueHash: valueHash))
        #expect(proof.verify(root: honest, key: Bytes32(3 << 62, 0, 0, 0), value: nil))
        #expect(!proof.verify(root: honest, key: other, value: nil))
    }

    @Test("the keys of the two longest ways: 256 levels")
    func deepest() throws {
        let (left, right) = (Bytes32.zero, Bytes32(0, 0, 0, 1))
        var world = TreeWorld()
        let changes = [left, right].map { TreeChange(key: $0, preimage: [1], value: [2]) }
        #expect(try world.update(to: 1, changes).result.written.count == 66)
        for key in [left, right] {
            let reading = try world.read(key, at: 1)
            #expect(reading.proof.siblings.count == 256)
            #expect(reading.proof.scale.count == 1 + 2 + 32 + 32)
            #expect(reading.proof.verify(root: reading.root, key: key, value: [2]))
        }
        // One of them goes: the other stands for the whole tree.
        let (result, rounds) = try world.update(
            to: 2, [TreeChange(key: right, preimage: [1], value: nil)])
        #expect(result.root == TreeHash.leaf(key: left, valueHash: TreeHash.value([2])))
        #expect(result.written.count == 1)
        #expect(result.stale.count == 66)
        #expect(rounds == 66)
    }

    @Test("proofs of an empty tree and of one leaf have no siblings")
    func smallest() throws {
        var world = TreeWorld()
        var result = try world.update(to: 1, []).result
        #expect(result.root == .zero)
        let empty = try world.read(.largest, at: 1).proof
        #expect(empty.scale == [2, 0])
        #expect(empty.verify(root: .zero, key: .largest, value: nil))
        #expect(empty.verify(root: .zero, key: .zero, value: nil))
        result = try world.update(to: 2, [TreeChange(preimage: [1], value: [])]).result
        let one = try world.read(TreeHash.key([1]), at: 2).proof
        #expect(one.scale == [0, 0])
        #expect(one.verify(root: result.root, preimage: [1], value: []))
        let other = try world.read(.largest, at: 2).proof
        #expect(other.scale.count == 2 + 64)
        #expect(other.verify(root: result.root, key: .largest, value: nil))
        #expect(!other.verify(root: result.root, preimage: [1], value: nil))
    }
}

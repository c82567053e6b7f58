import ConsensusCore
import NodeCrypto
import NodeDomain
import TestSupport
import Testing

/// A block whose transactions have so many bytes in all.
private func block(_ bytes: Int, seed: UInt64 = 1) throws -> Block {
    var random = SplitMix(seed: seed)
    var left = bytes
    var transactions: [[UInt8]] = []
    while left > 0 {
        let count = min(left, 1 + random.below(3000))
        transactions.append((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        left -= count
    }
    let committee = try Committee([1, 1])
    let last = try committee.certificate(for: committee.header(height: 1, time: 50))
    var block = Block(
        header: committee.header(height: 2, time: 60), items: [[1, 7], [2, 8]], transactions: transactions,
        lastCommit: last)
    block.header.lastBlock = last.target.block
    block.header.dataHash = block.dataHash
    block.header.evidenceHash = block.evidenceHash
    block.header.lastCommitHash = Certificate.hash(of: last)
    return block
}

@Suite("Parts of a block")
struct PartTests {
    @Test("a block is whole again from its parts in any order", arguments: [0, 1, 65_000, 65_536, 300_000])
    func whole(bytes: Int) throws {
        let block = try block(bytes)
        let parts = try #require(BlockParts(block))
        #expect(parts.count == (parts.bytes.count + 65_535) / 65_536)
        var set = try #require(PartSet(parts.reference))
        var random = SplitMix(seed: 5)
        for index in Array(0..<parts.count).shuffled(using: &random) {
            #expect(throws: BlockFault.unfinished) { try set.block() }
            let part = try #require(parts.part(index, height: 2, round: 0))
            #expect(set.add(part) == .added)
            #expect(set.add(part) == .known)
        }
        #expect(try set.block() == block)
        #expect(PartSet(parts) == set)
        for index in 0..<parts.count {
            #expect(set.part(index, height: 2, round: 1) == parts.part(index, height: 2, round: 1))
        }
        #expect(parts.part(parts.count, height: 2, round: 0) == nil)
        #expect(parts.part(-1, height: 2, round: 0) == nil)
    }

    @Test("the largest block travels, a larger one does not")
    func largest() throws {
        var whole = try block(0)
        whole.transactions = [[UInt8](repeating: 1, count: BlockLimit.bodyBytes - 4)]
        #expect(try #require(BlockParts(whole)).count <= BlockLimit.parts)
        whole.transactions = [[UInt8](repeating: 1, count: BlockLimit.bytes)]
        #expect(BlockParts(whole) == nil)
        let hash = Bytes32.zero
        for (total, exists) in [
            (0, false), (1, true), (BlockLimit.parts, true), (BlockLimit.parts + 1, false),
        ] {
            let reference = BlockReference(hash: hash, partsTotal: UInt32(total), partsHash: hash)
            #expect((PartSet(reference) != nil) == exists)
        }
        #expect(PartSet(BlockReference(hash: hash, partsTotal: .max, partsHash: hash)) == nil)
    }

    @Test("a part of another block, place or size is refused for what it is")
    func refused() throws {
        let parts = try #require(BlockParts(try block(200_000)))
        let other = try #require(BlockParts(try block(200_000, seed: 2)))
        var set = try #require(PartSet(parts.reference))
        #expect(set.add(try #require(other.part(1, height: 2, round: 0))) == .refused(.proof))
        let good = try #require(parts.part(1, height: 2, round: 0))
        var wrong = good
        wrong.index = 2
        #expect(set.add(wrong) == .refused(.proof))
        (wrong.index, wrong.total) = (1, 3)
        #expect(set.add(wrong) == .refused(.total))
        (wrong.index, wrong.total) = (4, 4)
        #expect(set.add(wrong) == .refused(.index))
        wrong.index = .max
        #expect(set.add(wrong) == .refused(.index))
        wrong = good
        wrong.bytes.removeLast()
        #expect(set.add(wrong) == .refused(.size))
        wrong.bytes += [1, 2]
        #expect(set.add(wrong) == .refused(.size))
        wrong = good
        wrong.bytes[9] ^= 1
        #expect(set.add(wrong) == .refused(.proof))
        wrong = good
        wrong.proof.removeLast()
        #expect(set.add(wrong) == .refused(.proof))
        var last = try #require(parts.part(3, height: 2, round: 0))
        last.bytes = []
        #expect(set.add(last) == .refused(.size))
        #expect(set.present.members == 0)
        #expect(set.add(good) == .added)
    }

    @Test("parts that are no block, or not the one announced, make none")
    func noBlock() throws {
        var changed = try block(10)
        let announced = changed.header.hash
        for fault in [BlockFault.hash, .body] {
            if fault == .hash { changed.header.appHash = announced } else { changed = try block(10) }
            if fault == .body { changed.transactions.append([0]) }
            let parts = try #require(BlockParts(changed))
            var reference = parts.reference
            reference.hash = announced
            var set = try #require(PartSet(reference))
            #expect(set.add(try #require(parts.part(0, height: 2, round: 0))) == .added)
            #expect(throws: fault) { try set.block() }
        }
        let noise: [UInt8] = [6, 1, 2, 3]
        var set = try #require(
            PartSet(
                BlockReference(hash: announced, partsTotal: 1, partsHash: MerkleTree.root(of: [noise]))))
        let part = BlockPart(height: 2, round: 0, index: 0, total: 1, bytes: noise, proof: [])
        #expect(set.add(part) == .added)
        #expect(throws: BlockFault.self) { try set.block() }
    }

    @Test("each part of the header must be that of the body")
    func isWhole() throws {
        let good = try block(10)
        #expect(good.isWhole)
        var wrong = [good, good, good, good]
        wrong[0].transactions.append([0, 1])
        wrong[1].items.append([2, 2])
        wrong[2].lastCommit = nil
        wrong[3].header.evidenceHash = .zero
        for block in wrong { #expect(!block.isWhole) }
    }
}

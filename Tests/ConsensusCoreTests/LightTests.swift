import ConsensusCore
import NodeDomain
import NodeEncoding
import Testing

/// Three terms of a chain: committees that share nobody, a block before the end and one at the end of each.
private struct Terms {
    let committees: [Committee]
    var blocks: [LightBlock] = []

    init(_ powers: [[Int64]] = [[3, 2, 2], [1, 1, 1, 1], [5]]) throws {
        committees = try powers.enumerated().map { try Committee($1, salt: UInt64($0) + 1) }
        for (term, committee) in committees.enumerated() {
            for step in 0..<2 {
                let height = UInt64(10 * term + 5 * step + 5)
                let next = step == 1 && term + 1 < committees.count ? committees[term + 1].set : nil
                let header = committee.header(height: height, time: Int64(1000 + height), next: next)
                blocks.append(
                    LightBlock(
                        header: header, set: committee.set, commit: try committee.certificate(for: header)))
            }
        }
    }

    var checkpoint: LightCheckpoint {
        let head = blocks[0].header
        return LightCheckpoint(height: head.height, hash: head.hash, setHash: head.validatorsHash)
    }

    func verdict(
        now: Int64 = 2000, rules: LightRules = LightRules(), from checkpoint: LightCheckpoint? = nil
    ) throws(LightChainFault) -> LightTrust {
        try LightChain(blocks: blocks).verified(
            from: checkpoint ?? self.checkpoint, now: Timestamp(seconds: now, nanoseconds: 0), rules: rules,
            by: ed25519)
    }

    func refusal(now: Int64 = 2000, from checkpoint: LightCheckpoint? = nil) -> LightRefusal? {
        do throws(LightChainFault) {
            _ = try verdict(now: now, from: checkpoint)
            return nil
        } catch {
            guard case .refused(_, let refusal) = error else { return nil }
            return refusal
        }
    }
}

@Suite("Light client")
struct LightTests {
    @Test("the last headers of terms lead over committees that share nobody")
    func terms() throws {
        let terms = try Terms()
        let trust = try terms.verdict()
        #expect(trust.header == terms.blocks[5].header)
        #expect(trust.nextSet == terms.committees[2].set)
        #expect(throws: LightChainFault.empty) {
            try LightChain(blocks: []).verified(from: terms.checkpoint, now: .zero, by: ed25519)
        }
    }

    @Test("the end of a term cannot be left out, unless the sets share more than a third")
    func skipping() throws {
        var terms = try Terms()
        terms.blocks.remove(at: 1)
        #expect(terms.refusal() == .notEnoughTrust(0, of: 7))
        var two = try Terms()
        two.blocks.removeSubrange(2..<4)
        #expect(two.refusal() == .unknownSet(after: 10))
        two.blocks[1].nextSet = two.committees[1].set
        #expect(two.refusal() == .notEnoughTrust(0, of: 4))
        #expect(two.refusal()?.isForLackOfTrust == true)

        // Who was trusted stays, and one more is there: two of three or more signed.
        let first = try Committee([2, 2, 2])
        let second = try Committee([2, 2, 2, 2])
        let (head, later) = (first.header(height: 5, time: 1000), second.header(height: 9, time: 1001))
        let commit = try second.certificate(for: later, by: [1, 2, 3])
        let trust = try LightTrust(header: head, nextSet: first.set)
        let block = LightBlock(header: later, set: second.set, commit: commit)
        #expect(try trust.verified(block, now: later.time, by: ed25519).header == later)
    }

    @Test("a checkpoint is held against height, hash and set, and its age")
    func checkpoints() throws {
        var terms = try Terms()
        for change in 0..<3 {
            var wrong = terms.checkpoint
            switch change {
            case 0: wrong.height += 1
            case 1: wrong.hash = .zero
            default: wrong.setHash = .zero
            }
            #expect(terms.refusal(from: wrong) == .checkpoint(5))
        }
        let end = 1005 + LightRules.usualTrustingSeconds
        #expect(terms.refusal(now: end) == nil)
        #expect(terms.refusal(now: end + 1) == .expired(terms.blocks[0].header.time))
        terms.blocks.removeSubrange(1...)
        #expect(terms.refusal(now: end) == nil)
        #expect(terms.refusal(now: end + 1) == .expired(terms.blocks[0].header.time))
        terms.blocks[0].commit.members = MemberBitmap(count: 3)
        terms.blocks[0].commit.signatures = []
        #expect(terms.refusal() == .certificate(.power(0, of: 7)))
    }

    @Test("headers from the future, out of order, of another chain")
    func order() throws {
        var terms = try Terms()
        let drift = LightRules.usualDriftSeconds
        #expect(terms.refusal(now: 1030 - drift + 1) == nil)
        #expect(terms.refusal(now: 1030 - drift) == .fromFuture(terms.blocks[5].header.time))
        terms.blocks.swapAt(2, 3)
        #expect(terms.refusal() == .height(15))
        terms = try Terms()
        var header = terms.blocks[1].header
        header.time = terms.blocks[0].header.time
        terms.blocks[1] = try block(header, terms.committees[0])
        #expect(terms.refusal() == .time(header.time))
        header = terms.blocks[2].header
        header.chain = "test-1"
        terms.blocks[1] = try block(header, terms.committees[0])
        #expect(terms.refusal() == .chain("test-1"))
    }

    private func block(_ header: BlockHeader, _ committee: Committee) throws -> LightBlock {
        LightBlock(header: header, set: committee.set, commit: try committee.certificate(for: header))
    }

    @Test("sets and commits that are not the header's")
    func parts() throws {
        let terms = try Terms()
        var wrong = terms
        wrong.blocks[1].set = terms.committees[1].set
        #expect(wrong.refusal() == .set(10))
        wrong = terms
        wrong.blocks[1].nextSet = terms.committees[2].set
        #expect(wrong.refusal() == .set(10))
        wrong = terms
        wrong.blocks[1].commit = terms.blocks[0].commit
        #expect(wrong.refusal() == .otherCommit(10))
        wrong = terms
        wrong.blocks[1].commit = try terms.committees[0].certificate(.prevote, for: terms.blocks[1].header)
        #expect(wrong.refusal() == .otherCommit(10))
        wrong = terms
        wrong.blocks[1].commit.target.time.nanoseconds = 6
        #expect(wrong.refusal() == .otherCommit(10))
        wrong = terms
        wrong.blocks[1].commit.signatures[1][5] ^= 1
        #expect(wrong.refusal() == .certificate(.signature(1)))
        wrong = terms
        wrong.blocks[1].commit = try terms.committees[0].certificate(
            for: terms.blocks[1].header, by: [0])
        #expect(wrong.refusal() == .certificate(.power(3, of: 7)))
        // The next height is decided by the set that was named, whoever else signed.
        let committee = terms.committees[1]
        wrong = terms
        wrong.blocks[1] = try block(committee.header(height: 6, time: 1006), committee)
        #expect(wrong.refusal() == .successor(6))
    }

    @Test("a light block is read as it was written, and its set in one order only")
    func wire() throws {
        var block = try Terms().blocks[1]
        for next in [nil, try Committee([1, 2]).set] {
            block.nextSet = next
            #expect(try LightBlock(wire: block.wire) == block)
        }
        let bytes = block.wire
        for count in 0..<bytes.count {
            #expect(throws: ScaleFault.self) { try LightBlock(wire: Array(bytes.prefix(count))) }
        }
        let good = block.set.members
        for members in [Array(good.reversed()), [], good + good] {
            var writer = ScaleWriter()
            writer.writeCompact(UInt64(members.count))
            for member in members {
                writer.write(member.key)
                writer.writeCompact(UInt64(member.power))
            }
            var reader = ScaleReader(writer.bytes)
            #expect(throws: ScaleFault.self) { try ValidatorSet(from: &reader) }
        }
    }
}

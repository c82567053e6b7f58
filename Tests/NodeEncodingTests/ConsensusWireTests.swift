internal import Foundation
internal import NodeDomain
internal import NodeEncoding
internal import TestSupport
internal import Testing

private struct WireFile: Decodable {
    struct Row: Decodable {
        let name: String
        let hex: String
    }
    let cases: [Row]
}

/// Reads and writes again; nil when it is refused.
private func again(_ bytes: [UInt8]) -> [UInt8]? {
    if bytes.first == Block.wireTag { return (try? Block(wire: bytes))?.wire }
    return (try? ConsensusMessage(wire: bytes))?.wire
}

@Suite("What consensus sends and stores")
struct ConsensusWireTests {
    @Test("the bytes of each are those of the vectors")
    func golden() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/consensus/wire.json")
        let rows = try JSONDecoder().decode(WireFile.self, from: Data(contentsOf: file)).cases
        #expect(rows.map(\.name) == ConsensusSamples.all.map(\.name))
        for (row, sample) in zip(rows, ConsensusSamples.all) {
            #expect(Hexadecimal.text(of: sample.bytes) == row.hex, "\(row.name)")
        }
    }

    @Test("each is read as it was written")
    func values() throws {
        let vote = ConsensusSamples.vote(.precommit, target: nil)
        #expect(try Vote(wire: vote.wire) == vote)
        for polka in [false, true] {
            let proposal = ConsensusSamples.proposal(polka: polka)
            #expect(try ProposalMessage(wire: proposal.wire) == proposal)
            #expect(try ConsensusMessage(wire: proposal.wire) == .proposal(proposal))
        }
        for count in [0, 1, 7, 8, 9, 1024] {
            let certificate = ConsensusSamples.certificate(.precommit, members: count)
            #expect(try Certificate(wire: certificate.wire) == certificate)
        }
        #expect(try BlockPart(wire: ConsensusSamples.part.wire) == ConsensusSamples.part)
        #expect(try ConsensusStatus(wire: ConsensusSamples.status.wire) == ConsensusSamples.status)
        for first in [false, true] {
            let block = ConsensusSamples.whole(first: first)
            #expect(try Block(wire: block.wire) == block)
        }
    }

    @Test("cut or longer bytes are refused at every length")
    func lengths() {
        for (name, bytes) in ConsensusSamples.all {
            for count in 0..<bytes.count {
                #expect(again(Array(bytes.prefix(count))) == nil, "\(name), \(count) bytes")
            }
            #expect(again(bytes + [0]) == nil, "\(name)")
            #expect(again(bytes) == bytes, "\(name)")
        }
    }

    @Test("changed bytes are refused, or another value of the same bytes")
    func changed() {
        var random = SplitMix(seed: 0x5e7)
        for (name, bytes) in ConsensusSamples.all {
            for _ in 0..<2000 {
                var other = bytes
                for _ in 0...random.below(3) {
                    other[random.below(other.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                let read = again(other)
                #expect(read == nil || read == other, "\(name)")
            }
        }
    }

    @Test("what is over a limit by one is refused, what is at it is not")
    func limits() {
        func takes(_ value: some ConsensusWire) -> Bool { again(value.wire) == value.wire }
        var vote = ConsensusSamples.vote()
        (vote.height, vote.round, vote.member) = (BlockLimit.height, BlockLimit.round, 1023)
        #expect(takes(vote))
        vote.member = 1024
        #expect(!takes(vote))
        (vote.member, vote.round) = (0, BlockLimit.round + 1)
        #expect(!takes(vote))
        (vote.round, vote.height) = (0, BlockLimit.height + 1)
        #expect(!takes(vote))

        var timed = ConsensusSamples.certificate(.prevote)
        timed.target.time = Timestamp(
            seconds: Timestamp.mostSeconds, nanoseconds: Timestamp.mostNanoseconds)
        #expect(takes(timed))
        for time in [
            Timestamp(seconds: Timestamp.mostSeconds + 1, nanoseconds: 0),
            Timestamp(seconds: 0, nanoseconds: Timestamp.mostNanoseconds + 1),
            Timestamp(seconds: -1, nanoseconds: 0), Timestamp(seconds: 0, nanoseconds: -1),
        ] {
            timed.target.time = time
            #expect(!takes(timed))
        }
        #expect(!takes(ConsensusSamples.certificate(.prevote, members: 1025)))

        var part = ConsensusSamples.part
        part.bytes = [UInt8](repeating: 1, count: BlockLimit.partBytes)
        part.proof = [Bytes32](repeating: .zero, count: BlockLimit.proofHashes)
        (part.index, part.total) = (UInt32(BlockLimit.parts) - 1, UInt32(BlockLimit.parts))
        #expect(takes(part))
        part.total += 1
        #expect(!takes(part))
        (part.index, part.total) = (3, 3)
        #expect(!takes(part))
        part.index = 2
        part.bytes.append(1)
        #expect(!takes(part))
        part.bytes.removeLast()
        part.proof.append(.zero)
        #expect(!takes(part))
    }

    @Test("a block's limits")
    func blockLimits() {
        func takes(_ block: Block) -> Bool { again(block.wire) == block.wire }
        var block = ConsensusSamples.whole(first: true)
        block.items = [[UInt8]](repeating: [1], count: BlockLimit.items)
        block.transactions = [[UInt8](repeating: 0, count: BlockLimit.bodyBytes - BlockLimit.items)]
        #expect(takes(block))
        block.transactions[0].append(0)
        #expect(!takes(block))
        block.transactions = [[UInt8]](repeating: [0], count: BlockLimit.transactions)
        #expect(takes(block))
        block.transactions.append([0])
        #expect(!takes(block))
        block.transactions = [[]]
        #expect(!takes(block))
        block.transactions = []
        block.items.append([1])
        #expect(!takes(block))
        block.items = []
        block.header.chain = String(repeating: "c", count: BlockHeader.mostChainBytes)
        #expect(takes(block))
        for chain in [block.header.chain + "c", "a b", "ä", "a\u{7f}"] {
            block.header.chain = chain
            #expect(!takes(block))
        }
    }

    @Test("a polka of another round, block, height or kind is not the proposal's")
    func polkas() throws {
        let good = ConsensusSamples.proposal(polka: true)
        var wrong = [good, good, good, good, good, good]
        wrong[0].polka?.round = 0
        wrong[1].polka?.target.time.nanoseconds = 1
        wrong[2].polka?.height = 71
        wrong[3].polka?.kind = .precommit
        wrong[4].proposal.polRound = nil
        wrong[5].proposal.round = 1
        for proposal in wrong { #expect(again(proposal.wire) == nil) }
        // A polka may come on its own way.
        var apart = good
        apart.polka = nil
        #expect(again(apart.wire) == apart.wire)
    }

    @Test("a tag that there is not, or another one's, is refused")
    func tags() {
        for tag in [0, 7, 255] as [UInt8] {
            #expect(again([tag] + ConsensusSamples.vote().wire.dropFirst()) == nil)
        }
        #expect(throws: ScaleFault.self) { try Certificate(wire: ConsensusSamples.vote().wire) }
        #expect(throws: ScaleFault.self) { try ConsensusMessage(wire: ConsensusSamples.whole().wire) }
    }
}

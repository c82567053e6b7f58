import ConsensusCore
import NodeDomain
import Testing

@Suite("Consensus: a start behind a restored state")
struct RestoredStartTests {
    private static let chain = CatchUpChain(120)
    private static let forged = CatchUpChain(120, salt: 5)
    private static let height: UInt64 = 101

    private func start(appHash: Bytes32? = nil) -> RestoredStart {
        let context = Self.chain.context(Self.height)
        return RestoredStart(
            chain: context.chain, height: Self.height, appHash: appHash ?? context.appHash,
            validators: context.validators, lastID: 7, check: CatchUpChain.check)
    }

    private func block(_ height: UInt64 = height) throws -> EncodedBlock {
        try #require(Self.chain.encoded(height))
    }

    @Test("each peer that is heard of is asked for one block, and again after a pause")
    func asking() {
        var start = start()
        #expect(start.heard(of: 3, now: 0) == .ask(id: 8, peer: 3, height: Self.height))
        #expect(start.heard(of: 4, now: 1) == .ask(id: 9, peer: 4, height: Self.height))
        #expect(start.heard(of: 3, now: RestoredStart.pause - 1) == nil)
        #expect(start.heard(of: 3, now: RestoredStart.pause) == .ask(id: 10, peer: 3, height: Self.height))
        #expect(start.heard(of: 0, now: 9_000) == nil)
        for peer in 5..<200 { _ = start.heard(of: UInt64(peer), now: 9_000) }
        #expect(start.heard == RestoredStart.mostPeers)
    }

    @Test("the block gives the context that a node has which executed the chain")
    func context() throws {
        var start = start()
        _ = start.heard(of: 3, now: 0)
        #expect(start.answered(7, [try block()]) == nil, "nobody was asked by this number")
        guard case .found(let block) = start.answered(8, [try block()]) else {
            Issue.record("the block is not taken")
            return
        }
        let known = Self.chain.context(Self.height)
        let context = HeightContext(
            of: block, lastTime: known.lastTime, lastValidators: try #require(known.lastValidators),
            validators: known.validators, nextValidators: known.nextValidators, rotation: known.rotation,
            parametersHash: known.parametersHash)
        #expect(context.height == known.height && context.lastBlock == known.lastBlock)
        #expect(context.appHash == known.appHash && context.resultsHash == known.resultsHash)
        #expect(context.lastCommit == known.lastCommit && context.lastTime == known.lastTime)
        #expect(context.proposer(round: 2) == known.proposer(round: 2))
    }

    @Test("what no honest peer sends is blamed, and its sender is not asked again")
    func hostile() throws {
        var broken = try block()
        broken.certificate[broken.certificate.count - 1] ^= 1
        let wrong = [try block(Self.height + 1), broken, EncodedBlock(block: [1], certificate: [])]
        for (number, encoded) in (wrong + [try #require(Self.forged.encoded(Self.height))]).enumerated() {
            var start = start()
            _ = start.heard(of: 3, now: 0)
            guard case .blame(3, _) = start.answered(8, [encoded]) else {
                Issue.record("case \(number) is not blamed")
                continue
            }
            #expect(start.heard(of: 3, now: 100_000) == nil)
            #expect(start.answered(8, [try block()]) == nil)
        }
    }

    @Test("a state that the chain did not have is told, and nobody is blamed")
    func otherState() throws {
        var start = start(appHash: Bytes32(1, 2, 3, 4))
        _ = start.heard(of: 3, now: 0)
        #expect(start.answered(8, [try block()]) == .otherState(Self.chain.context(Self.height).appHash))
    }
}

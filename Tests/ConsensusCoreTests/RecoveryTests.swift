import ConsensusCore
import NodeDomain
import NodeEncoding
import Testing

@Suite("Consensus: a chain that stands still, and how it goes on")
struct RecoveryTests {
    /// A node at height 7 of a chain of four with powers 1 to 4.
    private func halted() throws -> (Consensus, CatchUpChain) {
        let chain = CatchUpChain(6)
        var core = Consensus(chain.context(7), chain.rules, key: nil, check: CatchUpChain.check)
        let now = chain.context(7).earliest(chain.rules)
        _ = core.begin(now: now)
        return (core, chain)
    }

    private func vote(
        _ kind: VoteKind, _ round: UInt32, of place: Int, _ chain: CatchUpChain
    ) -> ConsensusEvent {
        let context = chain.context(7)
        var vote = Vote(kind: kind, height: 7, round: round, target: nil, member: UInt32(place))
        vote.signature = CatchUpChain.sign(
            SignBytes.of(vote, chain: context.chain), context.validators.members[place].key)
        return .message(.vote(vote), from: 1)
    }

    @Test("the report says what was decided last, who votes and what is missing")
    func report() throws {
        var (core, chain) = try halted()
        let now = chain.context(7).earliest(chain.rules)
        // The members with four and two seats of ten vote.
        for place in [0, 2] { _ = core.handle(vote(.prevote, 0, of: place, chain), now: now) }
        _ = core.handle(vote(.precommit, 0, of: 0, chain), now: now)
        let report = core.haltReport
        #expect(report.chain == "test-0" && report.height == 6 && report.round == 0)
        #expect(report.hash == chain.context(7).lastBlock?.hash)
        #expect(report.appHash == chain.context(7).appHash)
        #expect(report.commit == chain.context(7).lastCommit)
        #expect(report.totalPower == 10 && report.heardPower == 6 && report.lackingPower == 1)
        let members = chain.context(7).validators.members
        #expect(report.missing.map(\.key) == [members[1].key, members[3].key])
        #expect(report.members.map(\.hasPrevoted) == [true, false, true, false])
        #expect(report.members.map(\.hasPrecommitted) == [true, false, false, false])
    }

    @Test("at genesis there is a report as well, and enough votes lack nothing")
    func genesis() throws {
        let chain = CatchUpChain(1)
        var core = Consensus(chain.context(1), chain.rules, key: nil, check: CatchUpChain.check)
        _ = core.begin(now: chain.context(1).earliest(chain.rules))
        #expect(core.haltReport.height == 0 && core.haltReport.hash == nil)
        #expect(core.haltReport.lackingPower == 7)
    }

    @Test("a certificate of the revision that was left raises the alarm, once; nothing else does")
    func watch() throws {
        let chain = CatchUpChain(10)
        let context = chain.context(8)
        let block = try Block(wire: try #require(chain.encoded(8)).block)
        let reference = try #require(BlockParts(block)).reference
        func watch() -> RevisionWatch {
            RevisionWatch(
                chain: "test-0", height: 8, validators: context.validators, check: CatchUpChain.check)
        }
        let good = chain.certificate(for: block, reference, context)
        var (polka, other) = (good, good)
        polka.kind = .prevote
        other.height = 9
        for certificate in [polka, other, chain.certificate(for: block, reference, context, by: [0, 3])] {
            var watch = watch()
            #expect(watch.look(at: .message(.certificate(certificate), from: 1), now: 5) == nil)
            #expect(watch.found == nil)
        }
        for event in [ConsensusEvent.message(.certificate(good), from: 1), .decided(block, good, from: 2)] {
            var watch = watch()
            #expect(watch.look(at: event, now: 5)?.contains("two chains") == true)
            #expect(watch.found == good)
            #expect(watch.look(at: event, now: 5000) == nil)
        }
        // Strangers cannot have it check signatures all the time.
        var busy = watch()
        let weak = chain.certificate(for: block, reference, context, by: [0, 3])
        _ = busy.look(at: .message(.certificate(weak), from: 1), now: 5)
        #expect(busy.look(at: .message(.certificate(good), from: 1), now: 6) == nil)
        #expect(busy.look(at: .message(.certificate(good), from: 1), now: 1005) != nil)
    }

    @Test("a recovery's hash is of everything in it")
    func hash() {
        let seat = RecoverySeat(operator: Bytes32(1, 0, 0, 0), vrfKey: Bytes32(2, 0, 0, 0), power: 3)
        let recovery = Recovery(chain: "test", height: 9, appHash: .zero, revision: 1, seats: [seat])
        var others = [Recovery](repeating: recovery, count: 7)
        others[0].chain = "tes"
        others[1].height = 8
        others[2].appHash = Bytes32(1, 0, 0, 0)
        others[3].revision = 2
        others[4].seats[0].operator = .zero
        others[5].seats[0].vrfKey = .zero
        others[6].seats[0].power = 4
        #expect(Set((others + [recovery]).map(\.hash)).count == 8)
        #expect(
            recovery.hash
                == Recovery(chain: "test", height: 9, appHash: .zero, revision: 1, seats: [seat]).hash)
    }

    @Test("peers on a later revision are nobody's fault, and are named")
    func laterRevision() throws {
        let chain = CatchUpChain(20)
        var core = CatchUp(chain.context(5), chain.rules, check: CatchUpChain.check)
        let id = try #require(ask(core.handle(.claimed(peer: 1, height: 21), now: 1)))
        var block = try Block(wire: try #require(chain.encoded(5)).block)
        for (name, isBlamed) in [("test-1", false), ("tesu-1", true), ("test-", true)] {
            var copy = core
            block.header.chain = name
            let encoded = EncodedBlock(
                block: block.wire, certificate: try #require(chain.encoded(5)).certificate)
            let actions = copy.handle(.answered(id: id, [encoded], isLast: true), now: 2)
            #expect(actions.contains { if case .blame = $0 { true } else { false } } == isBlamed, "\(name)")
            #expect(copy.laterRevision == (isBlamed ? nil : "test-1"))
        }
    }

    @Test("before a recovery that is ahead no block behind it is asked for")
    func boundary() throws {
        let chain = CatchUpChain(20)
        var core = CatchUp(chain.context(5), chain.rules, check: CatchUpChain.check)
        core.lastHeight = 9
        let actions = core.handle(.claimed(peer: 1, height: 21), now: 1)
        guard case .ask(_, 1, 5, 5)? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        var later = CatchUp(chain.context(9), chain.rules, check: CatchUpChain.check)
        later.lastHeight = 9
        _ = later.handle(.claimed(peer: 1, height: 21), now: 1)
        let next = later.handle(.reached(chain.context(10)), now: 2)
        #expect(ask(next) != nil && later.lastHeight == nil)
    }

    private func ask(_ actions: [CatchUpAction]) -> UInt64? {
        for case .ask(let id, _, _, _) in actions { return id }
        return nil
    }
}

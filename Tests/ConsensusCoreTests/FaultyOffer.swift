import ConsensusCore
import NodeDomain
import NodeEncoding
import Testing

/// What a proposer sends at height 2 of a chain of four: all good, until a test spoils it.
struct FaultyOffer {
    var block: Block
    /// What names the block; made of the block unless a test puts another in its place.
    var reference: BlockReference?
    /// The time in the proposal; the header's unless a test says otherwise.
    var time: Timestamp?
    var polRound: UInt32?
    var polka: Certificate?
    /// Who signs the proposal.
    var signer: Bytes32
    /// What the ledger of everybody says.
    var isAccepted = true
    /// Whether the header is made to fit the body again.
    var isWhole = true

    let context: HeightContext

    /// A good offer of the first round's proposer.
    init() throws {
        context = try Self.context()
        let place = try #require(context.rotation.proposer(round: 0))
        let member = context.validators.members[place]
        signer = member.key
        block = Block(
            header: context.header(
                time: Timestamp(milliseconds: context.earliest(ConsensusRules())), proposer: member.address),
            items: [[1, 2, 3]], transactions: [[4]], lastCommit: context.lastCommit)
    }

    /// Signatures that anybody can make, so that tests can sign as everybody.
    static func sign(_ message: [UInt8], _ key: Bytes32) -> [UInt8] {
        let sum = (message + key.bytes).reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        return (0..<64).map { UInt8(truncatingIfNeeded: sum >> UInt64($0 % 8 * 8)) }
    }

    static func check(_ signature: [UInt8], _ message: [UInt8], _ key: Bytes32) -> Bool {
        signature == sign(message, key)
    }

    /// Votes of members for something, as a certificate.
    static func certificate(
        _ kind: VoteKind, _ height: UInt64, _ target: VotedBlock, _ set: ValidatorSet, by places: [Int]
    ) -> Certificate {
        var members = MemberBitmap(count: set.count)
        for place in places { members.insert(place) }
        var certificate = Certificate(
            kind: kind, height: height, round: 0, target: target, members: members, signatures: [])
        let message = certificate.signBytes(chain: "test-0")
        certificate.signatures = members.places.map { sign(message, set.members[$0].key) }
        return certificate
    }

    private static func context() throws -> HeightContext {
        let set = try validators(["a", "b", "c", "d"].map { ($0, 1) })
        let first = HeightContext(
            chain: "test-0", genesisTime: Timestamp(milliseconds: 1_800_000_000_000), appHash: .zero,
            validators: set, nextValidators: set, parametersHash: sampleKey("parameters"))
        var block = Block(
            header: first.header(time: first.lastTime, proposer: set.members[0].address), items: [[1]],
            transactions: [], lastCommit: nil)
        block.header.dataHash = block.dataHash
        block.header.evidenceHash = block.evidenceHash
        let reference = try #require(BlockParts(block)).reference
        let commit = certificate(
            .precommit, 1, VotedBlock(block: reference, time: block.header.time), set, by: [0, 1, 2, 3])
        return first.next(
            after: block, reference, commit, appHash: sampleKey("root"), resultsHash: sampleKey("results"),
            nextValidators: set, beginsTerm: false)
    }

    /// What the other three make of it: their prevotes, and all that they say of it.
    func judged() throws -> (prevotes: [VotedBlock?], words: [String]) {
        var block = block
        if isWhole {
            block.header.dataHash = block.dataHash
            block.header.evidenceHash = block.evidenceHash
            block.header.lastCommitHash = Certificate.hash(of: block.lastCommit)
        }
        let parts = try #require(BlockParts(block))
        let target = VotedBlock(block: reference ?? parts.reference, time: time ?? block.header.time)
        var proposal = Proposal(height: 2, round: 0, polRound: polRound, target: target)
        proposal.signature = Self.sign(SignBytes.of(proposal, chain: "test-0"), signer)
        var messages: [ConsensusMessage] = [.proposal(ProposalMessage(proposal: proposal, polka: polka))]
        messages += (0..<parts.count).compactMap { parts.part($0, height: 2, round: 0).map { .part($0) } }
        var (prevotes, words): ([VotedBlock?], [String]) = ([], [])
        for member in context.validators.members where member.address != context.proposer {
            var node = Consensus(context, ConsensusRules(), key: member.key, check: Self.check)
            let now = context.earliest(ConsensusRules()) + 100
            var actions = node.begin(now: now)
            var events: [ConsensusEvent] =
                messages.map { .message($0, from: 9) } + [.timeout(.round(.propose, 0))]
            while !events.isEmpty {
                actions += node.handle(events.removeFirst(), now: now)
                while !actions.isEmpty {
                    switch actions.removeFirst() {
                    case .judge(let reference, _):
                        events.insert(.judged(reference, isAccepted: isAccepted), at: 0)
                    case .sign(.vote(let vote)) where vote.kind == .prevote: prevotes.append(vote.target)
                    case .tell(let word), .blame(_, let word): words.append(word)
                    default: break
                    }
                }
            }
        }
        return (prevotes, words)
    }
}

extension HeightContext {
    /// Who proposes in the first round.
    var proposer: ValidatorAddress? {
        rotation.proposer(round: 0).map { validators.members[$0].address }
    }
}

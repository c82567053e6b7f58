import ConsensusCore
import NodeCrypto
import NodeDomain
import NodeEncoding

/// How fast blocks of the past are checked: decoded, compared with what they must follow, and their certificates' signatures verified.
struct CatchUpSpeed {
    private struct Broken: Error {}

    private let rules = ConsensusRules()
    private var blocks: [EncodedBlock] = []
    private var contexts: [HeightContext] = []

    /// A chain of empty blocks that all members signed.
    init(members: Int, blocks count: Int) throws {
        var seeds: [Bytes32: Bytes32] = [:]
        for number in 0..<members {
            let seed = Bytes32(7, 0, 0, UInt64(number) + 1)
            guard let key = Ed25519.publicKey(seed: seed) else { throw Broken() }
            seeds[key] = seed
        }
        let set = try ValidatorSet(seeds.keys.map { Validator(key: $0, power: 1) })
        var context = HeightContext(
            chain: "speed-0", genesisTime: Timestamp(milliseconds: 1), appHash: .zero, validators: set,
            nextValidators: set, parametersHash: .zero)
        for _ in 0..<count {
            contexts.append(context)
            let (block, parts) = try Self.block(on: context, rules)
            let commit = Self.commit(block, parts.reference, context, seeds)
            blocks.append(EncodedBlock(block: block.wire, certificate: commit.wire))
            context = context.next(
                after: block, parts.reference, commit, appHash: .zero, resultsHash: .zero,
                nextValidators: set, beginsTerm: false)
        }
        contexts.append(context)
    }

    private static func block(
        on context: HeightContext, _ rules: ConsensusRules
    ) throws -> (Block, BlockParts) {
        let header = context.header(
            time: Timestamp(milliseconds: context.earliest(rules)),
            proposer: context.validators.members[0].address)
        let record = [UInt8](repeating: 1, count: 81)
        var block = Block(
            header: header, items: [record], transactions: [], lastCommit: context.lastCommit)
        block.header.dataHash = block.dataHash
        block.header.evidenceHash = block.evidenceHash
        guard let parts = BlockParts(block) else { throw Broken() }
        return (block, parts)
    }

    private static func commit(
        _ block: Block, _ reference: BlockReference, _ context: HeightContext, _ seeds: [Bytes32: Bytes32]
    ) -> Certificate {
        var commit = Certificate(
            kind: .precommit, height: context.height, round: 0,
            target: VotedBlock(block: reference, time: block.header.time),
            members: MemberBitmap(count: context.validators.count), signatures: [])
        let message = commit.signBytes(chain: context.chain)
        for (place, member) in context.validators.members.enumerated() {
            commit.members.insert(place)
            let signature = seeds[member.key].flatMap { Ed25519.sign(message, seed: $0) }
            commit.signatures.append(signature ?? [])
        }
        return commit
    }

    /// Lets a node catch up with all of them.
    func blocksASecond() throws -> Int {
        guard let first = contexts.first else { throw Broken() }
        var core = CatchUp(first, rules) { Ed25519.verify($0, of: $1, by: $2) }
        let clock = ContinuousClock()
        let start = clock.now
        var waiting = core.handle(.claimed(peer: 1, height: UInt64(blocks.count) + 1), now: 1)
        var applied = 0
        while !waiting.isEmpty {
            switch waiting.removeFirst() {
            case .ask(let id, _, let from, let count):
                let range = Int(from) - 1..<Int(from) - 1 + Int(count)
                waiting += core.handle(.answered(id: id, Array(blocks[range]), isLast: true), now: 1)
            case .apply:
                applied += 1
                waiting += core.handle(.reached(contexts[applied]), now: 1)
            default: break
            }
        }
        guard applied == blocks.count else { throw Broken() }
        return Int(Double(applied) / ((clock.now - start) / .seconds(1)))
    }
}

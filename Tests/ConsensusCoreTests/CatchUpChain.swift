import ConsensusCore
import NodeDomain
import NodeEncoding
import TestSupport

/// A decided chain of small blocks, with a committee of its own in each term.
///
/// Signatures are a hash with the key: whoever makes a block here knows all keys.
struct CatchUpChain {
    static let interval: UInt64 = 1000
    let rules: ConsensusRules
    /// By height, from the first on.
    private(set) var blocks: [EncodedBlock] = []
    /// Of each height, from the first on; the last is of the height that nobody has decided.
    private(set) var contexts: [HeightContext] = []
    private let term: UInt64
    private let salt: UInt64

    /// A chain of so many blocks, each with so many bytes; `salt` makes it another one.
    init(_ count: Int, term: UInt64 = 50, salt: UInt64 = 0, blockBytes: Int = 0) {
        var rules = ConsensusRules()
        rules.interval = Self.interval
        (self.rules, self.term, self.salt) = (rules, term, salt)
        var context = HeightContext(
            chain: "test-0", genesisTime: Timestamp(milliseconds: 1_000_000), appHash: .zero,
            validators: set(1), nextValidators: set(2), parametersHash: .zero)
        contexts.append(context)
        for _ in 0..<count {
            let (block, parts) = block(on: context, blockBytes)
            let commit = certificate(for: block, parts.reference, context)
            blocks.append(EncodedBlock(block: block.wire, certificate: commit.wire))
            context = context.next(
                after: block, parts.reference, commit, appHash: Bytes32(salt, 7, 0, context.height),
                resultsHash: .zero, nextValidators: set(context.height + 2),
                beginsTerm: context.height % term == 0)
            contexts.append(context)
        }
    }

    /// Height of the last block.
    var height: UInt64 { UInt64(blocks.count) }

    func encoded(_ height: UInt64) -> EncodedBlock? {
        blocks.indices.contains(Int(height) - 1) ? blocks[Int(height) - 1] : nil
    }

    func context(_ height: UInt64) -> HeightContext { contexts[Int(height) - 1] }

    private func block(on context: HeightContext, _ bytes: Int) -> (Block, BlockParts) {
        let time = Timestamp(milliseconds: context.earliest(rules))
        var block = Block(
            header: context.header(time: time, proposer: context.validators.members[0].address),
            items: [[1, UInt8(truncatingIfNeeded: context.height)]],
            transactions: bytes == 0 ? [] : [[UInt8](repeating: 9, count: bytes)],
            lastCommit: context.lastCommit)
        block.header.dataHash = block.dataHash
        block.header.evidenceHash = block.evidenceHash
        guard let parts = BlockParts(block) else { preconditionFailure("a block of a test is too large") }
        return (block, parts)
    }

    /// Who decides on a height: other members in each term.
    private func set(_ height: UInt64) -> ValidatorSet {
        let number = (height - 1) / term
        let members = (1...4).map {
            Validator(key: Bytes32(salt, number, 0, $0), power: Int64(number % 3 + $0))
        }
        guard let set = try? ValidatorSet(members) else { preconditionFailure("a set of a test is none") }
        return set
    }

    func certificate(
        for block: Block, _ reference: BlockReference, _ context: HeightContext,
        by members: [Int] = [0, 1, 2, 3]
    ) -> Certificate {
        var certificate = Certificate(
            kind: .precommit, height: context.height, round: 0,
            target: VotedBlock(block: reference, time: block.header.time),
            members: MemberBitmap(count: 4), signatures: [])
        let message = certificate.signBytes(chain: context.chain)
        for place in members {
            certificate.members.insert(place)
            certificate.signatures.append(Self.sign(message, context.validators.members[place].key))
        }
        return certificate
    }

    static func sign(_ message: [UInt8], _ key: Bytes32) -> [UInt8] {
        var hash = key.word0 &* 3 ^ key.word1 &* 5 ^ key.word3 &* 0x9e37_79b9_7f4a_7c15
        for byte in message { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return withUnsafeBytes(of: hash) { Array($0) } + [UInt8](repeating: 1, count: 56)
    }

    static func check(_ signature: [UInt8], _ message: [UInt8], _ key: Bytes32) -> Bool {
        signature == sign(message, key)
    }
}

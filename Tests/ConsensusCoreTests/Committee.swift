import ConsensusCore
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing

/// A committee with its secret keys.
struct Committee {
    let set: ValidatorSet
    private let seeds: [Bytes32: Bytes32]

    /// Members of these powers; `salt` makes them others.
    init(_ powers: [Int64], salt: UInt64 = 0) throws {
        var seeds: [Bytes32: Bytes32] = [:]
        let members = try powers.enumerated().map { place, power in
            let seed = Bytes32(salt, 0, 0, UInt64(place) + 1)
            let key = try #require(Ed25519.publicKey(seed: seed))
            seeds[key] = seed
            return Validator(key: key, power: power)
        }
        set = try ValidatorSet(members)
        self.seeds = seeds
    }

    /// Votes of the members at some places, all when none are named.
    func certificate(
        _ kind: VoteKind = .precommit, for block: BlockHeader, round: UInt32 = 0, by places: [Int]? = nil
    ) throws -> Certificate {
        let reference = BlockReference(hash: block.hash, partsTotal: 1, partsHash: block.hash)
        var certificate = Certificate(
            kind: kind, height: block.height, round: round,
            target: VotedBlock(block: reference, time: block.time),
            members: MemberBitmap(count: set.count), signatures: [])
        let message = certificate.signBytes(chain: block.chain)
        for place in (places ?? Array(0..<set.count)).sorted() {
            let seed = try #require(seeds[set.members[place].key])
            certificate.members.insert(place)
            certificate.signatures.append(try #require(Ed25519.sign(message, seed: seed)))
        }
        return certificate
    }

    /// A header that this committee decides on.
    func header(height: UInt64, time: Int64, next: ValidatorSet? = nil) -> BlockHeader {
        var header = BlockHeader(
            blockVersion: 11, appVersion: 1, chain: "test-0", height: height,
            time: Timestamp(seconds: time, nanoseconds: 5), lastBlock: nil, proposer: set.members[0].address)
        header.validatorsHash = set.hash
        header.nextValidatorsHash = next?.hash ?? set.hash
        return header
    }
}

/// The check that nodes use.
func ed25519(_ signature: [UInt8], _ message: [UInt8], _ key: Bytes32) -> Bool {
    Ed25519.verify(signature, of: message, by: key)
}

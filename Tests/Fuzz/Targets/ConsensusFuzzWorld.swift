import ConsensusCore
import NodeCrypto
import NodeDomain
import NodeEncoding

/// What members of a committee and light clients read: what is read is written alike, and what is built from it does not trap.
enum ConsensusFuzzWorld {
    static func run(_ input: UnsafeRawBufferPointer) {
        let bytes = [UInt8](input)
        switch bytes.first {
        case Block.wireTag: block(bytes)
        case LightBlock.wireTag: lightBlock(bytes)
        default: message(bytes)
        }
    }

    private static func message(_ bytes: [UInt8]) {
        guard let message = try? ConsensusMessage(wire: bytes) else { return }
        precondition(message.wire == bytes, "written otherwise than read")
        switch message {
        case .vote(let vote): _ = SignBytes.of(vote, chain: "fuzz-0")
        case .proposal(let message): _ = SignBytes.of(message.proposal, chain: "fuzz-0")
        case .certificate(let certificate): check(certificate)
        case .part(let part): add(part)
        case .status: break
        }
    }

    private static func check(_ certificate: Certificate) {
        precondition(certificate.votes.count == certificate.signatures.count, "votes without signatures")
        for set in sets {
            let isProved =
                (try? set.verify(certificate, chain: "fuzz-0") { signature, _, _ in signature[0] == 1 })
                != nil
            precondition(
                !isProved || set.isQuorum(set.power(of: certificate.members)), "proved without a quorum")
        }
    }

    private static func add(_ part: BlockPart) {
        let reference = BlockReference(
            hash: .zero, partsTotal: part.total, partsHash: MerkleTree.leafHash(part.bytes))
        guard var set = PartSet(reference) else { preconditionFailure("a part of a block that is none") }
        if set.add(part) == .added, set.isComplete { _ = try? set.block() }
    }

    private static func block(_ bytes: [UInt8]) {
        guard let block = try? Block(wire: bytes) else { return }
        precondition(block.wire == bytes, "written otherwise than read")
        _ = block.isWhole
        guard let parts = BlockParts(block), let part = parts.part(0, height: 1, round: 0),
            var set = PartSet(parts.reference)
        else { preconditionFailure("a block that cannot be cut") }
        precondition(set.add(part) == .added, "its own part is refused")
    }

    private static func lightBlock(_ bytes: [UInt8]) {
        guard let block = try? LightBlock(wire: bytes) else { return }
        precondition(block.wire == bytes, "written otherwise than read")
        var rotation = ProposerRotation(of: block.set)
        for _ in 0..<3 { rotation.increment() }
        precondition(rotation.proposer != nil, "nobody proposes")
        let checkpoint = LightCheckpoint(
            height: block.header.height, hash: block.header.hash, setHash: block.header.validatorsHash)
        _ = try? LightChain(blocks: [block, block]).verified(
            from: checkpoint, now: block.header.time, by: { signature, _, _ in signature[0] < 128 })
    }

    // MARK: - Seeds

    private static let sets: [ValidatorSet] = [1, 4, 9].compactMap { count in
        try? ValidatorSet((1...count).map { Validator(key: Bytes32(0, 0, 0, UInt64($0)), power: Int64($0)) })
    }

    static func seeds() -> [[UInt8]] {
        let id = Bytes32(1, 2, 3, 4)
        let signature = [UInt8](repeating: 1, count: 64)
        let header = header()
        let target = VotedBlock(
            block: BlockReference(hash: header.hash, partsTotal: 1, partsHash: id), time: header.time)
        let votes = VoteKind.allCases.map { kind in
            Vote(
                kind: kind, height: 70, round: 1, target: kind == .prevote ? target : nil, member: 3,
                signature: signature
            ).wire
        }
        let certificates = sets.flatMap { set in
            VoteKind.allCases.map { certificate($0, target, set.count, signature) }
        }
        let proposals = [nil, 1].map { polRound in
            ProposalMessage(
                proposal: Proposal(
                    height: 70, round: 2, polRound: polRound, target: target, signature: signature),
                polka: polRound == nil ? nil : certificates[0]
            ).wire
        }
        let part = BlockPart(height: 70, round: 1, index: 0, total: 1, bytes: [6, 1, 2], proof: [])
        var status = ConsensusStatus(
            height: 70, round: 1, step: .precommit, parts: MemberBitmap(count: 3),
            prevotes: MemberBitmap(count: 9), precommits: MemberBitmap(count: 0))
        status.prevotes.insert(8)
        let block = Block(
            header: header, items: [[1, 2], [2, 3]], transactions: [[0, 1]], lastCommit: certificates[3])
        let light = sets.map { set in
            var header = header
            (header.validatorsHash, header.nextValidatorsHash) = (set.hash, set.hash)
            var target = target
            target.block.hash = header.hash
            return LightBlock(
                header: header, set: set, commit: certificate(.precommit, target, set.count, signature),
                nextSet: set.count == 4 ? set : nil
            ).wire
        }
        return votes + certificates.map(\.wire) + proposals + [part.wire, status.wire, block.wire] + light
    }

    private static func header() -> BlockHeader {
        let id = Bytes32(1, 2, 3, 4)
        var header = BlockHeader(
            blockVersion: 11, appVersion: 1, chain: "fuzz-0", height: 70,
            time: Timestamp(seconds: 1_800_000_000, nanoseconds: 5),
            lastBlock: BlockReference(hash: id, partsTotal: 2, partsHash: id), proposer: .zero)
        (header.validatorsHash, header.appHash) = (id, id)
        return header
    }

    private static func certificate(
        _ kind: VoteKind, _ target: VotedBlock, _ count: Int, _ signature: [UInt8]
    ) -> Certificate {
        var members = MemberBitmap(count: count)
        for place in 0..<count { members.insert(place) }
        return Certificate(
            kind: kind, height: 70, round: 1, target: target, members: members,
            signatures: [[UInt8]](repeating: signature, count: count))
    }
}

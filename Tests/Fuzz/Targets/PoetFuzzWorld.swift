import Foundation
import NodeDomain
import NodeEncoding
import NodePoet
import PoetClient
import PoetCore

/// What a PoET reads of others, and of its own files after a crash: registrations, answers, certificates,
/// proofs, rounds.
enum PoetFuzzWorld {
    private static let decoders = 8

    /// The first byte chooses a decoder, the rest is its bytes.
    static func run(_ input: UnsafeRawBufferPointer) {
        guard let choice = input.first else { return }
        let bytes = [UInt8](input.dropFirst())
        switch Int(choice) % decoders {
        case 0: whole(bytes, RoundBeginning.init(bytes:), \.bytes)
        case 1: whole(bytes, WorkCheckpoint.init(bytes:), \.bytes)
        case 2: whole(bytes, ProofRecord.init(bytes:), \.bytes)
        case 3: whole(bytes, { try? PoetCertificate(scale: $0) }, \.scale)
        case 4: members(bytes)
        case 5: proof(bytes)
        case 6: request(bytes)
        default: answer(bytes)
        }
    }

    /// What is read is written alike.
    private static func whole<Value>(
        _ bytes: [UInt8], _ read: ([UInt8]) -> Value?, _ write: (Value) -> [UInt8]
    ) {
        // Behind a right checksum too: the fuzzer could not guess it.
        for bytes in [bytes, CheckedFrames.frame(bytes)] {
            guard let value = read(bytes) else { continue }
            precondition(write(value) == bytes, "written otherwise than read")
        }
    }

    private static func members(_ bytes: [UInt8]) {
        let read = MemberRecord.read(bytes)
        precondition(read.goodBytes <= bytes.count, "more is good than there is")
        let again = MemberRecord.read(Array(bytes.prefix(read.goodBytes)))
        precondition(again == read, "the good part reads otherwise")
    }

    /// A proof of any form is judged; with two leaves shown, as 150 would take too long.
    private static func proof(_ bytes: [UInt8]) {
        var reader = ScaleReader(bytes)
        guard let leafCount = try? reader.compact(), let root = try? reader.bytes32(),
            let leaves = try? reader.nodes(limit: PoetProof.shownLeaves),
            let nodes = try? reader.nodes(limit: PoetProof.mostNodes)
        else { return }
        let proof = WorkProof(root: root, leaves: leaves, nodes: nodes, leafCount: leafCount)
        _ = proof.reference
        let isValid = (try? proof.check(statement: [1, 2, 3], shown: 2)) != nil
        precondition(!isValid || leaves.count == min(2, Int(clamping: leafCount)), "too few leaves are taken")
    }

    private static func request(_ bytes: [UInt8]) {
        guard let request = try? PoetJSON.read(PoetJSON.SubmitRequest.self, Data(bytes)) else { return }
        if let deadline = request.deadline { _ = MomentText.milliseconds(deadline) }
        guard let written = try? PoetJSON.bytes(request) else { return }
        let again = try? PoetJSON.read(PoetJSON.SubmitRequest.self, written)
        precondition(again == request, "read otherwise than written")
    }

    private static func answer(_ bytes: [UInt8]) {
        let data = Data(bytes)
        _ = try? PoetJSON.read(PoetJSON.InfoReply.self, data)
        _ = try? PoetJSON.read(PoetJSON.SubmitReply.self, data)
        _ = try? PoetJSON.read(PoetJSON.WorkReply.self, data)
        guard let reply = try? PoetJSON.read(PoetJSON.ProofReply.self, data),
            let (work, members) = try? reply.proof.values()
        else { return }
        precondition(work.leaves.count == reply.proof.proof.provenLeaves?.count ?? 0, "other leaves")
        precondition(members.challenges.count == reply.proof.members?.count, "other members")
    }

    // MARK: - Seeds

    static func seeds() -> [[UInt8]] {
        let id = Bytes32(1, 2, 3, 4)
        guard let members = Membership([id, .zero, .largest]) else { return [] }
        var (work, roots) = (SequentialWork(PoetLabels(statement: [1, 2, 3]), layer: 0), [Bytes32]())
        for _ in 0..<5 { roots.append(work.work()) }
        guard var assembly = ProofAssembly(of: work, shown: 2) else { return [] }
        for root in roots { assembly.take(root) }
        guard let proof = try? assembly.finish() else { return [] }
        let files = [
            RoundBeginning(epoch: 7, challenge: id, members: members).bytes,
            WorkCheckpoint(work, statement: id).bytes,
            ProofRecord(epoch: 7, challenge: nil, members: members, proof: proof).bytes,
        ].map { Array($0.dropFirst(CheckedFrames.head)) }
        let certificates = [nil, 1_800_000_000].map { PoetCertificate(node: id, expiry: $0).scale }
        var writer = ScaleWriter()
        writer.writeCompact(proof.leafCount)
        writer.write(proof.root)
        writer.write(proof.leaves)
        writer.write(proof.nodes)
        let records =
            MemberRecord.bytes(node: id, challenge: .zero) + MemberRecord.bytes(node: .zero, challenge: id)
        return files.enumerated().map { [UInt8($0.offset)] + $0.element }
            + certificates.map { [3] + $0 } + [[4] + records, [5] + writer.bytes] + texts(proof, members)
    }

    private static func texts(_ proof: WorkProof, _ members: Membership) -> [[UInt8]] {
        let key = Data(Bytes32.largest.bytes)
        var request = PoetJSON.SubmitRequest(
            challenge: key, pubkey: key, prefix: Data([1, 2]), signature: key + key)
        request.nonce = NumberText(1 << 60)
        request.powParams = PoetJSON.WorkTerms(challenge: key, difficulty: 20)
        request.deadline = "2026-01-01T00:00:00.123456789Z"
        request.certificate = PoetJSON.Certificate(data: key, signature: key)
        let reply = PoetJSON.ProofReply(
            proof: PoetJSON.RoundProof(proof, members: members), pubkey: key)
        let others = [
            #"{"nonce":5,"pow_params":{"challenge":"AA==","difficulty":1},"challenge":"","pubkey":"","signature":""}"#,
            #"{"roundId":"3","roundEnd":"1234.5s"}"#,
            #"{"servicePubkey":"AA==","phaseShift":"864000s","certifier":{"url":"x","pubkey":"AA=="}}"#,
        ].map { Array($0.utf8) }
        return [[6] + [UInt8]((try? PoetJSON.bytes(request)) ?? Data()), [6] + others[0]]
            + [[7] + [UInt8]((try? PoetJSON.bytes(reply)) ?? Data()), [7] + others[1], [7] + others[2]]
    }
}

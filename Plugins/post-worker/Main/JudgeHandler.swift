internal import NodeBus
internal import NodeDomain
internal import NodeProtocol
internal import PostWorkerCore
internal import PostWorkerPlots
internal import SwiftProtobuf
internal import Synchronization

/// Judges proofs for others.
final class JudgeHandler: Sendable {
    private let pool: JudgePool?
    private let book: Mutex<VerdictBook>
    private let queue: Int

    init(_ state: WorkerState) {
        let settings = state.settings
        pool =
            settings.verifyThreads == 0
            ? nil : JudgePool(threads: settings.verifyThreads, randomX: state.randomX)
        book = Mutex(VerdictBook(cache: settings.verifyCache, queue: settings.verifyQueue))
        queue = settings.verifyQueue
    }

    func serve(on bus: BusClient) {
        bus.serve(PostContract.verify) { [self] request, _ in try await judge(request) }
    }

    private func judge(
        _ request: Spacenode_Post_V1_VerifyRequest
    ) async throws -> Spacenode_Post_V1_VerifyReply {
        guard let pool else {
            throw WorkRefusal("this worker judges no proofs: verify_threads in its post-worker.yaml is 0")
        }
        let job = try request.job()
        let key = VerdictBook.key(of: try request.serializedBytes())
        switch book.withLock({ $0.ask(key) }) {
        case .known(let verdict):
            return reply(verdict, isKnown: true)
        case .busy:
            throw WorkRefusal("BUSY: \(queue) proofs are being judged: ask again, or another worker")
        case .judge:
            do {
                let verdict = VerdictBook.Verdict(try await pool.judge(job))
                book.withLock { $0.finish(key, verdict) }
                return reply(verdict, isKnown: false)
            } catch {
                book.withLock { $0.finish(key, nil) }
                throw error
            }
        }
    }

    private func reply(_ verdict: VerdictBook.Verdict, isKnown: Bool) -> Spacenode_Post_V1_VerifyReply {
        var reply = Spacenode_Post_V1_VerifyReply()
        reply.valid = verdict.refusal == nil
        reply.reason = verdict.refusal?.description ?? ""
        if let index = verdict.refusal?.index { reply.index = index }
        reply.cached = isKnown
        return reply
    }
}

extension Spacenode_Post_V1_VerifyRequest {
    /// What is to be judged, within its limits.
    /// - Throws: `WorkRefusal`.
    fileprivate func job() throws -> JudgeCase {
        let plot = try plot.plot()
        let challenge = try WorkCheck.bytes("challenge", [UInt8](challenge))
        let k2 = Int(try WorkCheck.number("rules.k2", rules.k2, 1...UInt32(UInt16.max)))
        _ = try WorkCheck.number("the length of indices", indices.count, 0...WorkLimit.indexBytes)
        _ = try WorkCheck.number(
            "the length of seed", seed.count, (sample == 0 ? 0 : 1)...WorkLimit.seedBytes)
        let most = rules.maxUnits == 0 ? UInt32.max : rules.maxUnits
        let least = try WorkCheck.number("rules.min_units", max(rules.minUnits, 1), 1...most)
        try WorkCheck.cost(k2: k2, sample: sample, scryptN: plot.scryptN)
        let rules = ProofRules(
            k1: rules.k1, k2: k2,
            powDifficulty: try WorkCheck.bytes("rules.pow_difficulty", [UInt8](rules.powDifficulty)),
            units: least...most)
        let verifier =
            imported
            ? ProofVerifier(importing: .strict, rules: rules)
            : ProofVerifier(
                rules: rules,
                chain: ChainRules(
                    maxNonces: try WorkCheck.number("rules.max_nonces", self.rules.maxNonces, 1...4096)))
        return JudgeCase(
            verifier: verifier, proof: PostProof(nonce: nonce, indices: [UInt8](indices), pow: pow),
            plot: plot,
            challenge: challenge,
            sample: sample == 0 ? .all : .some(Int(sample), seed: [UInt8](seed)))
    }
}

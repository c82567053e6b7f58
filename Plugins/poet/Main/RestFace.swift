internal import Foundation
internal import NodeDomain
internal import NodePoet
internal import PoetClient
internal import PoetCore

/// The original's REST API over the rounds (spec: post-poet, §4.7).
struct RestFace: Sendable {
    let desk: Desk
    /// Named in `/v1/info`; nil: none.
    let certifierURL: String?

    func answer(_ request: RestRequest) async -> RestReply {
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true)
        switch (request.method, parts) {
        case ("GET", ["v1", "info"]): return info()
        case ("GET", ["v1", "pow_params"]): return workTerms()
        case ("POST", ["v1", "submit"]): return await submit(request.body)
        case ("GET", let path) where path.count == 3 && path.starts(with: ["v1", "proofs"]):
            return proof(String(path[2]))
        case (_, ["v1", "info"]), (_, ["v1", "pow_params"]), (_, ["v1", "submit"]):
            return RestReply(.unimplemented, "\(request.method) is not the method of \(request.path)")
        default:
            return RestReply(
                .notFound,
                "there is no \(request.path): /v1/info, /v1/pow_params, /v1/submit, /v1/proofs/ROUND")
        }
    }

    private func info() -> RestReply {
        let (rounds, leaves) = desk.state
        var reply = PoetJSON.InfoReply()
        reply.servicePubkey = Data(rounds.server.bytes)
        reply.phaseShift = DurationText(milliseconds: rounds.terms.phase)
        reply.cycleGap = DurationText(milliseconds: rounds.terms.gap)
        reply.certifier = rounds.admission.rules.certifier.map {
            PoetJSON.Certifier(url: certifierURL, pubkey: Data($0.bytes))
        }
        reply.openRoundId = rounds.open.map { "\($0.epoch)" }
        reply.executingRoundId = rounds.busy.map { "\($0.epoch)" }
        reply.openRound = rounds.open.flatMap { span($0, rounds) }
        reply.executingRound = rounds.busy.flatMap { span($0, rounds) }
        if rounds.busy != nil { reply.leaves = NumberText(leaves) }
        return RestReply(reply)
    }

    private func span(_ round: Round, _ rounds: Rounds) -> PoetJSON.Span? {
        rounds.span(of: round).map { PoetJSON.Span(id: "\(round.epoch)", start: $0.begin, end: $0.end) }
    }

    private func workTerms() -> RestReply {
        let admission = desk.state.rounds.admission
        let challenge = admission.workChallenges.first ?? .zero
        return RestReply(
            PoetJSON.WorkReply(
                PoetJSON.WorkTerms(
                    challenge: Data(challenge.bytes), difficulty: UInt32(clamping: admission.rules.difficulty)
                )))
    }

    private func proof(_ text: String) -> RestReply {
        let rounds = desk.state.rounds
        guard let epoch = UInt32(text) else {
            return RestReply(.invalid, "\(text.prefix(40)) is no round: rounds have numbers")
        }
        switch rounds.round(epoch)?.phase {
        case .proved(let members, let proof):
            return RestReply(
                PoetJSON.ProofReply(
                    proof: PoetJSON.RoundProof(proof, members: members), pubkey: Data(rounds.server.bytes)))
        case .given(let reason):
            return RestReply(.notFound, "round \(epoch) will have no proof: \(reason)")
        case .open, .working, .proving:
            return RestReply(.notFound, "round \(epoch) has no proof yet: ask again when it has ended")
        case nil: return RestReply(.notFound, "round \(epoch) is not known here")
        }
    }

    // MARK: - Registration

    private func submit(_ body: Data) async -> RestReply {
        let submission: Submission
        do {
            submission = try Submission(try PoetJSON.read(PoetJSON.SubmitRequest.self, body))
        } catch let fault as FieldFault {
            return RestReply(.invalid, fault.text)
        } catch {
            return RestReply(
                .invalid,
                "the body is no registration: JSON with challenge, pubkey, prefix and signature in base 64")
        }
        switch await desk.submit(submission) {
        case .success(let registered):
            return RestReply(
                PoetJSON.SubmitReply(
                    roundId: "\(registered.round)", roundEnd: DurationText(milliseconds: registered.endsIn)))
        case .failure(let refusal): return RestReply(refusal.kind, "\(refusal)")
        }
    }
}

/// Why a field of a registration cannot be read.
private struct FieldFault: Error {
    let text: String
}

extension SubmissionRefusal {
    fileprivate var kind: RestReply.Failure {
        switch self {
        case .closed: .unavailable
        case .late, .prefix, .workTerms, .work: .invalid
        case .signature, .certificate: .unauthenticated
        case .conflict: .exists
        case .full: .exhausted
        }
    }
}

extension Submission {
    fileprivate init(_ request: PoetJSON.SubmitRequest) throws {
        guard let node = Bytes32(request.pubkey) else {
            throw FieldFault(text: "pubkey has 32 bytes, not \(request.pubkey.count)")
        }
        guard let challenge = Bytes32(request.challenge) else {
            throw FieldFault(text: "challenge has 32 bytes, not \(request.challenge.count)")
        }
        self.init(
            node: node, challenge: challenge, prefix: [UInt8](request.prefix ?? Data()),
            signature: [UInt8](request.signature))
        nonce = request.nonce?.value ?? 0
        workChallenge = [UInt8](request.powParams?.challenge ?? Data())
        difficulty = Int(request.powParams?.difficulty ?? 0)
        certificate = request.certificate.map {
            Certificate(data: [UInt8]($0.data), signature: [UInt8]($0.signature))
        }
        if let text = request.deadline {
            guard let moment = MomentText.milliseconds(text) else {
                throw FieldFault(text: "deadline is no moment of RFC 3339, such as 2026-01-01T00:00:00Z")
            }
            deadline = moment
        }
    }
}

internal import NodeCrypto
package import NodeDomain
internal import NodePoet

/// Whose challenges a PoET takes besides the chain's own.
package struct AdmissionRules: Hashable, Sendable {
    /// Leading zero bits of a registration's proof of work; 0: none is needed.
    package var difficulty = 20
    /// Whose certificates are taken in place of work; nil: nobody's.
    package var certifier: Bytes32?
    /// Members of a round.
    package var mostMembers = 65_536

    /// The defaults of config/poet.yaml.
    package init() {}
}

/// Judges registrations: everything but whether there is room.
package struct Admission: Sendable {
    /// Whose challenges are taken.
    package let rules: AdmissionRules
    /// What proofs of work may be of: the root of the last proof, and of the one before.
    package internal(set) var workChallenges: [Bytes32]

    /// Without any proof yet, proofs of work are of zeros.
    package init(_ rules: AdmissionRules, workChallenges: [Bytes32] = [.zero]) {
        self.rules = rules
        self.workChallenges = workChallenges
    }

    /// A proof is there: new registrations work on its root.
    mutating func proved(root: Bytes32) {
        workChallenges = [root] + workChallenges.prefix(1)
    }

    /// Whether it may be a member; cheap checks first.
    ///
    /// - Parameter isOwn: the challenge is the chain's, which is a member anyhow.
    func check(_ submission: Submission, isOwn: Bool, now: UInt64) throws(SubmissionRefusal) {
        guard submission.prefix.count <= Submission.longestPrefix else {
            throw .prefix(submission.prefix.count)
        }
        if !isOwn { try checkRight(submission, now) }
        let signed = submission.prefix + submission.challenge.bytes
        guard Ed25519.verify(submission.signature, of: signed, by: submission.node) else { throw .signature }
    }

    /// A certificate, or work.
    private func checkRight(_ submission: Submission, _ now: UInt64) throws(SubmissionRefusal) {
        if let certifier = rules.certifier, let certificate = submission.certificate {
            guard
                PoetCertificate.holds(
                    certificate.data, signature: certificate.signature, certifier: certifier,
                    node: submission.node, at: now / 1000)
            else { throw .certificate }
            return
        }
        guard rules.difficulty > 0 else { return }
        guard submission.difficulty >= rules.difficulty,
            let challenge = workChallenges.first(where: { $0.bytes == submission.workChallenge })
        else { throw .workTerms }
        let work = SubmitWork(
            serverChallenge: challenge.bytes, node: submission.node, challenge: submission.challenge.bytes)
        guard work.holds(nonce: submission.nonce, difficulty: rules.difficulty) else { throw .work }
    }
}

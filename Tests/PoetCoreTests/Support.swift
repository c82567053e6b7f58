import NodeCrypto
import NodeDomain
import NodePoet
import PoetCore
import Testing

/// Minutes of a network whose epochs are as devnet's.
let terms = RoundTerms(phase: 10_000, work: 20_000, epochTime: 60_000, fewestLeaves: 1_024)
/// Start of epoch 0.
let genesis: UInt64 = 1_000_000
let server = Bytes32(hexadecimal: String(repeating: "77", count: 32)) ?? .zero
let challenges = (0..<8).map { Bytes32(0xc, 0, 0, $0) }

/// Somebody who registers.
struct Registrant {
    let seed: Bytes32
    let key: Bytes32

    init(_ number: UInt64) {
        seed = Bytes32(number, 1, 2, 3)
        key = Ed25519.publicKey(seed: seed) ?? .zero
    }

    func submission(_ challenge: Bytes32, prefix: [UInt8] = [1, 2, 4]) -> Submission {
        Submission(
            node: key, challenge: challenge, prefix: prefix,
            signature: Ed25519.sign(prefix + challenge.bytes, seed: seed) ?? [])
    }
}

/// A PoET that is driven by hand.
struct World {
    var rounds: Rounds
    var now = genesis
    var actions: [RoundAction] = []

    init(difficulty: Int = 0, mostMembers: Int = 4, stored: [Round] = []) {
        var rules = AdmissionRules()
        rules.difficulty = difficulty
        rules.mostMembers = mostMembers
        rounds = Rounds(server: server, terms: terms, rules: rules, stored: stored)
    }

    /// What the event brings, without what is told.
    @discardableResult
    mutating func handle(_ event: RoundEvent, at now: UInt64? = nil) -> [RoundAction] {
        self.now = now ?? self.now
        let new = rounds.handle(event, now: self.now).filter {
            if case .tell = $0 { return false }
            return true
        }
        actions += new
        return new
    }

    /// The chain is in an epoch that began on time; with a proof of it the next challenge is known.
    @discardableResult
    mutating func chain(_ epoch: UInt32, isProved: Bool = false, start: UInt64? = nil) -> [RoundAction] {
        handle(
            .chain(
                ChainView(
                    epoch: epoch, start: start ?? genesis + UInt64(epoch) * 60_000,
                    challenge: challenges[Int(epoch)],
                    nextChallenge: isProved ? challenges[Int(epoch) + 1] : nil)))
    }

    /// The answer to a registration.
    mutating func register(_ submission: Submission) throws -> Result<Registered, SubmissionRefusal> {
        let answers = handle(.submitted(submission, call: 5)).compactMap { action in
            if case .answer(5, let result) = action { return result }
            return nil
        }
        try #require(answers.count == 1)
        return answers[0]
    }
}

func members(_ list: [Bytes32]) throws -> Membership { try #require(Membership(list)) }

internal import ConsensusCore
internal import NodeDomain
internal import NodeEncoding

/// A process of consensus with its disk, its signer and its ledger.
struct SimNode {
    /// What a member does.
    enum Character {
        case honest, twin, liar
    }

    /// A decided block on the disk.
    struct Stored {
        let block: Block
        let reference: BlockReference
        let commit: Certificate
    }

    let place: Int
    let character: Character
    var key: Bytes32 { SimSignature.key(place) }
    var engine: Consensus?
    /// Grows with each start: what was on its way to an earlier life is dropped.
    var life = 0
    /// Bytes of the log that are on the disk, and those that a crash can lose.
    var durable: [UInt8] = []
    var pending: [UInt8] = []
    var blocks: [Stored] = []
    /// What the ledger has applied: the context of the height after each block; the first is genesis.
    var contexts: [HeightContext]
    /// The signer's last word, which it never forgets.
    var lastWord: SignedWord?
    var lastSignature: [UInt8] = []
    var skew: Int64 = 0
    /// A crash is due at this write or flush; counted over the node's lives.
    var crashAt: Int?
    var steps = 0

    init(place: Int, character: Character, genesis: HeightContext) {
        self.place = place
        self.character = character
        contexts = [genesis]
    }

    /// The signer: each height, round and step once, or the same again.
    mutating func sign(_ word: SignedWord, _ chain: String) -> SignedWord? {
        guard character == .honest else { return word.signed(by: key, chain) }
        if let lastWord {
            if word.order < lastWord.order { return nil }
            if word.order == lastWord.order, word != lastWord { return nil }
        }
        lastWord = word
        return word.signed(by: key, chain)
    }
}

extension SignedWord {
    /// With a signature of the simulator.
    func signed(by key: Bytes32, _ chain: String) -> SignedWord {
        switch self {
        case .vote(var vote):
            vote.signature = SimSignature.sign(SignBytes.of(vote, chain: chain), key)
            return .vote(vote)
        case .proposal(var proposal):
            proposal.signature = SimSignature.sign(SignBytes.of(proposal, chain: chain), key)
            return .proposal(proposal)
        }
    }
}

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
    /// A block that was written and not flushed.
    var pendingBlock: Stored?
    /// What the ledger has applied: the context of the height after each block; the first is genesis.
    var contexts: [HeightContext]
    var signer = SimSigner()
    var skew: Int64 = 0
    /// What shall happen to it at the next place where it can.
    var armed: SimCrash?
    /// A crash is due at this write or flush; counted over the node's lives.
    var crashAt: SimBoundary?
    var steps = 0

    init(place: Int, character: Character, genesis: HeightContext) {
        self.place = place
        self.character = character
        contexts = [genesis]
    }
}

/// How a node stops.
enum SimCrash: CaseIterable {
    /// At once.
    case now
    /// At the next append, which fails: nothing that follows it leaves.
    case fullDisk
    /// When the signer has its next answer on the disk and has not given it.
    case unanswered
    /// The same, but only the signer stops: it is asked again.
    case signerAlone
}

/// A place at which a run is cut.
package struct SimBoundary: Sendable, Hashable {
    /// The number of the write, flush or rename, from 1, counted over the node's lives.
    package var step: Int
    /// Only the signer stops, where the boundary is one of its own.
    package var isSignerAlone: Bool

    /// A boundary by its number.
    package init(step: Int, isSignerAlone: Bool = false) {
        self.step = step
        self.isSignerAlone = isSignerAlone
    }
}

/// The signer's record: each height, round and step once, or the same again.
struct SimSigner {
    /// What is on the disk.
    private(set) var record: SignedWord?
    /// What was renamed into its place, in a folder that was not flushed.
    private var renamed: SignedWord?

    enum Opinion {
        case new, same, refused
    }

    func opinion(of word: SignedWord) -> Opinion {
        guard let record else { return .new }
        if word.order > record.order { return .new }
        return word == record ? .same : .refused
    }

    mutating func rename(_ word: SignedWord) { renamed = word }

    mutating func flush() {
        record = renamed ?? record
        renamed = nil
    }

    /// Of a rename that was not flushed either name may be there.
    mutating func crash(isKept: Bool) {
        if isKept { record = renamed ?? record }
        renamed = nil
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

package import NodeDomain

/// A start behind a restored state: the next block comes from peers, as only its header says what the chain was before.
///
/// The state holds who decides on that block, so its certificate proves it; whether the state itself is the chain's is for whoever restored it.
/// Peers are asked one after the other as they are heard of, again after a pause.
package struct RestoredStart {
    /// Peers that are remembered at most.
    package static let mostPeers = 64
    /// Milliseconds until a peer is asked again.
    package static let pause: UInt64 = 5_000

    /// What to do.
    package enum Action: Hashable, Sendable {
        /// Ask a peer for one block.
        case ask(id: UInt64, peer: UInt64, height: UInt64)
        /// It is here; nothing more is to be asked.
        case found(CertifiedBlock)
        /// No honest peer sends what this one sent.
        case blame(peer: UInt64, String)
        /// The chain went on under a later revision, by a recovery that this node does not have.
        case revision(String)
        /// The committee that the state names decided on another state: this one is not the chain's.
        case otherState(Bytes32)
    }

    private struct Asked: Sendable {
        let peer: UInt64
        var id: UInt64 = 0
        /// Not to be asked before.
        var until: UInt64 = 0
        var isBlamed = false
    }

    private let chain: String
    private let height: UInt64
    private let appHash: Bytes32
    private let validators: ValidatorSet
    private let check: SignatureCheck
    private var lastID: UInt64
    private var peers: [Asked] = []

    /// - Parameters:
    ///   - chain: with its revision.
    ///   - height: the one after that of the state.
    ///   - appHash: root of the state.
    ///   - validators: who decides on that height, as the state says.
    ///   - lastID: requests have higher numbers.
    package init(
        chain: String, height: UInt64, appHash: Bytes32, validators: ValidatorSet, lastID: UInt64,
        check: @escaping SignatureCheck
    ) {
        self.chain = chain
        self.height = height
        self.appHash = appHash
        self.validators = validators
        self.lastID = lastID
        self.check = check
    }

    /// Peers that were heard of, for people.
    package var heard: Int { peers.count }

    /// A peer said something, whatever it is.
    package mutating func heard(of peer: UInt64, now: UInt64) -> Action? {
        let place: Int
        if let known = peers.firstIndex(where: { $0.peer == peer }) {
            place = known
        } else {
            guard peer != 0, peers.count < Self.mostPeers else { return nil }
            place = peers.count
            peers.append(Asked(peer: peer))
        }
        guard !peers[place].isBlamed, peers[place].until <= now else { return nil }
        lastID += 1
        peers[place].id = lastID
        peers[place].until = now &+ Self.pause
        return .ask(id: lastID, peer: peer, height: height)
    }

    /// An answer, or a piece of one.
    package mutating func answered(_ id: UInt64, _ blocks: [EncodedBlock]) -> Action? {
        guard let place = peers.firstIndex(where: { $0.id == id }), !peers[place].isBlamed,
            let encoded = blocks.first
        else { return nil }
        do throws(CatchUpFault) {
            let block = try CertifiedBlock(encoded, height: height, chain: chain)
            try block.prove(by: validators, check)
            let root = block.block.header.appHash
            return root == appHash ? .found(block) : .otherState(root)
        } catch {
            if case .revision(let later) = error { return .revision(later) }
            peers[place].isBlamed = true
            return .blame(peer: peers[place].peer, "block \(height): \(error)")
        }
    }
}

extension HeightContext {
    /// The height of a block that is proved by its committee, from what its header says of the one before.
    ///
    /// - Parameters:
    ///   - lastTime: of the block before.
    ///   - lastValidators: who decided the block before.
    ///   - rotation: who proposes at the height.
    package init(
        of block: CertifiedBlock, lastTime: Timestamp, lastValidators: ValidatorSet, validators: ValidatorSet,
        nextValidators: ValidatorSet, rotation: ProposerRotation, parametersHash: Bytes32
    ) {
        let header = block.block.header
        self.init(
            chain: header.chain, genesisTime: lastTime, appHash: header.appHash, validators: validators,
            nextValidators: nextValidators, parametersHash: parametersHash)
        height = header.height
        lastBlock = header.lastBlock
        lastCommit = block.block.lastCommit
        self.lastValidators = lastValidators
        resultsHash = header.lastResultsHash
        self.rotation = rotation
    }
}

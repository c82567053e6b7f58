package import NodeDomain
internal import NodeEncoding

/// Why a block cannot be one of its height, whatever the ledger thinks of it.
package enum HeaderFault: Error, Hashable, Sendable {
    /// Another chain, or another revision of it.
    case chain(String)
    /// Another height.
    case height(UInt64)
    /// A version that this node does not know.
    case version(block: UInt64, app: UInt64)
    /// It does not follow the block before.
    case parent
    /// Too early after the block before.
    case time(UInt64, earliest: UInt64)
    /// It has no commit of the block before, or a wrong one.
    case commit
    /// A hash that is not what this node computed: the name of the field.
    case field(String)
    /// Whoever made it is no member.
    case proposer
}

extension HeaderFault: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .chain(let chain): "the block is one of \(chain)"
        case .height(let height): "the block is one of height \(height)"
        case .version(let block, let app):
            "the block has version \(block), its state \(app): is this node old?"
        case .parent: "the block does not follow the last one"
        case .time(let time, let earliest): "the block's time \(time) is before \(earliest)"
        case .commit: "the block does not prove the commit of the last one"
        case .field(let name): "the block's \(name) is not what this node computed"
        case .proposer: "whoever made the block has no seat at its height"
        }
    }
}

/// The versions of blocks and of the ledger's rules that this node speaks.
package enum ChainVersion {
    /// Of a block's form.
    package static let block: UInt64 = 1
    /// Of the ledger's rules.
    package static let app: UInt64 = 1
}

extension HeightContext {
    /// Checks everything of a block that does not depend on the ledger's state.
    ///
    /// - Parameter check: of signatures.
    package func check(
        _ block: Block, _ rules: ConsensusRules, by check: SignatureCheck
    ) throws(HeaderFault) {
        try checkHeader(block.header, rules)
        try checkTarget(of: block.lastCommit)
        guard let commit = block.lastCommit, let lastValidators else { return }
        do {
            try lastValidators.verify(commit, chain: lastChain ?? chain, by: check)
        } catch {
            throw .commit
        }
    }

    /// Checks the same of a block that its committee decided, but for the signatures of the commit in it: the committee checked them.
    package func checkDecided(_ block: Block, _ rules: ConsensusRules) throws(HeaderFault) {
        try checkHeader(block.header, rules)
        try checkTarget(of: block.lastCommit)
    }

    private func checkHeader(_ header: BlockHeader, _ rules: ConsensusRules) throws(HeaderFault) {
        guard header.chain == chain else { throw .chain(header.chain) }
        guard header.height == height else { throw .height(header.height) }
        guard header.blockVersion == ChainVersion.block, header.appVersion == ChainVersion.app else {
            throw .version(block: header.blockVersion, app: header.appVersion)
        }
        guard header.lastBlock == lastBlock else { throw .parent }
        let earliest = earliest(rules)
        guard header.time.milliseconds >= earliest, header.time > lastTime || height == 1 else {
            throw .time(header.time.milliseconds, earliest: earliest)
        }
        guard header.validatorsHash == validators.hash else { throw .field("validators hash") }
        guard header.nextValidatorsHash == nextValidators.hash else { throw .field("next validators hash") }
        guard header.consensusHash == parametersHash else { throw .field("hash of parameters") }
        guard header.appHash == appHash else { throw .field("app hash") }
        guard header.lastResultsHash == resultsHash else { throw .field("hash of results") }
        // A block that is proposed again keeps its maker: which round's it is, a proposal says.
        guard validators.member(header.proposer) != nil else { throw .proposer }
    }

    /// Whether a commit is one of the block before by its committee, as far as that shows without its signatures.
    private func checkTarget(of commit: Certificate?) throws(HeaderFault) {
        guard let lastBlock, let lastValidators else {
            guard commit == nil else { throw .commit }
            return
        }
        guard let commit, commit.kind == .precommit, commit.height == height - 1,
            commit.target == VotedBlock(block: lastBlock, time: lastTime),
            (try? lastValidators.signedPower(of: commit)) != nil
        else { throw .commit }
    }

    /// The header of a block to propose.
    package func header(time: Timestamp, proposer: ValidatorAddress) -> BlockHeader {
        var header = BlockHeader(
            blockVersion: ChainVersion.block, appVersion: ChainVersion.app, chain: chain, height: height,
            time: time, lastBlock: lastBlock, proposer: proposer)
        header.validatorsHash = validators.hash
        header.nextValidatorsHash = nextValidators.hash
        header.consensusHash = parametersHash
        header.appHash = appHash
        header.lastResultsHash = resultsHash
        header.lastCommitHash = Certificate.hash(of: lastCommit)
        return header
    }
}

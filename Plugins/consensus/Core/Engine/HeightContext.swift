package import NodeDomain

/// What is known of the chain before a height: with the votes of the height it is all that consensus needs.
package struct HeightContext: Sendable {
    /// The chain's id with its revision.
    package var chain: String
    /// The height to decide.
    package var height: UInt64
    /// The block before; nil at the first height.
    package var lastBlock: BlockReference?
    /// Its time; of genesis at the first height.
    package var lastTime: Timestamp
    /// What committed it.
    package var lastCommit: Certificate?
    /// The id of the chain that it was committed on, when that was another revision.
    package var lastChain: String?
    /// Who committed it.
    package var lastValidators: ValidatorSet?
    /// The state's root after it.
    package var appHash: Bytes32
    /// The root over its results.
    package var resultsHash: Bytes32
    /// Who decides on this height.
    package var validators: ValidatorSet
    /// Who decides on the next.
    package var nextValidators: ValidatorSet
    /// Who proposes at this height.
    package var rotation: ProposerRotation
    /// Hash of the parameters.
    package var parametersHash: Bytes32

    /// The first height after genesis.
    package init(
        chain: String, genesisTime: Timestamp, appHash: Bytes32, validators: ValidatorSet,
        nextValidators: ValidatorSet, parametersHash: Bytes32
    ) {
        self.chain = chain
        height = 1
        lastTime = genesisTime
        self.appHash = appHash
        resultsHash = .zero
        self.validators = validators
        self.nextValidators = nextValidators
        rotation = ProposerRotation(of: validators)
        self.parametersHash = parametersHash
    }

    /// The height after this one, which a block decided.
    ///
    /// - Parameters:
    ///   - nextValidators: who decides on the height after the one returned.
    ///   - beginsTerm: whether the one returned is the first of a term, where proposers begin anew.
    package func next(
        after block: Block, _ reference: BlockReference, _ commit: Certificate, appHash: Bytes32,
        resultsHash: Bytes32, nextValidators: ValidatorSet, beginsTerm: Bool
    ) -> HeightContext {
        var next = self
        next.height = height + 1
        next.lastBlock = reference
        next.lastTime = block.header.time
        next.lastCommit = commit
        next.lastChain = nil
        next.lastValidators = validators
        next.appHash = appHash
        next.resultsHash = resultsHash
        next.validators = self.nextValidators
        next.nextValidators = nextValidators
        if beginsTerm {
            next.rotation = ProposerRotation(of: next.validators)
        } else {
            next.rotation.increment()
        }
        return next
    }

    /// Who proposes in a round that was reached; each round costs a step.
    package func proposer(round: UInt32) -> Validator? {
        rotation.proposer(round: round).flatMap { validators.member(at: $0) }
    }

    /// The earliest time of this height's block: an interval after the one before, or after genesis.
    package func earliest(_ rules: ConsensusRules) -> UInt64 { lastTime.milliseconds &+ rules.interval }

    /// Member by member in the order of keys, as the ledger counts: who signed the block before, by a commit that a block carries.
    package func presence(in commit: Certificate?) -> [Bool] {
        guard let commit, let lastValidators else { return [] }
        return lastValidators.members.enumerated().sorted { $0.element.key < $1.element.key }
            .map { commit.members.contains($0.offset) }
    }
}

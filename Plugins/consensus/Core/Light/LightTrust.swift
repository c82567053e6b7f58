package import NodeDomain

/// What a light client is told to trust: a head, and who decides there (spec: consensus, §2.7).
package struct LightCheckpoint: Hashable, Sendable {
    /// The head's height.
    package var height: UInt64
    /// The head's hash.
    package var hash: Bytes32
    /// The hash of the set that decides on it.
    package var setHash: Bytes32

    /// A head by its height, hash and set.
    package init(height: UInt64, hash: Bytes32, setHash: Bytes32) {
        self.height = height
        self.hash = hash
        self.setHash = setHash
    }
}

/// What a light client goes by.
package struct LightRules: Hashable, Sendable {
    /// Eighteen days: two thirds of the time in which a key answers for what it signed.
    package static let usualTrustingSeconds: Int64 = 18 * 86_400
    /// Ten seconds.
    package static let usualDriftSeconds: Int64 = 10

    /// How old what is trusted may be.
    package var trustingSeconds: Int64
    /// How far a header's time may be ahead of now.
    package var driftSeconds: Int64

    /// Rules with these times.
    package init(
        trustingSeconds: Int64 = usualTrustingSeconds, driftSeconds: Int64 = usualDriftSeconds
    ) {
        self.trustingSeconds = trustingSeconds
        self.driftSeconds = driftSeconds
    }
}

/// The newest head that a light client trusts; each block that it verifies becomes the next.
package struct LightTrust: Hashable, Sendable {
    /// The head.
    package let header: BlockHeader
    /// The set that decides on the next block, when it is known.
    package let nextSet: ValidatorSet?

    /// A head that is trusted, and the set that it names for the next block.
    ///
    /// - Throws: `LightRefusal` when that is another set.
    package init(header: BlockHeader, nextSet: ValidatorSet?) throws(LightRefusal) {
        if let nextSet, nextSet.hash != header.nextValidatorsHash { throw .set(header.height) }
        self.header = header
        self.nextSet = nextSet
    }

    /// The block that a checkpoint names.
    ///
    /// - Throws: `LightRefusal` when it is another one, or not committed.
    package init(
        _ block: LightBlock, at checkpoint: LightCheckpoint, by check: SignatureCheck
    ) throws(LightRefusal) {
        guard block.header.height == checkpoint.height, block.header.hash == checkpoint.hash,
            block.header.validatorsHash == checkpoint.setHash
        else { throw .checkpoint(block.header.height) }
        try block.checkParts()
        try block.checkCommit(by: check)
        try self.init(header: block.header, nextSet: block.knownNextSet)
    }

    /// What is trusted after a block: the next one, or any later one that more than a third of the trusted set signed.
    ///
    /// - Throws: `LightRefusal`; what costs nothing is looked at first, signatures last.
    package func verified(
        _ block: LightBlock, now: Timestamp, rules: LightRules = LightRules(), by check: SignatureCheck
    ) throws(LightRefusal) -> LightTrust {
        try checkAge(now: now, rules: rules)
        guard block.header.time < now.later(by: rules.driftSeconds) else {
            throw .fromFuture(block.header.time)
        }
        guard block.header.chain == header.chain else { throw .chain(block.header.chain) }
        guard block.header.height > header.height else { throw .height(block.header.height) }
        guard block.header.time > header.time else { throw .time(block.header.time) }
        try block.checkParts()
        if block.header.height - 1 == header.height {
            guard block.set.hash == header.nextValidatorsHash else { throw .successor(block.header.height) }
        } else {
            try checkOverlap(block)
        }
        try block.checkCommit(by: check)
        return try LightTrust(header: block.header, nextSet: block.knownNextSet)
    }

    /// Checks that what is trusted is young enough to be trusted.
    func checkAge(now: Timestamp, rules: LightRules) throws(LightRefusal) {
        guard header.time.later(by: rules.trustingSeconds) > now else { throw .expired(header.time) }
    }

    /// Someone honest of the trusted set signed: it would not have, had that set been followed by something else.
    private func checkOverlap(_ block: LightBlock) throws(LightRefusal) {
        // Between two blocks of one set that is the commit itself, whether or not the set was named before.
        let isSameSet = block.set.hash == header.nextValidatorsHash
        guard let trusted = isSameSet ? block.set : nextSet else { throw .unknownSet(after: header.height) }
        var power: Int64 = 0
        for place in block.commit.members.places {
            guard let key = block.set.member(at: place)?.key, let known = trusted.place(of: key) else {
                continue
            }
            power += trusted.members[known].power
        }
        guard trusted.hasHonest(power) else { throw .notEnoughTrust(power, of: trusted.totalPower) }
    }
}

extension LightBlock {
    /// The next set where the block says which: it brings it along, or the set stays.
    var knownNextSet: ValidatorSet? {
        nextSet ?? (header.nextValidatorsHash == set.hash ? set : nil)
    }

    /// Checks that sets and commit are those of the header.
    func checkParts() throws(LightRefusal) {
        guard set.hash == header.validatorsHash else { throw .set(header.height) }
        if let nextSet, nextSet.hash != header.nextValidatorsHash { throw .set(header.height) }
        guard commit.kind == .precommit, commit.height == header.height,
            commit.target.block.hash == header.hash, commit.target.time == header.time
        else { throw .otherCommit(header.height) }
        // Before anything is concluded from its members.
        do {
            _ = try set.signedPower(of: commit)
        } catch {
            throw .certificate(error)
        }
    }

    /// Checks the commit itself.
    func checkCommit(by check: SignatureCheck) throws(LightRefusal) {
        do {
            try set.verify(commit, chain: header.chain, by: check)
        } catch {
            throw .certificate(error)
        }
    }
}

extension Timestamp {
    fileprivate func later(by seconds: Int64) -> Timestamp {
        let (sum, overflows) = self.seconds.addingReportingOverflow(seconds)
        return overflows
            ? Timestamp(seconds: .max, nanoseconds: 0) : Timestamp(seconds: sum, nanoseconds: nanoseconds)
    }
}

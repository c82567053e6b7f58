package import NodeDomain
internal import NodeEncoding

/// Judges proofs of space, strictly unless asked otherwise: the only place that does.
///
/// Three steps, each dearer than the one before: the shape costs microseconds, the work one RandomX hash, the labels a
/// scrypt each. `verify` takes them in this order and stops at the first refusal.
package struct ProofVerifier: Sendable {
    /// What the network asks.
    package let rules: ProofRules
    /// What the chain asks besides; nil for proofs of the original.
    package let chain: ChainRules?
    /// How closely the encoding is looked at.
    package let strictness: Strictness

    /// A verifier: strict, for the chain.
    package init(rules: ProofRules, chain: ChainRules) {
        self.rules = rules
        self.chain = chain
        strictness = .strict
    }

    /// A verifier of proofs that were not made for the chain, with or without the rules that close its gaps.
    package init(importing strictness: Strictness, rules: ProofRules) {
        self.rules = rules
        chain = nil
        self.strictness = strictness
    }

    /// Everything that needs neither memory nor time.
    ///
    /// - Returns: the proof's indices.
    /// - Throws: `ProofRefusal` for the first rule that is broken.
    package func checkShape(_ proof: PostProof, of plot: Plot) throws(ProofRefusal) -> [UInt64] {
        guard rules.units.contains(plot.units) else {
            throw .units(
                found: plot.units, smallest: rules.units.lowerBound, largest: rules.units.upperBound)
        }
        guard plot.labels > UInt64(rules.k1) else {
            throw .tooFewLabels(labels: plot.labels, k1: rules.k1)
        }
        guard proof.nonce < ProofCipher.nonces else {
            throw .nonce(found: proof.nonce, limit: ProofCipher.nonces)
        }
        let bits = IndexPacking.bits(labels: plot.labels)
        let needed = IndexPacking.length(bits: bits, count: rules.k2)
        guard proof.indices.count == needed,
            let indices = IndexPacking.unpack(proof.indices, bits: bits, count: rules.k2)
        else { throw .length(found: proof.indices.count, needed: needed) }
        if strictness == .strict { try checkGaps(proof, indices, bits: bits, labels: plot.labels) }
        try chain?.check(proof, indices: indices)
        return indices
    }

    /// The proof of work.
    ///
    /// - Throws: `ProofRefusal.work` when its hash is too large.
    package func checkWork(
        _ proof: PostProof, of plot: Plot, challenge: Bytes32, on machine: inout RandomXMachine
    ) throws(ProofRefusal) {
        let group = UInt8(truncatingIfNeeded: proof.nonce / ProofCipher.noncesPerGroup)
        let work = ProofWork(group: group, challenge: challenge, identity: plot.identity)
        let difficulty = WorkDifficulty.scaled(rules.powDifficulty, units: plot.units)
        let hash = machine.hash(work.input(pow: proof.pow))
        guard hash < difficulty else { throw .work(hash: hash, difficulty: difficulty) }
    }

    /// The labels of some of the indices, which `checkShape` returned.
    ///
    /// - Throws: `ProofRefusal.label` for the first that is not good.
    package func checkLabels(
        _ proof: PostProof, of plot: Plot, challenge: Bytes32, indices: [UInt64], sample: ProofSample = .all,
        by worker: any LabelWorker
    ) throws(ProofRefusal) {
        guard let difficulty = ProvingDifficulty(k1: rules.k1, labels: plot.labels) else {
            throw .tooFewLabels(labels: plot.labels, k1: rules.k1)
        }
        let examiner = LabelExaminer(
            challenge: challenge, nonce: proof.nonce, pow: proof.pow, difficulty: difficulty)
        let positions = sample.positions(of: indices.count, identity: plot.identity, challenge: challenge)
        let commitment = plot.commitment
        // A batch at a time: the first bad label ends it.
        for start in stride(from: 0, to: positions.count, by: worker.batch) {
            let part = positions[start..<min(start + worker.batch, positions.count)]
            let labels = worker.labels(of: commitment, at: part.map { indices[$0] })
            for (position, label) in zip(part, labels) {
                if let refusal = examiner.fault(of: label) {
                    throw .label(position: position, index: indices[position], refusal)
                }
            }
        }
    }

    /// All three steps.
    ///
    /// - Throws: `ProofRefusal` for the first rule that is broken.
    package func verify(
        _ proof: PostProof, of plot: Plot, challenge: Bytes32, sample: ProofSample = .all,
        on machine: inout RandomXMachine, by worker: any LabelWorker
    ) throws(ProofRefusal) {
        let indices = try checkShape(proof, of: plot)
        try checkWork(proof, of: plot, challenge: challenge, on: &machine)
        try checkLabels(
            proof, of: plot, challenge: challenge, indices: indices, sample: sample, by: worker)
    }

    /// What the original's verifier let through.
    private func checkGaps(
        _ proof: PostProof, _ indices: [UInt64], bits: Int, labels: UInt64
    ) throws(ProofRefusal) {
        guard proof.pow < ProofWork.limit else { throw .powTooLarge(proof.pow) }
        guard IndexPacking.hasZeroPadding(proof.indices, bits: bits, count: indices.count) else {
            throw .padding
        }
        var seen: [UInt64: Int] = [:]
        for (position, index) in indices.enumerated() {
            guard index < labels else {
                throw .indexTooLarge(position: position, index: index, labels: labels)
            }
            if let first = seen.updateValue(position, forKey: index) {
                throw .repeated(position: position, index: index, first: first)
            }
        }
    }
}

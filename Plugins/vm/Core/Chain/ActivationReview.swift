package import NodeDomain
internal import NodeEncoding

extension ChainRules {
    /// Judges an activation for the next block, as the mempool does: what is cheap first.
    ///
    /// - Returns: what is still to be found true, cheap before dear.
    package func review(_ activation: Activation, in state: LedgerState) throws -> [ChainCheck] {
        let pot = try state.head()
        guard BlockItem.activation(activation).bytes.count <= parameters.laneBytes else {
            throw ChainRefusal.tooManyBytes(what: "the activation", limit: parameters.laneBytes)
        }
        return try review(activation, in: state, epoch: pot.epoch, height: pot.height + 1)
    }

    /// Judges evidence for the next block, as the mempool does.
    ///
    /// - Returns: what is still to be found true.
    package func review(_ evidence: Malfeasance, in state: LedgerState) throws -> [ChainCheck] {
        try review(evidence, in: state, state.head())
    }

    /// Judges a PoET's proof for the next block, as the mempool does.
    ///
    /// - Returns: what is still to be found true.
    package func review(_ proof: PoetProof, in state: LedgerState) throws -> [ChainCheck] {
        let pot = try state.head()
        return [
            try review(proof, in: state, epoch: pot.epoch, time: pot.time + parameters.blockInterval)
        ]
    }

    /// The check of a PoET's proof: the first of its epoch, and not before its work can be done.
    func review(_ proof: PoetProof, in state: LedgerState, epoch number: UInt32, time: UInt64) throws
        -> ChainCheck
    {
        guard proof.epoch == number else { throw ChainRefusal.epoch(proof.epoch, current: number) }
        try state.require(needs(of: .poetProof(proof)))
        let epoch = try state.epoch(number)
        guard epoch.opening == nil else { throw ChainRefusal.opened(number) }
        let work = parameters.poetPhase + parameters.poetWork
        let passed = time - min(time, epoch.startTime)
        guard passed >= work else { throw ChainRefusal.early(wait: work - passed) }
        guard proof.path.count <= PoetProof.mostPath, proof.index >> UInt64(proof.path.count) == 0 else {
            throw ChainRefusal.memberIndex(proof.index, path: proof.path.count)
        }
        guard proof.leafCount >= parameters.poetLeaves else {
            throw ChainRefusal.leaves(proof.leafCount, fewest: parameters.poetLeaves)
        }
        let statement = statement(of: epoch.challenge, index: proof.index, path: proof.path)
        return .work(WorkCheck(statement: statement, proof: proof))
    }

    /// The checks of evidence: somebody with a seat, not long ago, and not barred yet.
    func review(_ evidence: Malfeasance, in state: LedgerState, _ pot: PotRecord) throws -> [ChainCheck] {
        guard evidence.height > 0, evidence.height <= pot.height else {
            throw ChainRefusal.evidenceHeight(evidence.height, last: pot.height)
        }
        try state.require(needs(of: .malfeasance(evidence)))
        let term = term(of: evidence.height)
        guard let seats = try state.seats.get(term) else { throw ChainRefusal.evidenceTerm(term) }
        guard seats.member(evidence.operator) != nil else {
            throw ChainRefusal.evidenceSeat(evidence.operator, term: term)
        }
        let last = seats.epoch + ChainLimit.evidenceEpochs
        guard pot.epoch <= last else { throw ChainRefusal.evidenceOld(epoch: pot.epoch, last: last) }
        let record = try state.operators.get(evidence.operator)
        guard !(record?.barred ?? false) else { throw ChainRefusal.evidenceKnown(evidence.operator) }
        return [.misbehaviour(evidence, chain: votingChain(at: evidence.height))]
    }

    /// The checks of an activation in their order (spec: chain, §3).
    func review(
        _ activation: Activation, in state: LedgerState, epoch number: UInt32, height: UInt64
    ) throws -> [ChainCheck] {
        guard activation.plots.count <= parameters.laneProofs else {
            throw ChainRefusal.laneProofs(limit: parameters.laneProofs)
        }
        guard activation.epoch == number else { throw ChainRefusal.epoch(activation.epoch, current: number) }
        try state.require(needs(of: .activation(activation)))
        guard let opening = try state.epoch(number).opening, opening.height < height else {
            throw ChainRefusal.closed(number)
        }
        let known = try state.operators.get(activation.operator)
        guard !(known?.barred ?? false) else { throw ChainRefusal.barred(activation.operator) }
        guard !activation.votes || activation.vrfKey != nil || known?.vrfKey != nil else {
            throw ChainRefusal.noVRFKey(activation.operator)
        }
        // An operator is struck at the end of a term only: so this happens once a term.
        guard !activation.plots.isEmpty || known?.jailed ?? false else {
            throw ChainRefusal.noPlots(activation.operator)
        }
        var spaces: [ChainCheck] = []
        for plot in activation.plots {
            do throws(PlotStop) {
                spaces.append(
                    .space(try review(plot, of: activation, in: state, challenge: opening.post)))
            } catch .fault(let fault) {
                throw ChainRefusal.plot(plot.identity, fault)
            } catch .miss(let miss) {
                throw miss
            }
        }
        return signatures(activation) + spaces
    }

    private enum PlotStop: Error {
        case fault(PlotFault)
        case miss(StateMiss)
    }

    private func review(
        _ plot: PlotProof, of activation: Activation, in state: LedgerState, challenge: Bytes32
    ) throws(PlotStop) -> SpaceCheck {
        let next = activation.epoch &+ 1
        let known: PlotRecord?
        let row: RowRecord?
        do throws(StateMiss) {
            row = try state.rows.get(EpochKey(next, plot.identity))
            known = try state.plots.get(plot.identity)
        } catch {
            throw .miss(error)
        }
        guard row == nil else { throw .fault(.known(epoch: next)) }
        if let fault = formFault(plot) ?? bindingFault(plot, of: activation.operator, known: known) {
            throw .fault(fault)
        }
        guard let commitment = known?.commitmentATX ?? plot.binding?.commitmentATX else {
            throw .fault(.unbound)
        }
        return SpaceCheck(
            challenge: challenge, identity: plot.identity,
            commitmentATX: commitment, units: plot.units, proof: plot.proof)
    }

    private func formFault(_ plot: PlotProof) -> PlotFault? {
        guard parameters.units.contains(plot.units) else { return .units(plot.units, parameters.units) }
        guard plot.proof.nonce < parameters.mostNonces else {
            return .nonce(plot.proof.nonce, limit: parameters.mostNonces)
        }
        guard plot.proof.pow < ChainLimit.pow else { return .pow(plot.proof.pow) }
        let labels = UInt64(plot.units) * parameters.labelsPerUnit
        let bits = IndexPacking.bits(labels: labels)
        let count = Int(parameters.proofIndices)
        let length = IndexPacking.length(bits: bits, count: count)
        guard plot.proof.indices.count == length,
            let indices = IndexPacking.unpack(plot.proof.indices, bits: bits, count: count)
        else { return .length(plot.proof.indices.count, expected: length) }
        guard IndexPacking.hasZeroPadding(plot.proof.indices, bits: bits, count: count) else {
            return .padding
        }
        guard zip(indices, indices.dropFirst()).allSatisfy({ $0 < $1 }) else { return .rising }
        return (indices.last ?? 0) < labels ? nil : .range(labels: labels)
    }

    private func bindingFault(_ plot: PlotProof, of operator: Bytes32, known: PlotRecord?) -> PlotFault? {
        switch (known, plot.binding) {
        case (nil, nil): return .unbound
        case (nil, .some): return nil
        case (let known?, nil):
            return known.operator == `operator` ? nil : .otherOperator(known.operator)
        case (let known?, let binding?):
            guard binding.commitmentATX == known.commitmentATX else {
                return .otherCommitment(known.commitmentATX)
            }
            let isSame = known.operator == `operator` && known.coinbase == binding.coinbase
            return isSame ? .boundAlready : nil
        }
    }

    private func signatures(_ activation: Activation) -> [ChainCheck] {
        let genesis = parameters.genesisID
        var checks: [ChainCheck] = activation.vrfKey.map { [.vrfKey($0)] } ?? []
        checks.append(
            .signature(
                SignatureCheck(
                    message: activation.signedBytes(genesis: genesis), key: activation.operator,
                    signature: activation.signature), plot: nil))
        for plot in activation.plots {
            guard let binding = plot.binding,
                let message = plot.bindingBytes(
                    genesis: genesis, epoch: activation.epoch, operator: activation.operator)
            else { continue }
            checks.append(
                .signature(
                    SignatureCheck(
                        message: message, key: plot.identity, signature: binding.signature),
                    plot: plot.identity))
        }
        return checks
    }
}

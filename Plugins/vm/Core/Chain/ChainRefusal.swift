package import NodeDomain

/// Why a block, or an item of one, is invalid.
package enum ChainRefusal: Error, Hashable, Sendable {
    // MARK: The network and the block
    case network(String)
    case height(UInt64, expected: UInt64)
    case time(UInt64, earliest: UInt64)
    case layer(UInt64)
    case proposer(Bytes32)
    case presence(Int, expected: Int)
    case beta(Int)
    case order(BlockItem)
    case tooManyBytes(what: String, limit: Int)
    case failed(ChainCheck)

    // MARK: Evidence
    case evidenceHeight(UInt64, last: UInt64)
    case evidenceTerm(UInt32)
    case evidenceSeat(Bytes32, term: UInt32)
    case evidenceOld(epoch: UInt32, last: UInt32)
    case evidenceKnown(Bytes32)

    // MARK: PoET proofs
    case epoch(UInt32, current: UInt32)
    case opened(UInt32)
    case early(wait: UInt64)
    case memberIndex(UInt64, path: Int)
    case leaves(UInt64, fewest: UInt64)

    // MARK: Activations
    case closed(UInt32)
    case laneProofs(limit: Int)
    case barred(Bytes32)
    case noVRFKey(Bytes32)
    case noPlots(Bytes32)
    case plot(Bytes32, PlotFault)
}

/// What is wrong with one plot of an activation.
package enum PlotFault: Hashable, Sendable {
    case known(epoch: UInt32)
    case units(UInt32, ClosedRange<UInt32>)
    case nonce(UInt32, limit: UInt32)
    case pow(UInt64)
    case length(Int, expected: Int)
    case padding
    case rising
    case range(labels: UInt64)
    case unbound
    case otherOperator(Bytes32)
    case otherCommitment(Bytes32)
    case boundAlready
}

extension ChainRefusal: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .network(let fault): "the network's file is no network: \(fault)"
        case .height(let height, let expected):
            "the block has height \(height): the next is \(expected)"
        case .time(let time, let earliest):
            "the block's time is \(time) ms: wait until \(earliest) ms, one block interval after its parent"
        case .layer(let layer): "layer \(layer) is past the last one: correct the clock"
        case .proposer(let key): "proposer \(key) has no seat in this term: only members propose"
        case .presence(let count, let expected):
            "the last commit is said of \(count) members: the committee has \(expected)"
        case .beta(let count): "the beacon's output has \(count) bytes: a VRF gives 64"
        case .order(let item):
            "an item with tag \(item.tag) does not stand here: "
                + "system record, evidence, one PoET proof and activations go before transactions"
        case .tooManyBytes(let what, let limit): "\(what) takes more than \(limit) bytes: leave some out"
        case .failed(let check): check.failure
        default: evidenceText ?? poetText ?? activationText
        }
    }

    private var evidenceText: String? {
        switch self {
        case .evidenceHeight(let height, let last):
            "the evidence is of height \(height): heights 1 to \(last) are decided"
        case .evidenceTerm(let term):
            "the evidence is of term \(term), whose committee is not kept: it comes too late"
        case .evidenceSeat(let key, let term):
            "operator \(key) had no seat in term \(term): evidence is of members only"
        case .evidenceOld(let epoch, let last):
            "the evidence could be given until epoch \(last), it is epoch \(epoch): it comes too late"
        case .evidenceKnown(let key): "operator \(key) is barred already: leave the evidence out"
        default: nil
        }
    }

    private var poetText: String? {
        switch self {
        case .epoch(let epoch, let current): "it is for epoch \(epoch): the current one is \(current)"
        case .opened(let epoch): "epoch \(epoch) has its PoET proof: leave this one out"
        case .early(let wait): "the PoET's work cannot be done yet: wait \(wait) ms"
        case .memberIndex(let index, let path):
            "member \(index) is not below a path of \(path) nodes: give its true index"
        case .leaves(let leaves, let fewest):
            "the PoET made \(leaves) leaves: at least \(fewest) are asked for"
        default: nil
        }
    }

    private var activationText: String {
        switch self {
        case .closed(let epoch):
            "the window of epoch \(epoch) is not open: wait for a block with its PoET proof"
        case .laneProofs(let limit):
            "a block holds \(limit) plot proofs: leave the rest to the next block"
        case .barred(let key): "operator \(key) signed twice and is barred: use another operator"
        case .noVRFKey(let key): "operator \(key) votes and has no VRF key: give one"
        case .noPlots(let key): "there are no plots, and operator \(key) is not struck: give plots"
        case .plot(let plot, let fault): "plot \(plot): \(fault)"
        default: ""
        }
    }
}

extension PlotFault: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .known(let epoch): "it has its row for epoch \(epoch): prove it again in the next epoch"
        case .units(let units, let range):
            "it has \(units) units: from \(range.lowerBound) to \(range.upperBound) are taken"
        case .nonce(let nonce, let limit): "its nonce is \(nonce): it must be below \(limit)"
        case .pow(let pow): "its proof of work is \(pow): it must be below 2^56"
        case .length(let length, let expected):
            "its indices take \(length) bytes: for this many units they take \(expected)"
        case .padding: "a bit after its last index is set: pad with zeros"
        case .rising: "its indices do not rise: sort them, each once"
        case .range(let labels): "an index is past its end: it has \(labels) labels"
        case .unbound: "it is not known: bind it to operator and coinbase by its own key"
        case .otherOperator(let key): "it votes with operator \(key): bind it anew by its own key"
        case .otherCommitment(let id): "its data is made with commitment \(id): bind it with that"
        case .boundAlready: "operator and coinbase are as known: leave the binding out"
        }
    }
}

extension ChainCheck {
    /// What its failing says of the item.
    fileprivate var failure: String {
        switch self {
        case .beacon(let key, _, _):
            "the proof of the beacon is not by VRF key \(key): make it with the proposer's key of this term"
        case .vrfKey(let key): "VRF key \(key) is no point, or one of small order: make a new key"
        case .signature(let check, let plot):
            plot.map { "the binding of plot \($0) is not signed by the plot: sign it with its key" }
                ?? "the activation is not signed by operator \(check.key): sign it with its key"
        case .space(let check):
            "the proof of plot \(check.identity) does not hold for \(check.units) units: prove it anew"
        case .work(let check):
            "the PoET proof with root \(check.proof.root) does not hold: fetch it from another PoET"
        case .misbehaviour(let evidence, _):
            "the evidence against operator \(evidence.operator) is not signed by it twice: leave it out"
        }
    }
}

import MempoolCore
import NodeDomain
import NodeEncoding
import TestSupport

/// A number as an address.
func account(_ number: UInt64) -> Address { Address(0, 1, number) }

/// Bytes that tell a transaction from others; what the ledger says of it stands beside.
func sent(_ number: UInt64, bytes: Int = 100) -> Candidate {
    var raw = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    raw += [UInt8](repeating: 0, count: max(0, bytes - 8))
    return Candidate(.transaction, raw)
}

/// What a ledger says of a good one.
func good(
    _ principal: UInt64, nonce: UInt64, fee: UInt64, spends: UInt64 = 0, next: UInt64 = 0,
    balance: UInt64 = 1_000_000
) -> Verdict {
    .transaction(
        Verdict.Terms(
            principal: account(principal), nonce: nonce, nextNonce: next, fee: fee, spends: spends,
            balance: balance))
}

func limits(_ change: (inout MempoolLimits) -> Void) -> MempoolLimits {
    var limits = MempoolLimits()
    change(&limits)
    return limits
}

extension Mempool {
    init(_ limits: MempoolLimits = MempoolLimits()) {
        self.init(limits, height: 10, epoch: 3)
    }

    /// Submits one and says why it was refused; nil: it waits.
    mutating func submit(_ candidate: Candidate, _ verdict: Verdict) -> MempoolRefusal? {
        guard case .refused(_, let refusal)? = handle(.judged(candidate, verdict)).last else { return nil }
        return refusal
    }

    var order: [Bytes32] {
        transactions.selection(height: height, most: .max, bytes: .max).map(\.id)
    }
}

func key(_ number: UInt64) -> Bytes32 { Bytes32(7, 0, 0, number) }

let signature = [UInt8](repeating: 5, count: 64)

/// An activation of so many plots, of so many units each.
func activation(
    plots: Range<UInt64>, units: UInt32 = 4, epoch: UInt32 = 3, operator: UInt64 = 1, votes: Bool = false
) -> Candidate {
    let proof = PostProof(nonce: 70, indices: [UInt8](repeating: 9, count: 120), pow: 1 << 40)
    let item = Activation(
        epoch: epoch, operator: key(1_000_000 + `operator`), vrfKey: nil, votes: votes,
        plots: plots.map { PlotProof(identity: key($0), units: units, proof: proof, binding: nil) },
        signature: signature)
    return Candidate(.activation, BlockItem.activation(item).bytes)
}

func poet(epoch: UInt32, index: UInt64 = 0) -> Candidate {
    let proof = PoetProof(
        epoch: epoch, index: index, path: [], root: key(1), leaves: [key(2)], nodes: [], leafCount: 1)
    return Candidate(.poetProof, BlockItem.poetProof(proof).bytes)
}

func evidence(_ operator: UInt64, height: UInt64 = 9) -> Candidate {
    let block = BlockReference(hash: key(3), partsTotal: 1, partsHash: key(4))
    let item = Malfeasance(
        step: .prevote, height: height, round: 0, operator: key(1_000_000 + `operator`),
        first: SignedBlock(block: nil, polRound: 0, seconds: 0, nanoseconds: 0, signature: signature),
        second: SignedBlock(block: block, polRound: 0, seconds: 1, nanoseconds: 0, signature: signature))
    return Candidate(.evidence, BlockItem.malfeasance(item).bytes)
}

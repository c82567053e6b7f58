package import NodeDomain

/// Why something does not wait here, or waits no longer.
package enum MempoolRefusal: Error, Hashable, Sendable {
    /// So many bytes are none of this kind.
    case size(Int, limit: Int)
    /// What the ledger says.
    case ledger(String)
    /// The nonce was used.
    case nonce(UInt64, next: UInt64)
    /// Another transaction of this nonce waits.
    case replacement(id: Bytes32, fee: UInt64)
    /// The account has as many waiting as it may have.
    case account(limit: Int)
    /// What waits before it leaves too little.
    case cannotPay(has: UInt64, needs: UInt64?)
    /// Everything that waits is worth more.
    case full(fee: UInt64)
    /// What waits before it is worth so little that it would be put out at once.
    case behindCheap(fee: UInt64)
    /// Room was needed for what is worth more.
    case putOut(fee: UInt64)
    /// A transaction of the same nonce with a higher fee came.
    case replaced(by: Bytes32)
    /// A plot has a proof that waits.
    case plot(Bytes32, id: Bytes32)
    /// An operator has something that waits.
    case `operator`(Bytes32, id: Bytes32)
    /// All activations that wait are of more units.
    case units(more: UInt64)
    /// A proof of the epoch waits.
    case epoch(UInt32, id: Bytes32)
    /// The epoch is over.
    case late(UInt32, now: UInt32)
    /// Proofs of as many epochs wait as may.
    case poets(limit: Int)
    /// As much evidence waits as may.
    case evidence(limit: Int)
    /// The bytes are no item of this kind.
    case kind
}

extension MempoolRefusal: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        switch self {
        case .size(let count, let limit): "it has \(count) bytes: 1 to \(limit) are allowed"
        case .ledger(let reason): reason
        case .nonce(let nonce, let next): "its nonce is \(nonce), and the account's next is \(next)"
        case .replacement(let id, let fee):
            "transaction \(id) has the same nonce and pays \(fee) smidge: only a higher fee replaces it"
        case .account(let limit):
            "\(limit) transactions of this account wait: replace one, or wait for a block"
        case .cannotPay(let has, let needs):
            "what waits before it leaves \(has) smidge, and fee and amount together are "
                + (needs.map { "\($0)" } ?? "more than 64 bits can count") + ": put more in, or send less"
        case .full(let fee): "the mempool is full: only a fee over \(fee) smidge gets in now"
        case .behindCheap(let fee):
            "the mempool is full, and a transaction of this account before it pays \(fee) smidge: "
                + "replace that one first"
        default: itemText
        }
    }

    private var itemText: String {
        switch self {
        case .putOut(let fee):
            "the mempool is full, and what waits pays over \(fee) smidge: send it with a higher fee"
        case .replaced(let id): "transaction \(id) of the same nonce pays more"
        case .plot(let plot, let id):
            "a proof of plot \(plot) waits in activation \(id): nothing needs to be done"
        case .operator(let key, let id): "\(id) of operator \(key) waits: nothing needs to be done"
        case .units(let more):
            "the mempool is full of activations: only one of over \(more) units gets in now"
        case .epoch(let epoch, let id): "proof \(id) of epoch \(epoch) waits: nothing needs to be done"
        case .late(let epoch, let now):
            "it is of epoch \(epoch), and this is epoch \(now): make one for this epoch"
        case .poets(let limit): "PoET proofs of \(limit) epochs wait: send it when its epoch has come"
        case .evidence(let limit): "\(limit) pieces of evidence wait: send it again after some blocks"
        case .kind: "these bytes are no canonical item of this kind: name the right one"
        default: "it cannot wait here"
        }
    }
}

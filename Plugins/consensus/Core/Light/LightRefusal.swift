package import NodeDomain

/// Why a light client does not take a block.
package enum LightRefusal: Error, Hashable, Sendable {
    /// Too little power of the trusted set signed it: a block between the two may help.
    case notEnoughTrust(Int64, of: Int64)
    /// It is decided by a set that the trusted block's successor may not be, and that successor's set is not known.
    case unknownSet(after: UInt64)
    /// What is trusted is older than keys are answerable for.
    case expired(Timestamp)
    /// It is from later than now.
    case fromFuture(Timestamp)
    /// It is of another chain.
    case chain(String)
    /// It is not above the trusted one.
    case height(UInt64)
    /// It is not later than the trusted one.
    case time(Timestamp)
    /// The set is not that of the header, or the next one not that of its next set.
    case set(UInt64)
    /// The set is not the one that the block before named.
    case successor(UInt64)
    /// The commit is for something else.
    case otherCommit(UInt64)
    /// The commit proves nothing.
    case certificate(CertificateFault)
    /// The block is not the one that is trusted.
    case checkpoint(UInt64)

    /// Whether a block in between may help.
    package var isForLackOfTrust: Bool {
        switch self {
        case .notEnoughTrust, .unknownSet: true
        default: false
        }
    }
}

extension LightRefusal: CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .notEnoughTrust(let power, let total):
            "only \(power) of \(total) trusted power signed it, not more than a third: add a block in between"
        case .unknownSet(let height):
            "another set decides than the one after height \(height): add the next set there, or a block in between"
        case .expired(let time):
            "the trusted head of \(time.seconds) s is older than the trusting period: take a newer one from people you trust"
        case .fromFuture(let time):
            "its time, \(time.seconds) s, is later than now: check this machine's clock"
        case .chain(let chain): "it is of chain `\(chain)`, not of the trusted head's"
        case .height(let height):
            "height \(height) is not above the trusted head's: order the blocks by height"
        case .time(let time): "its time, \(time.seconds) s, is not later than the trusted head's"
        case .set(let height): "a set at height \(height) is not the one that the header names"
        case .successor(let height):
            "the set at height \(height) is not the one that the header before it names"
        case .otherCommit(let height): "the commit at height \(height) is not for this header"
        case .certificate(let fault): fault.description
        case .checkpoint(let height):
            "the block at height \(height) is not the trusted head: its height, hash or set differs"
        }
    }
}

package import NodeDomain

/// Why a consensus key signs something not, now or ever.
package enum SigningRefusal: Error, Hashable, Sendable {
    /// It stands before what was signed last.
    case regression(asked: SigningPoint, last: SigningPoint)
    /// Something else was signed there.
    case conflict(SigningPoint)
    /// Whether something was signed there is not known: the record was imported.
    case unknown(SigningPoint)
    /// The key signs for another chain.
    case otherChain(asked: ChainRevision, own: ChainRevision)
    /// The key has moved to another signer.
    case retired
    /// Another key than this signer's.
    case otherKey(Bytes32)
    /// Its form is wrong.
    case form(String)
    /// The record could not be written, so that it is not known what stands on the disk.
    case broken(String)
    /// Another request is under way.
    case busy
    /// A proof for a height that is over.
    case pastHeight(asked: UInt64, last: UInt64)
}

extension SigningRefusal: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        switch self {
        case .regression(let asked, let last):
            "\(asked) is before \(last), which this key has signed already: it never goes back; see that consensus continues from its own log"
        case .conflict(let point):
            "this key has signed something else at \(point), and would be guilty of signing twice: see that consensus continues from its own log, and that there is one only"
        case .unknown(let point):
            "this key's record was imported at \(point), so something else may have been signed there: go on with the next step"
        case .otherChain(let asked, let own):
            "this key signs for \(own), not for \(asked): `spacenode signer import` moves it to a higher revision of its chain, and another chain needs another key"
        case .retired:
            "this key has moved away (`spacenode signer export --retire`): its new signer signs, this one never again unless the mark is imported back"
        case .otherKey(let key):
            "this signer does not hold the key \(key): `spacenode signer keys` lists those that it holds"
        case .form(let what): "nothing of this form is signed: \(what)"
        case .broken(let what):
            "the record could not be written (\(what)): see to the disk, and start the signer again"
        case .busy: "another request is under way: ask again when it is answered"
        case .pastHeight(let asked, let last):
            "height \(asked) is below \(last), which this key has reached: its proof is not needed any more"
        }
    }
}

internal import NodeCrypto

extension ChainCheck {
    /// Whether a moment's work answers it: everybody does these, of decided blocks too.
    package var isCheap: Bool {
        switch self {
        case .beacon, .vrfKey, .signature: true
        case .space, .work, .misbehaviour: false
        }
    }

    /// The answer to what is cheap; anything else is not found true here.
    package var holds: Bool {
        switch self {
        case .beacon(let key, let alpha, let proof): VRF.verify(proof, of: alpha, by: key) != nil
        case .vrfKey(let key): VRF.isKey(key)
        case .signature(let check, _): check.holds
        case .space, .work, .misbehaviour: false
        }
    }
}

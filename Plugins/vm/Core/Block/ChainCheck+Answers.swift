internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding

extension ChainCheck {
    /// Whether a moment's work answers it: everybody does these, of decided blocks too.
    package var isCheap: Bool {
        switch self {
        case .beacon, .vrfKey, .signature, .misbehaviour: true
        case .space, .work: false
        }
    }

    /// The answer to what is cheap; anything else is not found true here.
    package var holds: Bool {
        switch self {
        case .beacon(let key, let alpha, let proof): VRF.verify(proof, of: alpha, by: key) != nil
        case .vrfKey(let key): VRF.isKey(key)
        case .signature(let check, _): check.holds
        case .misbehaviour(let evidence, let chain): evidence.holds(chain: chain)
        case .space, .work: false
        }
    }
}

extension Malfeasance {
    /// Whether both signatures are the operator's, over the canonical bytes of a chain: then it said two things that exclude each other.
    func holds(chain: String) -> Bool {
        first.block != second.block
            && [first, second].allSatisfy { signed in
                guard let bytes = SignBytes.of(signed, in: self, chain: chain) else { return false }
                return Ed25519.verify(signed.signature, of: bytes, by: self.operator)
            }
    }
}

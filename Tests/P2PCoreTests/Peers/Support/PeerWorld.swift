import NodeCrypto
import NodeDomain
import P2PCore

/// A peer that nobody signs for.
func somePeer(_ number: UInt64) -> PeerID {
    PeerID(publicKey: Bytes32(number &* 0x9e37_79b9_7f4a_7c15, number, 7, number))
}

/// An identity that signs.
func someIdentity(_ number: UInt8) -> PeerIdentity {
    let seed = Bytes32([UInt8](repeating: number, count: 32)) ?? .zero
    return PeerIdentity(publicKey: Ed25519.publicKey(seed: seed) ?? .zero) { Ed25519.sign($0, seed: seed) }
}

/// A host of version 4 in text.
func host(_ text: String) -> Multiaddress.Host {
    (try? Multiaddress(text: "/ip4/\(text)/tcp/1"))?.host ?? .ip4(0)
}

/// Where a peer is, on its own in a /16 that its number gives.
func someContact(_ number: UInt64, group: UInt32? = nil) -> PeerContact {
    let group = group ?? UInt32(truncatingIfNeeded: number)
    let place = (20 << 24) + (group << 16) + UInt32(truncatingIfNeeded: number % 60_000) + 257
    return PeerContact(peer: somePeer(number), addresses: [Multiaddress(.ip4(place), port: 7_610)])
}

/// A group of strangers.
func someGroup(_ number: UInt32) -> NetworkGroup { NetworkGroup(.ip4(number << 16), .large) }

let someKey = KeyedHash(key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908)

func emptyBook(_ change: (inout PeerBookParameters) -> Void = { _ in }, seed: UInt64 = 1) -> PeerBook {
    var parameters = PeerBookParameters()
    change(&parameters)
    return PeerBook(parameters, key: someKey, seed: seed)
}

internal import NodeCrypto

/// One direction of a channel: a key and a counter that is the nonce.
package struct NoiseCipher: Sendable {
    private let key: [UInt8]
    private var nonce: UInt64

    /// With a key of 32 bytes.
    /// - Parameter nonce: the first one; 0 on the wire.
    package init(key: [UInt8], nonce: UInt64 = 0) {
        self.key = key
        self.nonce = nonce
    }

    /// Seals bytes; nil when the counter is at its end: the last number is reserved.
    package mutating func seal(_ bytes: [UInt8], label: [UInt8] = []) -> [UInt8]? {
        guard let number = next() else { return nil }
        return ChaChaPoly.seal(bytes, key: key, nonce: number, label: label)
    }

    /// Opens bytes; nil when they were not sealed so.
    package mutating func open(_ bytes: [UInt8], label: [UInt8] = []) -> [UInt8]? {
        guard let number = next() else { return nil }
        return ChaChaPoly.open(bytes, key: key, nonce: number, label: label)
    }

    /// Four zeros, then the counter, least significant byte first.
    private mutating func next() -> [UInt8]? {
        guard nonce < .max else { return nil }
        var bytes: [UInt8] = [0, 0, 0, 0]
        withUnsafeBytes(of: nonce.littleEndian) { bytes.append(contentsOf: $0) }
        nonce += 1
        return bytes
    }
}

/// What both sides have hashed and agreed on so far: the SymmetricState of the Noise framework.
struct NoiseTranscript: Sendable {
    /// Covers all that was sent.
    private(set) var hash: [UInt8]
    private var chainingKey: [UInt8]
    private var cipher: NoiseCipher?

    /// - Parameter protocolName: of 32 bytes, so that it is the first hash as it stands.
    init(protocolName: String) {
        hash = Array(protocolName.utf8)
        chainingKey = hash
    }

    mutating func mix(_ bytes: [UInt8]) {
        hash = SHA2.sha256(hash + bytes)
    }

    mutating func mixKey(_ secret: [UInt8]) {
        let (next, key) = HKDF.two(of: secret, salt: chainingKey)
        chainingKey = next
        cipher = NoiseCipher(key: key)
    }

    /// In clear as long as no secret has been agreed on.
    mutating func seal(_ bytes: [UInt8]) -> [UInt8]? {
        let sealed = cipher == nil ? bytes : cipher?.seal(bytes, label: hash)
        if let sealed { mix(sealed) }
        return sealed
    }

    mutating func open(_ sealed: [UInt8]) -> [UInt8]? {
        let bytes = cipher == nil ? sealed : cipher?.open(sealed, label: hash)
        if bytes != nil { mix(sealed) }
        return bytes
    }

    /// Bytes that sealing adds now.
    var overhead: Int { cipher == nil ? 0 : ChaChaPoly.tagBytes }

    /// The initiator's direction first.
    func split() -> (NoiseCipher, NoiseCipher) {
        let (first, second) = HKDF.two(of: [], salt: chainingKey)
        return (NoiseCipher(key: first), NoiseCipher(key: second))
    }
}

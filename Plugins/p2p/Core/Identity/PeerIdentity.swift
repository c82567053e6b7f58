package import NodeCrypto
package import NodeDomain

/// Who we are: an Ed25519 key that can sign.
package struct PeerIdentity: Sendable {
    /// Our peer id.
    package let id: PeerID
    private let signature: @Sendable ([UInt8]) -> [UInt8]?

    /// A key in guarded memory.
    package init(key: SigningKey) {
        self.init(publicKey: key.publicKey) { key.sign($0) }
    }

    /// A key that somebody else holds.
    /// - Parameter sign: the signature of a message by this key; nil when there is none to be had.
    package init(publicKey: Bytes32, sign: @escaping @Sendable ([UInt8]) -> [UInt8]?) {
        id = PeerID(publicKey: publicKey)
        signature = sign
    }

    /// Signs a message; nil when that is not possible.
    package func sign(_ message: [UInt8]) -> [UInt8]? { signature(message) }
}

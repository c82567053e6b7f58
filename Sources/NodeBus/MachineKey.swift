internal import ZeroMQ

/// This machine's CURVE key, in Z85.
package struct MachineKey: Sendable {
    package let publicKey: String
    /// Never shown, logged or sent.
    package let secretKey: String

    /// Makes a new key.
    package init() throws {
        let pair = try CurveKeyPair.generate()
        publicKey = pair.publicKey
        secretKey = pair.secretKey
    }

    /// Takes a stored secret.
    /// - Throws: `BusError` when it is not 40 characters of Z85.
    package init(secretKey: String) throws {
        guard let pair = try? CurveKeyPair.from(secretKey: secretKey) else {
            throw BusError(
                .unauthorized,
                "the stored key is not 40 characters of Z85: remove the file and make a new one")
        }
        publicKey = pair.publicKey
        self.secretKey = secretKey
    }

    /// Whether text is a public key: 40 characters of Z85.
    package static func isPublicKey(_ text: String) -> Bool {
        CurveKeyPair.bytes(z85: text) != nil
    }
}

internal import CZeroMQ

/// A CURVE25519 key pair in Z85, 40 characters each.
package struct CurveKeyPair: Sendable {
    package let publicKey: String
    /// Never shown, logged or sent.
    package let secretKey: String

    /// Takes both keys as they were stored.
    package init(publicKey: String, secretKey: String) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// Makes a new pair from the system's randomness.
    /// - Throws: `ZeroMQError` when libzmq was built without CURVE.
    package static func generate() throws(ZeroMQError) -> CurveKeyPair {
        var publicKey = [CChar](repeating: 0, count: 41)
        var secretKey = [CChar](repeating: 0, count: 41)
        try check("zmq_curve_keypair") { zmq_curve_keypair(&publicKey, &secretKey) }
        return CurveKeyPair(publicKey: text(publicKey), secretKey: text(secretKey))
    }

    /// The pair that belongs to a stored secret key.
    /// - Throws: `ZeroMQError` when it is not 40 characters of Z85.
    package static func from(secretKey: String) throws(ZeroMQError) -> CurveKeyPair {
        var publicKey = [CChar](repeating: 0, count: 41)
        try check("zmq_curve_public") { zmq_curve_public(&publicKey, secretKey) }
        return CurveKeyPair(publicKey: text(publicKey), secretKey: secretKey)
    }

    /// The 32 bytes behind 40 characters of Z85, or nil when they are not.
    package static func bytes(z85: String) -> [UInt8]? {
        guard z85.utf8.count == 40 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        return zmq_z85_decode(&bytes, z85) == nil ? nil : bytes
    }

    /// 32 bytes as 40 characters of Z85, or nil when they are not 32.
    package static func z85(_ bytes: [UInt8]) -> String? {
        guard bytes.count == 32 else { return nil }
        var characters = [CChar](repeating: 0, count: 41)
        return zmq_z85_encode(&characters, bytes, 32) == nil ? nil : text(characters)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

internal import ZeroMQ

/// CURVE keys for the router's command line, which knows no ZeroMQ.
package enum RouterCurve {
    /// A new pair in Z85.
    package static func makePair() throws -> (publicKey: String, secretKey: String) {
        let pair = try CurveKeyPair.generate()
        return (pair.publicKey, pair.secretKey)
    }

    /// The public part of a secret key in Z85.
    /// - Throws: `ZeroMQError` when it is not 40 characters of Z85.
    package static func publicKey(of secretKey: String) throws -> String {
        try CurveKeyPair.from(secretKey: secretKey).publicKey
    }
}

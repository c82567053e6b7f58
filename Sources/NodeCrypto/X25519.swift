internal import CSodium
package import NodeDomain

/// Secrets that two sides agree on: X25519 of RFC 7748.
package final class X25519Key: Sendable {
    /// What the other side is given.
    package let publicKey: Bytes32
    private let secret: SecretBytes

    /// The key of a secret scalar; nil when that has not 32 bytes, or libsodium does not start.
    package init?(scalar: SecretBytes) {
        guard scalar.count == Bytes32.count, sodium_init() >= 0 else { return nil }
        var publicKey = [UInt8](repeating: 0, count: Bytes32.count)
        let status = scalar.withBytes { scalar -> Int32 in
            guard let start = scalar.baseAddress else { return -1 }
            return crypto_scalarmult_base(&publicKey, start.assumingMemoryBound(to: UInt8.self))
        }
        guard status == 0, let key = Bytes32(publicKey) else { return nil }
        self.publicKey = key
        secret = scalar
    }

    /// A key that nobody can guess; nil when libsodium does not start.
    package convenience init?() {
        self.init(scalar: SecretBytes(count: Bytes32.count) { Secrets.fill($0) })
    }

    /// The secret that this key has in common with another; nil when the other is a point of low order.
    ///
    /// With such a point the secret would be all zeros, whatever our key is.
    package func shared(with other: Bytes32) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: Bytes32.count)
        let point = other.bytes
        let status = secret.withBytes { secret -> Int32 in
            guard let start = secret.baseAddress else { return -1 }
            return crypto_scalarmult(&result, start.assumingMemoryBound(to: UInt8.self), point)
        }
        guard status == 0, sodium_is_zero(result, result.count) == 0 else { return nil }
        return result
    }
}

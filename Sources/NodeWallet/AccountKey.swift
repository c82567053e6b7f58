package import NodeCrypto
package import NodeDomain

/// Keys of accounts from a seed (SLIP-10 for Ed25519): every step is a hardened one.
package enum AccountKey {
    /// The first word of every path of SLIP-44 for this coin.
    private static let coin: [UInt32] = [44, 540, 0, 0]

    /// The secret seed of account `index`: m/44'/540'/0'/0'/index'.
    package static func secret(seed: SecretBytes, account index: UInt32) -> Bytes32? {
        derive(seed: seed, path: coin + [index])
    }

    /// The secret at a path.
    ///
    /// - Parameter path: below 2³¹ each, hardened without being marked so.
    /// - Returns: nil when a step is 2³¹ or more.
    package static func derive(seed: SecretBytes, path: [UInt32]) -> Bytes32? {
        var node = seed.withBytes { SHA2.hmac512(key: Array("ed25519 seed".utf8), Array($0)) }
        defer { Secrets.wipe(&node) }
        for step in path {
            guard step < hardened else { return nil }
            let number = step | hardened
            var message: [UInt8] = [0] + node[..<32]
            message += stride(from: 24, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: number >> UInt32($0))
            }
            node = SHA2.hmac512(key: Array(node[32...]), message)
            Secrets.wipe(&message)
        }
        return Bytes32(node[..<32])
    }

    private static let hardened: UInt32 = 1 << 31
}

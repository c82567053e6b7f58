package import NodeDomain

/// What work costs, in gas; prices of the original.
package enum Gas {
    /// Most gas of one block of the original: some 3,000 sends.
    package static let originalBlockLimit: UInt64 = 100_107_000

    /// Less than any transaction costs.
    package static let least: UInt64 = transaction + signature

    private static let transaction: UInt64 = 20_000
    private static let spawning: UInt64 = 30_000
    private static let signature: UInt64 = 3_000
    private static let account: UInt64 = 2_500
    private static let headerBytes: UInt64 = 36
    private static let keyBytes: UInt64 = 32
    private static let vaultBytes: UInt64 = 92
    private static let numberBytes: UInt64 = 8

    /// A byte costs as an eighth of eight bytes, rounded up for all together.
    private static func eights(_ bytes: UInt64) -> UInt64 { (bytes + 7) / 8 }
    private static func data(_ bytes: UInt64) -> UInt64 { eights(bytes) * 128 }
    private static func store(_ bytes: UInt64) -> UInt64 { eights(bytes) * 5_000 }
    private static func update(_ bytes: UInt64) -> UInt64 { eights(bytes) * 725 }
    private static func load(_ bytes: UInt64) -> UInt64 { eights(bytes) * 182 }

    /// Checking a transaction: itself and its signatures.
    private static func base(signatures: Int) -> UInt64 { transaction + UInt64(signatures) * signature }

    /// Loading the account that pays.
    private static func payer(keys: Int) -> UInt64 { account + load(UInt64(keys) * keyBytes + headerBytes) }

    /// What an account of these arguments takes in the state, as it is charged.
    private static func record(of arguments: SpawnArguments) -> UInt64 {
        switch arguments {
        case .wallet: headerBytes + keyBytes
        case .multisig(let keys), .vesting(let keys): headerBytes + UInt64(keys.keys.count) * keyBytes
        case .vault: vaultBytes
        }
    }

    /// What a transaction costs before anything of it is done: itself, its signatures, its bytes.
    package static func intrinsic(size: Int, signatures: Int, spawns: Bool) -> UInt64 {
        base(signatures: signatures) + data(UInt64(size)) + (spawns ? spawning : 0)
    }

    /// Most that an account's spawning of itself may use.
    ///
    /// - Parameters:
    ///   - size: of the whole transaction, in bytes.
    ///   - signatures: how many the template needs.
    ///   - keys: how many the account has.
    package static func selfSpawn(size: Int, signatures: Int, keys: Int) -> UInt64 {
        intrinsic(size: size, signatures: signatures, spawns: true)
            + store(headerBytes + UInt64(keys) * keyBytes)
    }

    /// Most that a spawned account's spawning of another one may use.
    package static func spawn(
        of arguments: SpawnArguments, size: Int, signatures: Int, keys: Int
    ) -> UInt64 {
        intrinsic(size: size, signatures: signatures, spawns: true) + payer(keys: keys)
            + store(record(of: arguments))
    }

    /// Most that a spawned account's spending may use.
    package static func spend(size: Int, signatures: Int, keys: Int) -> UInt64 {
        base(signatures: signatures) + data(UInt64(size)) + payer(keys: keys) + account + load(numberBytes)
            + update(headerBytes) + update(numberBytes)
    }

    /// Most that a vesting account's draining of a vault may use.
    package static func drain(size: Int, signatures: Int, keys: Int) -> UInt64 {
        base(signatures: signatures) + data(UInt64(size)) + payer(keys: keys) + account + load(vaultBytes)
            + update(headerBytes) + update(2 * numberBytes)
    }
}

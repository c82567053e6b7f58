internal import NodeCrypto
package import NodeDomain
package import NodeEncoding

extension SpawnArguments {
    /// The address of the account that they make: the last 20 bytes of the hash of template and arguments.
    package var principal: Address {
        Address(ofHash: BLAKE3.hash(Address(of: template).bytes + scale))
    }
}

extension SignedTransaction {
    /// Hash of all bytes, signatures included.
    package var id: Bytes32 { BLAKE3.hash(raw) }

    /// Whether this makes the account that pays for it.
    package var isSelfSpawn: Bool {
        if case .spawn(let arguments) = body.action { return arguments.principal == body.principal }
        return false
    }

    /// Whether the signatures are by an account's keys, and in the form that its template takes.
    /// - Parameter genesis: 20 bytes that keep networks apart.
    package func isSigned(by signers: Signers, genesis: [UInt8]) -> Bool {
        guard let checks = SignatureCheck.all(of: self, by: signers, genesis: genesis) else { return false }
        return checks.allSatisfy(\.holds)
    }

    /// What it costs, for an account with these keys.
    package func gas(for signers: Signers) -> TransactionGas {
        if case .spawn(let arguments) = body.action {
            return gas(for: signers, spawning: arguments.principal)
        }
        return gas(for: signers, spawning: nil)
    }

    /// As above, where the address that it spawns is known.
    func gas(for signers: Signers, spawning address: Address?) -> TransactionGas {
        let (size, required, keys) = (raw.count, signers.required, signers.keys.count)
        switch body.action {
        case .spawn(let arguments):
            return TransactionGas(
                intrinsic: Gas.intrinsic(size: size, signatures: required, spawns: true),
                most: address == body.principal
                    ? Gas.selfSpawn(size: size, signatures: required, keys: keys)
                    : Gas.spawn(of: arguments, size: size, signatures: required, keys: keys))
        case .spend:
            return TransactionGas(
                intrinsic: Gas.intrinsic(size: size, signatures: required, spawns: false),
                most: Gas.spend(size: size, signatures: required, keys: keys))
        case .drain:
            return TransactionGas(
                intrinsic: Gas.intrinsic(size: size, signatures: required, spawns: false),
                most: Gas.drain(size: size, signatures: required, keys: keys))
        }
    }
}

/// What a transaction costs, in gas.
package struct TransactionGas: Hashable, Sendable {
    /// Before anything of it is done; an account that cannot pay this much is not charged at all.
    package let intrinsic: UInt64
    /// All of it; what is charged.
    package let most: UInt64
}

/// Twenty bytes that keep networks apart: they stand before everything that is signed.
package enum GenesisID {
    /// How many bytes there are.
    package static let count = 20

    /// Of a genesis time and a text that nobody could know before it.
    /// - Parameter time: Unix seconds.
    package static func make(time: UInt64, extraData: String) -> [UInt8] {
        Array(BLAKE3.hash(Array("\(time)".utf8) + Array(extraData.utf8)).bytes.prefix(count))
    }
}

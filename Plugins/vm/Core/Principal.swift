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

    /// Whether the signatures are by an account's keys.
    ///
    /// - Parameters:
    ///   - keys: the account's, in its order.
    ///   - required: how many must sign.
    ///   - genesis: 20 bytes that keep networks apart.
    package func isSigned(by keys: [Bytes32], required: Int, genesis: [UInt8]) -> Bool {
        let message = genesis + signedBytes
        switch signatures {
        case .one(let signature):
            return keys.count == 1 && required == 1 && Ed25519.verify(signature, of: message, by: keys[0])
        case .several(let parts):
            return parts.count == required
                && parts.allSatisfy {
                    Int($0.key) < keys.count
                        && Ed25519.verify($0.signature, of: message, by: keys[Int($0.key)])
                }
        }
    }

    /// Most gas that it may use, for an account with so many keys.
    package func maxGas(keys: Int, required: Int) -> UInt64 {
        switch body.action {
        case .spawn: Gas.selfSpawn(size: raw.count, signatures: required, keys: keys)
        case .spend: Gas.spend(size: raw.count, signatures: required, keys: keys)
        case .drain: Gas.drain(size: raw.count, signatures: required, keys: keys)
        }
    }
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

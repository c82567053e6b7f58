internal import NodeCrypto
package import NodeDomain
package import NodeEncoding

/// An account with one key: its address, and what it signs.
package struct WalletAccount: Sendable {
    /// Its public key.
    package let key: Bytes32

    /// The account of a key.
    package init(key: Bytes32) {
        self.key = key
    }

    /// The last 20 bytes of the hash of template and key.
    package var address: Address {
        Address(ofHash: BLAKE3.hash(Address(of: .wallet).bytes + SpawnArguments.wallet(key: key).scale))
    }

    /// The transaction that makes the account: once, before it can spend.
    package func spawn(nonce: UInt64, gasPrice: UInt64) -> TransactionBody {
        TransactionBody(
            principal: address, action: .spawn(.wallet(key: key)), nonce: nonce, gasPrice: gasPrice)
    }

    /// The transaction that sends smidge.
    package func spend(to: Address, amount: UInt64, nonce: UInt64, gasPrice: UInt64) -> TransactionBody {
        TransactionBody(
            principal: address, action: .spend(to: to, amount: amount), nonce: nonce, gasPrice: gasPrice)
    }

    /// Signs for one network.
    ///
    /// - Parameter genesis: its id, 20 bytes.
    /// - Returns: nil when the secret is of another account.
    package func sign(_ body: TransactionBody, secret: Bytes32, genesis: [UInt8]) -> SignedTransaction? {
        guard Ed25519.publicKey(seed: secret) == key,
            let signature = Ed25519.sign(genesis + body.scale, seed: secret)
        else { return nil }
        return SignedTransaction(body, .one(signature))
    }
}

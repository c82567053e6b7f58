internal import NodeCrypto
package import NodeDomain
package import NodeEncoding

/// One signature to check: pure work, on any core, in any order.
package struct SignatureCheck: Hashable, Sendable {
    /// What was signed, with what keeps networks and kinds apart before it.
    package let message: [UInt8]
    /// By which key.
    package let key: Bytes32
    /// 64 bytes.
    package let signature: [UInt8]

    /// Whether the signature is one of the message by the key.
    package var holds: Bool { Ed25519.verify(signature, of: message, by: key) }

    /// The checks of a transaction; nil: it does not even have the signatures that these signers give.
    package static func all(
        of transaction: SignedTransaction, by signers: Signers, genesis: [UInt8]
    ) -> [SignatureCheck]? {
        let parts: [KeySignature]
        switch (transaction.signatures, signers.form) {
        case (.one(let signature), .single): parts = [KeySignature(key: 0, signature: signature)]
        case (.several(let placed), .placed): parts = placed
        default: return nil
        }
        guard parts.count == signers.required, parts.allSatisfy({ Int($0.key) < signers.keys.count }) else {
            return nil
        }
        let message = genesis + transaction.signedBytes
        return parts.map {
            SignatureCheck(message: message, key: signers.keys[Int($0.key)], signature: $0.signature)
        }
    }
}

/// The signatures of a block's transactions that are to be checked before it is executed.
///
/// Whose they must be follows from the principal's address alone, which is the hash of the keys: from the account's record, or from
/// any spawn of it that stands in the block, its own among them. Where neither is, the account cannot be spawned when its turn
/// comes, and nothing is checked.
package struct SignatureJobs: Sendable {
    /// What is to be checked.
    package private(set) var checks: [SignatureCheck] = []

    /// Which checks decide about a transaction.
    private enum Ground {
        case known(Bool)
        case checks(Range<Int>)
    }

    private var grounds: [Ground] = []

    /// Finds the checks of a block's transactions; none for those that were found good before.
    /// - Throws: `StateMiss` when a principal's account was not read.
    package init(
        of transactions: [LedgerTransaction], on state: LedgerState, genesis: [UInt8],
        checked: borrowing CheckedSignatures
    ) throws(StateMiss) {
        var spawns: [Address: Signers] = [:]
        for transaction in transactions {
            if let address = transaction.spawned,
                case .spawn(let arguments)? = transaction.signed?.body.action
            {
                spawns[address] = arguments.signers
            }
        }
        grounds.reserveCapacity(transactions.count)
        for transaction in transactions {
            guard let signed = transaction.signed else {
                grounds.append(.known(false))
                continue
            }
            if checked.contains(transaction.id) {
                grounds.append(.known(true))
                continue
            }
            let principal = signed.body.principal
            let record = try state.accounts.get(principal)?.spawned
            guard let signers = record.map(\.signers) ?? spawns[principal],
                let checks = SignatureCheck.all(of: signed, by: signers, genesis: genesis)
            else {
                grounds.append(.known(false))
                continue
            }
            grounds.append(.checks(self.checks.count..<self.checks.count + checks.count))
            self.checks += checks
        }
    }

    /// Whether each transaction is signed, by what its checks gave, in their order.
    ///
    /// A check without an answer counts as one that does not hold.
    package func verdicts(_ held: [Bool]) -> [Bool] {
        grounds.map { ground in
            switch ground {
            case .known(let verdict): verdict
            case .checks(let range): range.upperBound <= held.count && held[range].allSatisfy(\.self)
            }
        }
    }

    /// Does all checks here, one after the other.
    package func check() -> [Bool] { verdicts(checks.map(\.holds)) }
}

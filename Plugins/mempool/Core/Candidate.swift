internal import NodeCrypto
package import NodeDomain

/// What may wait for a block; numbers are those of the wire.
package enum CandidateKind: UInt8, Hashable, Sendable, CaseIterable {
    /// A transaction.
    case transaction = 1
    /// Proofs of plots.
    case activation = 2
    /// The PoET's proof of an epoch.
    case poetProof = 3
    /// Evidence against an operator.
    case evidence = 4
}

/// Bytes that somebody wants in a block.
package struct Candidate: Hashable, Sendable {
    /// What they are said to be.
    package let kind: CandidateKind
    /// Canonical bytes, as they stand in blocks.
    package let raw: [UInt8]
    /// Hash of the bytes.
    package let id: Bytes32

    /// A candidate of these bytes.
    package init(_ kind: CandidateKind, _ raw: [UInt8]) {
        self.init(kind, raw, id: BLAKE3.hash(raw))
    }

    /// One whose hash is known.
    init(_ kind: CandidateKind, _ raw: [UInt8], id: Bytes32) {
        self.kind = kind
        self.raw = raw
        self.id = id
    }

    /// Why nobody need be asked about it: its size; nil: it has one that can be.
    package var sizeRefusal: MempoolRefusal? {
        let limit = MempoolLimit.bytes(of: kind)
        return (1...limit).contains(raw.count) ? nil : .size(raw.count, limit: limit)
    }
}

/// What the ledger says of a candidate.
package enum Verdict: Hashable, Sendable {
    /// It would not be taken; why, in one sentence.
    case refused(String)
    /// A transaction that would do what it says, were it executed now and alone.
    case transaction(Terms)
    /// An item that a block may have.
    case item

    /// Whose turn a transaction is, and what it takes of the account.
    package struct Terms: Hashable, Sendable {
        /// The account that pays.
        package var principal: Address
        /// Its nonce.
        package var nonce: UInt64
        /// The account's next nonce in the state.
        package var nextNonce: UInt64
        /// Smidge that it pays.
        package var fee: UInt64
        /// Smidge that it sends besides.
        package var spends: UInt64
        /// The account's balance in the state.
        package var balance: UInt64

        /// Of these.
        package init(
            principal: Address, nonce: UInt64, nextNonce: UInt64, fee: UInt64, spends: UInt64, balance: UInt64
        ) {
            self.principal = principal
            self.nonce = nonce
            self.nextNonce = nextNonce
            self.fee = fee
            self.spends = spends
            self.balance = balance
        }
    }
}

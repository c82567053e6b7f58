package import NodeDomain

/// The last thing that a consensus key has signed: it never signs before that, and nothing else there.
package struct SigningRecord: Hashable, Sendable {
    /// What was signed at the record's point.
    package struct Signed: Hashable, Sendable {
        /// Most bytes that a vote or a proposal can have.
        package static let longest = 512
        /// Bytes of a signature.
        package static let signatureBytes = 64

        /// Canonical bytes.
        package let bytes: [UInt8]
        /// 64 bytes.
        package let signature: [UInt8]

        /// Bytes and their signature.
        package init(bytes: [UInt8], signature: [UInt8]) {
            self.bytes = bytes
            self.signature = signature
        }
    }

    /// The public key.
    package let key: Bytes32
    /// The chain it signs for; nil: it has signed nothing yet, and the first request decides.
    package let chain: ChainRevision?
    /// Nothing before it is signed, and nothing else at it.
    package let point: SigningPoint
    /// What was signed there; nil: nothing, or what is not known because the record was imported.
    package let signed: Signed?
    /// The key has moved to another signer.
    package let isRetired: Bool

    /// The record of a key that has signed nothing.
    package init(newKey key: Bytes32) {
        self.init(key: key, chain: nil, point: .start, signed: nil, isRetired: false)
    }

    /// A record of these fields.
    package init(
        key: Bytes32, chain: ChainRevision?, point: SigningPoint, signed: Signed?, isRetired: Bool
    ) {
        self.key = key
        self.chain = chain
        self.point = point
        self.signed = signed
        self.isRetired = isRetired
    }

    /// Whether the fields belong together.
    package var isWellFormed: Bool {
        guard point.isValid else { return false }
        if point == .start { return signed == nil }
        guard chain != nil else { return false }
        return signed.map {
            !$0.bytes.isEmpty && $0.bytes.count <= Signed.longest
                && $0.signature.count == Signed.signatureBytes
        } ?? true
    }

    /// The same, for a key that signs here no more.
    package var retired: SigningRecord {
        SigningRecord(key: key, chain: chain, point: point, signed: signed, isRetired: true)
    }
}

/// What is done with a request.
package enum SigningDecision: Hashable, Sendable {
    /// Sign it, and answer when the record is on the disk.
    case sign(PendingSignature)
    /// The signature that was given before.
    case saved([UInt8])
    /// Never.
    case refused(SigningRefusal)
}

/// What may be signed once its record is on the disk.
package struct PendingSignature: Hashable, Sendable {
    /// Canonical bytes.
    package let bytes: [UInt8]
    private let key: Bytes32
    private let chain: ChainRevision
    private let point: SigningPoint

    fileprivate init(_ request: SigningRequest, key: Bytes32) {
        bytes = request.bytes
        chain = request.chain
        point = request.point
        self.key = key
    }

    /// The record that must be on the disk before anybody sees the signature.
    package func record(with signature: [UInt8]) -> SigningRecord {
        SigningRecord(
            key: key, chain: chain, point: point, signed: .init(bytes: bytes, signature: signature),
            isRetired: false)
    }
}

extension SigningRecord {
    /// Judges a request by what was signed last.
    package func decide(_ request: SigningRequest) -> SigningDecision {
        if let fault = request.fault { return .refused(fault) }
        if isRetired { return .refused(.retired) }
        if let chain, chain != request.chain {
            return .refused(.otherChain(asked: request.chain, own: chain))
        }
        let asked = request.point
        if asked > point { return .sign(PendingSignature(request, key: key)) }
        if asked < point { return .refused(.regression(asked: asked, last: point)) }
        guard let signed else { return .refused(.unknown(point)) }
        return signed.bytes == request.bytes ? .saved(signed.signature) : .refused(.conflict(point))
    }
}

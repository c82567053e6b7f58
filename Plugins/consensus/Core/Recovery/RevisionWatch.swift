internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding

extension Recovery {
    /// What operators compare and name when they accept it: BLAKE3 over `sn/recovery` and the canonical bytes.
    package var hash: Bytes32 { BLAKE3.hash(Array("sn/recovery".utf8) + wire) }
}

/// Looks for what must not be once a recovery was accepted: that the revision which was left has gone on after all (spec: chain, §7).
///
/// Then more than two thirds of the old committee can vote, and there are two chains. People must decide between them: the node stays where it is.
package struct RevisionWatch {
    /// Checks of certificates at most: each costs a signature of every member, and strangers can send any number.
    package static let interval: UInt64 = 1000

    /// The old revision.
    package let chain: String
    /// The first height that it must not decide.
    package let height: UInt64
    private let validators: ValidatorSet
    private let check: SignatureCheck
    private var last: UInt64?
    /// The certificate that proves it; nil: none was seen.
    package private(set) var found: Certificate?

    /// Watches over a height of an old revision, which these members would have decided.
    package init(
        chain: String, height: UInt64, validators: ValidatorSet, check: @escaping SignatureCheck
    ) {
        self.chain = chain
        self.height = height
        self.validators = validators
        self.check = check
    }

    /// Looks at what a peer sent.
    ///
    /// - Parameter now: milliseconds of a clock that does not go back.
    /// - Returns: what to tell people, once.
    package mutating func look(at event: ConsensusEvent, now: UInt64) -> String? {
        let certificate: Certificate
        switch event {
        case .message(.certificate(let seen), _): certificate = seen
        case .decided(_, let seen, _): certificate = seen
        default: return nil
        }
        guard found == nil, certificate.kind == .precommit, certificate.height == height,
            last.map({ now >= $0 &+ Self.interval }) ?? true
        else { return nil }
        last = now
        guard (try? validators.verify(certificate, chain: chain, by: check)) != nil else { return nil }
        found = certificate
        return """
            \(chain) has decided height \(height), block \(certificate.target.block.hash), though a recovery left it behind height \
            \(height - 1): there are two chains. This node stays on the recovered one; ask those who agreed on the recovery
            """
    }
}

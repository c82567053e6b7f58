internal import NodeDomain
internal import NodeEncoding

/// Why a block that a peer sent is not the one that was asked for: no honest peer sends it.
enum CatchUpFault: Error {
    case encoding(ScaleFault)
    case height(UInt64, not: UInt64)
    case chain(String)
    /// It is of a later revision of this chain: operators agreed on a recovery.
    case revision(String)
    case body
    case commit
    case certificate(CertificateFault)
}

extension CatchUpFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .encoding(let fault): "it cannot be read: \(fault)"
        case .height(let height, let asked): "it is block \(height), and \(asked) was asked for"
        case .chain(let chain), .revision(let chain): "it is of chain `\(chain)`"
        case .body: "its header is not that of its body"
        case .commit: "the certificate is not of this block"
        case .certificate(let fault): fault.description
        }
    }
}

extension CertifiedBlock {
    /// A block of which everything but the signatures has been looked at.
    init(_ encoded: EncodedBlock, height: UInt64, chain: String) throws(CatchUpFault) {
        do {
            block = try Block(wire: encoded.block)
            commit = try Certificate(wire: encoded.certificate)
        } catch {
            throw .encoding(error)
        }
        let header = block.header
        guard header.height == height else { throw .height(header.height, not: height) }
        guard header.chain == chain else {
            throw Self.isLater(header.chain, than: chain) ? .revision(header.chain) : .chain(header.chain)
        }
        guard block.isWhole, let parts = BlockParts(block) else { throw .body }
        reference = parts.reference
        guard commit.kind == .precommit, commit.height == height,
            commit.target == VotedBlock(block: reference, time: header.time)
        else { throw .commit }
    }

    /// Whether one chain's id is that of a later revision of another's.
    private static func isLater(_ chain: String, than own: String) -> Bool {
        guard let (name, revision) = parts(of: chain), let (ownName, ownRevision) = parts(of: own) else {
            return false
        }
        return name == ownName && revision > ownRevision
    }

    private static func parts(of chain: String) -> (name: Substring, revision: UInt32)? {
        guard let dash = chain.lastIndex(of: "-"), let revision = UInt32(chain[chain.index(after: dash)...])
        else { return nil }
        return (chain[..<dash], revision)
    }

    /// Checks that more than two thirds of a set decided it, and that it is the set which its header names.
    func prove(by set: ValidatorSet, _ check: SignatureCheck) throws(CatchUpFault) {
        guard set.hash == block.header.validatorsHash else { throw .commit }
        do {
            try set.verify(commit, chain: block.header.chain, by: check)
        } catch {
            throw .certificate(error)
        }
    }
}

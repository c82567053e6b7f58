internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding

extension BlockHeader {
    /// CometBFT's hash of a header: RFC 6962's root over its fields.
    ///
    /// Votes and the next header name the block by it.
    package var hash: Bytes32 { MerkleTree.root(of: HeaderLeaves.of(self)) }
}

extension Certificate {
    /// What the header of the next block says of a commit: the root over its bytes; over nothing when there is none.
    package static func hash(of commit: Certificate?) -> Bytes32 {
        MerkleTree.root(of: commit.map { [$0.wire] } ?? [])
    }
}

extension Block {
    /// The root over items and transactions, as the header's `dataHash` must be.
    package var dataHash: Bytes32 { MerkleTree.root(of: items + transactions) }

    /// The root over the items that are evidence, as the header's `evidenceHash` must be.
    package var evidenceHash: Bytes32 {
        MerkleTree.root(of: items.filter { $0.first == malfeasanceTag })
    }

    /// Whether the header is that of this body and this commit.
    package var isWhole: Bool {
        header.dataHash == dataHash && header.evidenceHash == evidenceHash
            && header.lastCommitHash == Certificate.hash(of: lastCommit)
    }
}

/// The first byte of evidence (spec: chain, §3).
private let malfeasanceTag: UInt8 = 2

internal import CPostKernels
package import NodeDomain

/// A group of sixteen nonces with its proof of work.
package struct ScanGroup: Hashable, Sendable {
    /// The group: nonces 16 times it and the fifteen after.
    package let number: UInt8
    /// Its proof of work.
    package let pow: UInt64

    /// A group.
    package init(number: UInt8, pow: UInt64) {
        self.number = number
        self.pow = pow
    }
}

/// A good label for a nonce.
package struct ScanHit: Hashable, Sendable {
    /// The nonce.
    package let nonce: UInt32
    /// The label's index in the plot.
    package let index: UInt64

    /// A hit.
    package init(nonce: UInt32, index: UInt64) {
        self.nonce = nonce
        self.index = index
    }
}

/// One pass over a plot: the keys of some groups under one challenge.
package struct ScanPass: Sendable {
    /// Labels that are examined together, 128 bytes of them.
    ///
    /// A shorter rest at the end of a file is left out, as the original does.
    package static let chunkLabels = 8
    /// Bytes of them.
    package static let chunkBytes = 16 * chunkLabels

    /// The groups, ascending.
    package let groups: [ScanGroup]
    /// How good a label must be.
    package let difficulty: ProvingDifficulty
    /// Expanded keys: of each group, then of its sixteen nonces.
    private let keys: [UInt8]

    private static let keysPerGroup = 1 + Int(ProofCipher.noncesPerGroup)

    /// Expands all keys.
    package init(challenge: Bytes32, groups: [ScanGroup], difficulty: ProvingDifficulty) {
        let sorted = groups.sorted { $0.number < $1.number }
        self.groups = sorted
        self.difficulty = difficulty
        keys = sorted.flatMap { group -> [UInt8] in
            let number = UInt32(group.number)
            let first = number * ProofCipher.noncesPerGroup
            let own = ProofCipher.groupKey(challenge: challenge, group: number, pow: group.pow)
            return AES128.expand(own)
                + (first..<first + ProofCipher.noncesPerGroup).flatMap {
                    AES128.expand(ProofCipher.lazyKey(challenge: challenge, nonce: $0, pow: group.pow))
                }
        }
    }

    /// The expanded keys of a group and, after it, of its nonces.
    func withKeys<Result>(of place: Int, _ body: (UnsafePointer<post_aes_keys>) -> Result) -> Result {
        keys.withUnsafeBytes { bytes in
            body(
                bytes.baseAddress.unsafelyUnwrapped.advanced(
                    by: place * ScanPass.keysPerGroup * AES128.keyBytes
                ).assumingMemoryBound(to: post_aes_keys.self))
        }
    }
}

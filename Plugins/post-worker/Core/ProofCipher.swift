internal import NodeCrypto
package import NodeDomain

/// The keys that examine labels for a proof.
package enum ProofCipher {
    /// Nonces that one proof of work and one encryption of a label serve.
    package static let noncesPerGroup: UInt32 = 16
    /// Nonces that there are: the group is one byte.
    package static let nonces: UInt32 = 4096

    /// The key of a group; byte `n` of its output belongs to nonce `n` of the group.
    package static func groupKey(challenge: Bytes32, group: UInt32, pow: UInt64) -> [UInt8] {
        key(hasher(challenge, group, pow))
    }

    /// The key that settles the labels whose byte was equal to the difficulty's.
    package static func lazyKey(challenge: Bytes32, nonce: UInt32, pow: UInt64) -> [UInt8] {
        var hasher = hasher(challenge, nonce / noncesPerGroup, pow)
        hasher.update(littleEndian: nonce)
        return key(hasher)
    }

    private static func hasher(_ challenge: Bytes32, _ group: UInt32, _ pow: UInt64) -> BLAKE3 {
        var hasher = BLAKE3()
        hasher.update(challenge)
        hasher.update(littleEndian: group)
        hasher.update(littleEndian: pow)
        return hasher
    }

    private static func key(_ hasher: BLAKE3) -> [UInt8] {
        Array(hasher.finalize().bytes.prefix(16))
    }
}

/// Examines single labels for one nonce, as the verifier does.
struct LabelExaminer {
    private let group: [UInt8]
    private let lazy: [UInt8]
    private let byte: Int
    private let difficulty: ProvingDifficulty

    init(challenge: Bytes32, nonce: UInt32, pow: UInt64, difficulty: ProvingDifficulty) {
        let number = nonce / ProofCipher.noncesPerGroup
        group = AES128.expand(ProofCipher.groupKey(challenge: challenge, group: number, pow: pow))
        lazy = AES128.expand(ProofCipher.lazyKey(challenge: challenge, nonce: nonce, pow: pow))
        byte = Int(nonce % ProofCipher.noncesPerGroup)
        self.difficulty = difficulty
    }

    /// What is wrong with a label; nil when it is good.
    func fault(of label: Bytes32) -> LabelRefusal? {
        let block = label.storedBlock
        let found = byteValue(of: AES128.encrypt(block, group))
        if found < difficulty.msb { return nil }
        if found > difficulty.msb { return .msb(found: found, limit: difficulty.msb) }
        let words = AES128.encrypt(block, lazy)
        let rest = (UInt64(words[1]) << 32 | UInt64(words[0])) & ProvingDifficulty.lowBits
        return rest < difficulty.lsb ? nil : .lsb(found: rest, limit: difficulty.lsb)
    }

    private func byteValue(of words: SIMD4<UInt32>) -> UInt8 {
        UInt8(truncatingIfNeeded: words[byte / 4] >> UInt32(8 * (byte % 4)))
    }
}

extension Bytes32 {
    /// The first 16 bytes, which are what a plot stores of a label, as words with the first byte lowest.
    var storedBlock: SIMD4<UInt32> {
        let first = word0.byteSwapped
        let second = word1.byteSwapped
        return SIMD4(
            UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: first >> 32),
            UInt32(truncatingIfNeeded: second), UInt32(truncatingIfNeeded: second >> 32))
    }
}

/// Why a label is not good enough.
package enum LabelRefusal: Hashable, Sendable {
    /// The byte of the group's cipher is too large.
    case msb(found: UInt8, limit: UInt8)
    /// That byte is equal to the limit, and the low 56 bits of the nonce's cipher are not below theirs.
    case lsb(found: UInt64, limit: UInt64)
}

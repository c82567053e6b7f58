package import NodeDomain

/// The first nibbles of a key: a place in the tree.
package struct NibblePath: Hashable, Sendable {
    /// How many nibbles a whole key has.
    package static let longest = 64
    /// The place of the root.
    package static let root = NibblePath(of: .zero, depth: 0)

    /// The nibbles from the first; those from `depth` on are 0.
    package let bits: Bytes32
    /// How many nibbles there are, at most 64.
    package let depth: Int

    /// The first `depth` nibbles of a key, which must be no more than it has.
    package init(of key: Bytes32, depth: Int) {
        self.depth = depth
        bits = key.prefix(bits: 4 * depth)
    }

    /// The place one nibble below, of a path that is not yet a whole key.
    func appending(_ nibble: Int) -> NibblePath {
        NibblePath(of: bits.setting(nibble, at: depth), depth: depth + 1)
    }

    /// Whether a key lies below this place.
    package func contains(_ key: Bytes32) -> Bool {
        key.prefix(bits: 4 * depth) == bits
    }
}

extension NibblePath: Comparable {
    /// Level by level from the root, and by nibbles in a level.
    package static func < (left: NibblePath, right: NibblePath) -> Bool {
        left.depth == right.depth ? left.bits < right.bits : left.depth < right.depth
    }
}

extension Bytes32 {
    /// The nibble at a depth, which must be below 64.
    func nibble(at depth: Int) -> Int {
        Int(truncatingIfNeeded: word(depth / 16) &>> UInt64(60 - 4 * (depth % 16))) & 15
    }

    /// The first bits; the others are 0.
    func prefix(bits count: Int) -> Bytes32 {
        func mask(_ word: Int) -> UInt64 {
            let bits = min(64, max(0, count - 64 * word))
            return bits == 0 ? 0 : .max << UInt64(64 - bits)
        }
        return Bytes32(word0 & mask(0), word1 & mask(1), word2 & mask(2), word3 & mask(3))
    }

    /// With a nibble put where 0 was.
    fileprivate func setting(_ nibble: Int, at depth: Int) -> Bytes32 {
        let bits = UInt64(nibble) << UInt64(60 - 4 * (depth % 16))
        return switch depth / 16 {
        case 0: Bytes32(word0 | bits, word1, word2, word3)
        case 1: Bytes32(word0, word1 | bits, word2, word3)
        case 2: Bytes32(word0, word1, word2 | bits, word3)
        default: Bytes32(word0, word1, word2, word3 | bits)
        }
    }

    private func word(_ place: Int) -> UInt64 {
        switch place {
        case 0: word0
        case 1: word1
        case 2: word2
        default: word3
        }
    }
}

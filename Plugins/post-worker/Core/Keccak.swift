/// The Keccak permutation on 1,600 bits, and the sponge with a capacity of 1,024 bits in its first form.
///
/// Its padding is that of the submission (a bit 1), not SHA-3's: `labels` need the older one.
struct Keccak {
    /// Words that a block fills: 72 bytes.
    static let rate = 9

    private(set) var words = InlineArray<25, UInt64>(repeating: 0)

    /// Mixes a word into the block under way.
    @inline(__always)
    mutating func absorb(_ word: UInt64, at place: Int) {
        words[place] ^= word
    }

    /// Ends the last block, whose padding has begun, with the bit at the other end.
    @inline(__always)
    mutating func finish() {
        words[Keccak.rate - 1] ^= 0x8000_0000_0000_0000
        permute()
    }

    /// All 24 rounds.
    mutating func permute() {
        var a = words
        for round in 0..<24 {
            a = Keccak.round(a, roundConstants[round])
        }
        words = a
    }

    @inline(__always)
    private static func round(_ a: InlineArray<25, UInt64>, _ constant: UInt64) -> InlineArray<25, UInt64> {
        func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
            count == 0 ? value : value &<< count | value &>> (64 &- count)
        }
        let c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20]
        let c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21]
        let c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22]
        let c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23]
        let c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24]
        let d0 = c4 ^ rotated(c1, 1)
        let d1 = c0 ^ rotated(c2, 1)
        let d2 = c1 ^ rotated(c3, 1)
        let d3 = c2 ^ rotated(c4, 1)
        let d4 = c3 ^ rotated(c0, 1)
        // One row of the new state: five words from along a diagonal of the old, turned, then combined.
        func row(
            _ b0: UInt64, _ b1: UInt64, _ b2: UInt64, _ b3: UInt64, _ b4: UInt64,
            _ into: inout InlineArray<25, UInt64>, _ first: Int
        ) {
            into[first] = b0 ^ (~b1 & b2)
            into[first + 1] = b1 ^ (~b2 & b3)
            into[first + 2] = b2 ^ (~b3 & b4)
            into[first + 3] = b3 ^ (~b4 & b0)
            into[first + 4] = b4 ^ (~b0 & b1)
        }
        var e = InlineArray<25, UInt64>(repeating: 0)
        row(
            a[0] ^ d0, rotated(a[6] ^ d1, 44), rotated(a[12] ^ d2, 43), rotated(a[18] ^ d3, 21),
            rotated(a[24] ^ d4, 14), &e, 0)
        row(
            rotated(a[3] ^ d3, 28), rotated(a[9] ^ d4, 20), rotated(a[10] ^ d0, 3), rotated(a[16] ^ d1, 45),
            rotated(a[22] ^ d2, 61), &e, 5)
        row(
            rotated(a[1] ^ d1, 1), rotated(a[7] ^ d2, 6), rotated(a[13] ^ d3, 25), rotated(a[19] ^ d4, 8),
            rotated(a[20] ^ d0, 18), &e, 10)
        row(
            rotated(a[4] ^ d4, 27), rotated(a[5] ^ d0, 36), rotated(a[11] ^ d1, 10), rotated(a[17] ^ d2, 15),
            rotated(a[23] ^ d3, 56), &e, 15)
        row(
            rotated(a[2] ^ d2, 62), rotated(a[8] ^ d3, 55), rotated(a[14] ^ d4, 39), rotated(a[15] ^ d0, 41),
            rotated(a[21] ^ d1, 2), &e, 20)
        e[0] ^= constant
        return e
    }
}

private let roundConstants: InlineArray<24, UInt64> = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
    0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
]

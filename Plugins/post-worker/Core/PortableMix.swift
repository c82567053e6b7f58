/// Rows of ChaCha's state of two labels: the first four words are of one, the rest of the other.
private typealias Row = SIMD8<UInt32>

/// The memory-hard middle of two labels at a time, in vectors that every processor has.
///
/// - Parameters:
///   - blocks: 32 words a label, in and out; aligned to 16.
///   - scratch: 256 bytes for each of the `n` rows of the tables; aligned to 16.
///   - n: a power of two.
func portableMix(_ blocks: UnsafeMutablePointer<UInt32>, _ scratch: UnsafeMutableRawPointer, _ n: UInt32) {
    let table = scratch.assumingMemoryBound(to: SIMD4<UInt32>.self)
    UnsafeMutableRawPointer(blocks).withMemoryRebound(to: SIMD4<UInt32>.self, capacity: 16) { words in
        var block = PairBlock(words, words + 8)
        for row in 0..<Int(n) {
            block.store(table + 16 * row)
            block.mix()
        }
        let mask = n - 1
        for _ in 0..<n {
            let first = Int(block.word16.first & mask)
            let second = Int(block.word16.second & mask)
            block.xor(PairBlock(table + 16 * first, table + (16 * second + 8)))
            block.mix()
        }
        block.store(words)
    }
}

/// The 128 bytes of each of two labels.
private struct PairBlock {
    private var a0, b0, c0, d0, a1, b1, c1, d1: Row

    /// Eight vectors of each label.
    @inline(__always)
    init(_ first: UnsafePointer<SIMD4<UInt32>>, _ second: UnsafePointer<SIMD4<UInt32>>) {
        a0 = Row(lowHalf: first[0], highHalf: second[0])
        b0 = Row(lowHalf: first[1], highHalf: second[1])
        c0 = Row(lowHalf: first[2], highHalf: second[2])
        d0 = Row(lowHalf: first[3], highHalf: second[3])
        a1 = Row(lowHalf: first[4], highHalf: second[4])
        b1 = Row(lowHalf: first[5], highHalf: second[5])
        c1 = Row(lowHalf: first[6], highHalf: second[6])
        d1 = Row(lowHalf: first[7], highHalf: second[7])
    }

    /// The word that says which row comes next.
    @inline(__always)
    var word16: (first: UInt32, second: UInt32) { (a1[0], a1[4]) }

    @inline(__always)
    func store(_ to: UnsafeMutablePointer<SIMD4<UInt32>>) {
        (to[0], to[8]) = (a0.lowHalf, a0.highHalf)
        (to[1], to[9]) = (b0.lowHalf, b0.highHalf)
        (to[2], to[10]) = (c0.lowHalf, c0.highHalf)
        (to[3], to[11]) = (d0.lowHalf, d0.highHalf)
        (to[4], to[12]) = (a1.lowHalf, a1.highHalf)
        (to[5], to[13]) = (b1.lowHalf, b1.highHalf)
        (to[6], to[14]) = (c1.lowHalf, c1.highHalf)
        (to[7], to[15]) = (d1.lowHalf, d1.highHalf)
    }

    @inline(__always)
    mutating func xor(_ other: PairBlock) {
        a0 ^= other.a0
        b0 ^= other.b0
        c0 ^= other.c0
        d0 ^= other.d0
        a1 ^= other.a1
        b1 ^= other.b1
        c1 ^= other.c1
        d1 ^= other.d1
    }

    /// ChunkMix with r = 1.
    @inline(__always)
    mutating func mix() {
        a0 ^= a1
        b0 ^= b1
        c0 ^= c1
        d0 ^= d1
        chacha8(&a0, &b0, &c0, &d0)
        a1 ^= a0
        b1 ^= b0
        c1 ^= c0
        d1 ^= d0
        chacha8(&a1, &b1, &c1, &d1)
    }
}

/// Each word turned to the left.
///
/// The shift to the left is written as a product: of two shifts the compiler makes one rotation of each word alone, and
/// the vector is gone.
@inline(__always)
private func rotated(_ value: Row, _ count: UInt32) -> Row {
    (value &* Row(repeating: 1 << count)) | (value &>> Row(repeating: 32 - count))
}

@inline(__always)
private func quarterRounds(_ a: inout Row, _ b: inout Row, _ c: inout Row, _ d: inout Row) {
    a = a &+ b
    d = rotated(d ^ a, 16)
    c = c &+ d
    b = rotated(b ^ c, 12)
    a = a &+ b
    d = rotated(d ^ a, 8)
    c = c &+ d
    b = rotated(b ^ c, 7)
}

/// ChaCha's eight rounds on the words as they are, and the addition of the input.
@inline(__always)
private func chacha8(_ a: inout Row, _ b: inout Row, _ c: inout Row, _ d: inout Row) {
    let (startA, startB, startC, startD) = (a, b, c, d)
    for _ in 0..<4 {
        quarterRounds(&a, &b, &c, &d)
        // Turned is what the next round needs last: b is on its critical path.
        a = Row(a[3], a[0], a[1], a[2], a[7], a[4], a[5], a[6])
        d = Row(d[2], d[3], d[0], d[1], d[6], d[7], d[4], d[5])
        c = Row(c[1], c[2], c[3], c[0], c[5], c[6], c[7], c[4])
        quarterRounds(&a, &b, &c, &d)
        a = Row(a[1], a[2], a[3], a[0], a[5], a[6], a[7], a[4])
        d = Row(d[2], d[3], d[0], d[1], d[6], d[7], d[4], d[5])
        c = Row(c[3], c[0], c[1], c[2], c[7], c[4], c[5], c[6])
    }
    a = a &+ startA
    b = b &+ startB
    c = c &+ startC
    d = d &+ startD
}

/// One word of each of eight chunks.
private typealias Lanes = SIMD8<UInt32>

/// How many chunks are compressed together.
let blake3Lanes = 8

/// Each word turned to the right.
///
/// The shift to the left is written as a product: of two shifts the compiler makes a rotation of each word alone, and
/// the vector is gone.
@inline(__always)
private func rotated(_ value: Lanes, _ count: UInt32) -> Lanes {
    (value &>> Lanes(repeating: count)) | (value &* Lanes(repeating: 1 << (32 - count)))
}

/// The function G.
@inline(__always)
private func mix(
    _ a: inout Lanes, _ b: inout Lanes, _ c: inout Lanes, _ d: inout Lanes, _ x: Lanes, _ y: Lanes
) {
    a = a &+ b &+ x
    d = rotated(d ^ a, 16)
    c = c &+ d
    b = rotated(b ^ c, 12)
    a = a &+ b &+ y
    d = rotated(d ^ a, 8)
    c = c &+ d
    b = rotated(b ^ c, 7)
}

/// Chaining values of eight whole chunks that lie one after another, none of them the last.
func blake3EightChunks(_ bytes: UnsafeRawBufferPointer, counter: UInt64) -> [SIMD8<UInt32>] {
    var values = (0..<8).map { Lanes(repeating: blake3Start[$0]) }
    var (low, high) = (Lanes(), Lanes())
    for lane in 0..<blake3Lanes {
        low[lane] = UInt32(truncatingIfNeeded: counter &+ UInt64(lane))
        high[lane] = UInt32(truncatingIfNeeded: (counter &+ UInt64(lane)) >> 32)
    }
    for block in 0..<16 {
        let flags = (block == 0 ? BLAKE3Flag.chunkStart : 0) | (block == 15 ? BLAKE3Flag.chunkEnd : 0)
        let message = (0..<16).map { blake3Word(bytes, at: 64 * block + 4 * $0) }
        compress(&values, message, low, high, flags)
    }
    return (0..<blake3Lanes).map { lane in
        var value = SIMD8<UInt32>()
        for word in 0..<8 { value[word] = values[word][lane] }
        return value
    }
}

/// The word at the same place of each chunk.
@inline(__always)
private func blake3Word(_ bytes: UnsafeRawBufferPointer, at place: Int) -> Lanes {
    func word(_ chunk: Int) -> UInt32 {
        UInt32(
            littleEndian: bytes.loadUnaligned(
                fromByteOffset: chunk * BLAKE3Chunk.size + place, as: UInt32.self))
    }
    return Lanes(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7))
}

/// Compresses one block of each chunk.
private func compress(
    _ values: inout [Lanes], _ message: [Lanes], _ low: Lanes, _ high: Lanes, _ flags: UInt32
) {
    var (v0, v1, v2, v3) = (values[0], values[1], values[2], values[3])
    var (v4, v5, v6, v7) = (values[4], values[5], values[6], values[7])
    var (v8, v9) = (Lanes(repeating: blake3Start[0]), Lanes(repeating: blake3Start[1]))
    var (v10, v11) = (Lanes(repeating: blake3Start[2]), Lanes(repeating: blake3Start[3]))
    var (v12, v13) = (low, high)
    var (v14, v15) = (Lanes(repeating: 64), Lanes(repeating: flags))
    message.withUnsafeBufferPointer { message in
        blake3Schedule.withUnsafeBufferPointer { order in
            for round in stride(from: 0, to: 112, by: 16) {
                func m(_ place: Int) -> Lanes { message[order[round + place]] }
                mix(&v0, &v4, &v8, &v12, m(0), m(1))
                mix(&v1, &v5, &v9, &v13, m(2), m(3))
                mix(&v2, &v6, &v10, &v14, m(4), m(5))
                mix(&v3, &v7, &v11, &v15, m(6), m(7))
                mix(&v0, &v5, &v10, &v15, m(8), m(9))
                mix(&v1, &v6, &v11, &v12, m(10), m(11))
                mix(&v2, &v7, &v8, &v13, m(12), m(13))
                mix(&v3, &v4, &v9, &v14, m(14), m(15))
            }
        }
    }
    values = [v0 ^ v8, v1 ^ v9, v2 ^ v10, v3 ^ v11, v4 ^ v12, v5 ^ v13, v6 ^ v14, v7 ^ v15]
}

/// The order of the message words in each of the seven rounds, one after another.
private let blake3Schedule: [Int] = {
    let permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
    var rows = Array(0..<16)
    var row = rows
    for _ in 1..<7 {
        row = permutation.map { row[$0] }
        rows += row
    }
    return rows
}()

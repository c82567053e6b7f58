// The compression function twice: for one block with the state's rows in four vectors, and for the blocks of four
// chunks at a time with one word of each in a vector. Sixteen bytes a vector suit the instructions that every x86-64
// and arm64 has.

/// Where the message words of the next round come from.
private let permutation = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]

/// The order of the message words in each of the seven rounds, one after another.
private let schedule: [Int] = {
    var rows = Array(0..<16)
    var row = rows
    for _ in 1..<7 {
        row = permutation.map { row[$0] }
        rows += row
    }
    return rows
}()

@inline(__always)
private func rotated(_ value: SIMD4<UInt32>, _ count: UInt32) -> SIMD4<UInt32> {
    (value &>> SIMD4(repeating: count)) | (value &<< SIMD4(repeating: 32 - count))
}

/// The function G on four columns or diagonals at a time.
@inline(__always)
private func mix(
    _ a: inout SIMD4<UInt32>, _ b: inout SIMD4<UInt32>, _ c: inout SIMD4<UInt32>, _ d: inout SIMD4<UInt32>,
    _ x: SIMD4<UInt32>, _ y: SIMD4<UInt32>
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

/// BLAKE3's compression of one block.
func blake3Compress(
    _ value: SIMD8<UInt32>, _ block: SIMD16<UInt32>, counter: UInt64, length: UInt32, flags: UInt32
) -> SIMD16<UInt32> {
    var a = value.lowHalf
    var b = value.highHalf
    var c = blake3Start.lowHalf
    var d = SIMD4(
        UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), length, flags)
    var m = block
    for _ in 0..<7 {
        mix(&a, &b, &c, &d, m.lowHalf.evenHalf, m.lowHalf.oddHalf)
        b = SIMD4(b[1], b[2], b[3], b[0])
        c = SIMD4(c[2], c[3], c[0], c[1])
        d = SIMD4(d[3], d[0], d[1], d[2])
        mix(&a, &b, &c, &d, m.highHalf.evenHalf, m.highHalf.oddHalf)
        b = SIMD4(b[3], b[0], b[1], b[2])
        c = SIMD4(c[2], c[3], c[0], c[1])
        d = SIMD4(d[1], d[2], d[3], d[0])
        m = SIMD16(
            m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15],
            m[8])
    }
    let low = SIMD8(lowHalf: a ^ c, highHalf: b ^ d)
    let high = SIMD8(lowHalf: c ^ value.lowHalf, highHalf: d ^ value.highHalf)
    return SIMD16(lowHalf: low, highHalf: high)
}

/// Chaining values of four whole chunks that lie one after another, none of them the last.
func blake3FourChunks(_ bytes: UnsafeRawBufferPointer, counter: UInt64) -> [SIMD8<UInt32>] {
    var values = (0..<8).map { SIMD4(repeating: blake3Start[$0]) }
    let counters = SIMD4<UInt64>(counter, counter + 1, counter + 2, counter + 3)
    let counterLow = SIMD4<UInt32>(truncatingIfNeeded: counters)
    let counterHigh = SIMD4<UInt32>(truncatingIfNeeded: counters &>> SIMD4(repeating: 32))
    withUnsafeTemporaryAllocation(of: SIMD4<UInt32>.self, capacity: 32) { memory in
        let (state, message) = (memory.extracting(0..<16), memory.extracting(16..<32))
        for block in 0..<16 {
            for word in 0..<16 {
                message[word] = fourWords(bytes, at: 64 * block + 4 * word)
            }
            for lane in 0..<8 { state[lane] = values[lane] }
            for lane in 0..<4 { state[8 + lane] = SIMD4(repeating: blake3Start[lane]) }
            state[12] = counterLow
            state[13] = counterHigh
            state[14] = SIMD4(repeating: 64)
            let flags =
                (block == 0 ? BLAKE3Flag.chunkStart : 0) | (block == 15 ? BLAKE3Flag.chunkEnd : 0)
            state[15] = SIMD4(repeating: flags)
            fourRounds(state, message)
            for lane in 0..<8 { values[lane] = state[lane] ^ state[lane + 8] }
        }
    }
    return (0..<4).map { lane in
        var value = SIMD8<UInt32>()
        for word in 0..<8 { value[word] = values[word][lane] }
        return value
    }
}

/// The word at the same place of each of four chunks.
@inline(__always)
private func fourWords(_ bytes: UnsafeRawBufferPointer, at place: Int) -> SIMD4<UInt32> {
    func word(_ chunk: Int) -> UInt32 {
        UInt32(
            littleEndian: bytes.loadUnaligned(
                fromByteOffset: chunk * BLAKE3Chunk.size + place, as: UInt32.self))
    }
    return SIMD4(word(0), word(1), word(2), word(3))
}

/// The seven rounds on four chunks at a time.
private func fourRounds(
    _ state: UnsafeMutableBufferPointer<SIMD4<UInt32>>, _ message: UnsafeMutableBufferPointer<SIMD4<UInt32>>
) {
    schedule.withUnsafeBufferPointer { order in
        for round in stride(from: 0, to: 112, by: 16) {
            func step(_ a: Int, _ b: Int, _ c: Int, _ d: Int, _ place: Int) {
                mix(
                    &state[a], &state[b], &state[c], &state[d], message[order[round + place]],
                    message[order[round + place + 1]])
            }
            step(0, 4, 8, 12, 0)
            step(1, 5, 9, 13, 2)
            step(2, 6, 10, 14, 4)
            step(3, 7, 11, 15, 6)
            step(0, 5, 10, 15, 8)
            step(1, 6, 11, 12, 10)
            step(2, 7, 8, 13, 12)
            step(3, 4, 9, 14, 14)
        }
    }
}

// The compression function twice: for one block in single words, and for the blocks of eight chunks at a time with the
// same word of each in a vector.

@inline(__always)
private func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 {
    value &>> count | value &<< (32 - count)
}

/// The function G.
@inline(__always)
private func mix(
    _ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32, _ x: UInt32, _ y: UInt32
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
    var (v0, v1, v2, v3) = (value[0], value[1], value[2], value[3])
    var (v4, v5, v6, v7) = (value[4], value[5], value[6], value[7])
    var (v8, v9) = (blake3Start[0], blake3Start[1])
    var (v10, v11) = (blake3Start[2], blake3Start[3])
    var v12 = UInt32(truncatingIfNeeded: counter)
    var v13 = UInt32(truncatingIfNeeded: counter >> 32)
    var (v14, v15) = (length, flags)
    var m = block
    for _ in 0..<7 {
        mix(&v0, &v4, &v8, &v12, m[0], m[1])
        mix(&v1, &v5, &v9, &v13, m[2], m[3])
        mix(&v2, &v6, &v10, &v14, m[4], m[5])
        mix(&v3, &v7, &v11, &v15, m[6], m[7])
        mix(&v0, &v5, &v10, &v15, m[8], m[9])
        mix(&v1, &v6, &v11, &v12, m[10], m[11])
        mix(&v2, &v7, &v8, &v13, m[12], m[13])
        mix(&v3, &v4, &v9, &v14, m[14], m[15])
        m = SIMD16(
            m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15],
            m[8])
    }
    let low = SIMD8(v0, v1, v2, v3, v4, v5, v6, v7)
    let high = SIMD8(v8, v9, v10, v11, v12, v13, v14, v15)
    return SIMD16(lowHalf: low ^ high, highHalf: high ^ value)
}

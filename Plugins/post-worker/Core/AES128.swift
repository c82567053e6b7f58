/// AES-128 of single blocks, in portable Swift.
///
/// Keys are public here, so tables that an observer of the caches could read give nothing away.
struct AES128 {
    /// Bytes of an expanded key.
    static let keyBytes = 176

    /// Expands a key of 16 bytes into eleven round keys, one after another.
    static func expand(_ key: some Collection<UInt8>) -> [UInt8] {
        var result = Array(key)
        var factor: UInt8 = 1
        for word in 4..<44 {
            var last = Array(result[(4 * word - 4)..<(4 * word)])
            if word % 4 == 0 {
                last = [last[1], last[2], last[3], last[0]].map { tables.box[Int($0)] }
                last[0] ^= factor
                factor = doubled(factor)
            }
            for place in 0..<4 { result.append(result[4 * word - 16 + place] ^ last[place]) }
        }
        return result
    }

    /// Encrypts a block, whose words have the first byte lowest, with an expanded key.
    static func encrypt(_ block: SIMD4<UInt32>, _ keys: UnsafeRawPointer) -> SIMD4<UInt32> {
        tables.columns.withUnsafeBufferPointer { columns in
            tables.box.withUnsafeBufferPointer { box in
                var state = block ^ key(keys, 0)
                for round in 1..<10 {
                    var next = key(keys, round)
                    for column in 0..<4 {
                        next[column] ^= columns[Int(byte(state, column, 0))]
                        next[column] ^= turned(columns[Int(byte(state, column, 1))], 8)
                        next[column] ^= turned(columns[Int(byte(state, column, 2))], 16)
                        next[column] ^= turned(columns[Int(byte(state, column, 3))], 24)
                    }
                    state = next
                }
                var last = key(keys, 10)
                for column in 0..<4 {
                    for row in 0..<4 {
                        last[column] ^= UInt32(box[Int(byte(state, column, row))]) << UInt32(8 * row)
                    }
                }
                return last
            }
        }
    }

    /// The byte that moves into a column and row: rows turn by their number.
    @inline(__always)
    private static func byte(_ state: SIMD4<UInt32>, _ column: Int, _ row: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: state[(column + row) & 3] >> UInt32(8 * row))
    }

    @inline(__always)
    private static func turned(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word &<< count | word &>> (32 - count)
    }

    @inline(__always)
    private static func key(_ keys: UnsafeRawPointer, _ round: Int) -> SIMD4<UInt32> {
        func word(_ place: Int) -> UInt32 {
            UInt32(
                littleEndian: keys.loadUnaligned(fromByteOffset: 16 * round + 4 * place, as: UInt32.self))
        }
        return SIMD4(word(0), word(1), word(2), word(3))
    }
}

/// Twice a value in AES's field.
private func doubled(_ value: UInt8) -> UInt8 {
    value << 1 ^ (value >> 7 == 1 ? 0x1b : 0)
}

/// The substitution, and what a byte of the first row adds to its column.
private struct AESTables {
    var box = [UInt8](repeating: 0, count: 256)
    var columns = [UInt32](repeating: 0, count: 256)

    init() {
        // Powers of 3 reach every value but zero; going backwards by the same steps gives the inverses.
        var power: UInt8 = 1
        var powers: [UInt8] = []
        for _ in 0..<255 {
            powers.append(power)
            power ^= doubled(power)
        }
        for (exponent, value) in powers.enumerated() {
            box[Int(value)] = AESTables.substituted(powers[(255 - exponent) % 255])
        }
        box[0] = AESTables.substituted(0)
        for value in 0..<256 {
            let one = UInt32(box[value])
            let two = UInt32(doubled(box[value]))
            columns[value] = two | one << 8 | one << 16 | (one ^ two) << 24
        }
    }

    private static func substituted(_ inverse: UInt8) -> UInt8 {
        (1...4).reduce(inverse ^ 0x63) { $0 ^ (inverse << UInt8($1) | inverse >> UInt8(8 - $1)) }
    }
}

private let tables = AESTables()

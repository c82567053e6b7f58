/// Label indices as a proof carries them: the low bits of each, one after another, least significant first.
package enum IndexPacking {
    /// Bits that an index takes: those of the number of labels itself, not of the last index.
    package static func bits(labels: UInt64) -> Int {
        UInt64.bitWidth - labels.leadingZeroBitCount
    }

    /// Bytes that so many indices take.
    package static func length(bits: Int, count: Int) -> Int {
        (bits * count + 7) / 8
    }

    /// Packs indices.
    package static func pack(_ indices: [UInt64], bits: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: length(bits: bits, count: indices.count))
        var place = 0
        for index in indices {
            for bit in 0..<bits {
                if index >> UInt64(bit) & 1 == 1 { bytes[place / 8] |= 1 << UInt8(place % 8) }
                place += 1
            }
        }
        return bytes
    }

    /// Reads as many indices as asked for; nil when there are too few bytes.
    package static func unpack(_ bytes: [UInt8], bits: Int, count: Int) -> [UInt64]? {
        guard bits >= 0, count >= 0, bytes.count >= length(bits: bits, count: count) else { return nil }
        return (0..<count).map { number in
            (0..<bits).reduce(0) { index, bit in
                let place = number * bits + bit
                return index | UInt64(bytes[place / 8] >> UInt8(place % 8) & 1) << UInt64(bit)
            }
        }
    }

    /// Whether all bits after the last index are zero.
    package static func hasZeroPadding(_ bytes: [UInt8], bits: Int, count: Int) -> Bool {
        let used = bits * count
        guard let last = bytes.last, used < 8 * bytes.count else { return true }
        return bytes.count == length(bits: bits, count: count) && last >> UInt8(used % 8) == 0
    }
}

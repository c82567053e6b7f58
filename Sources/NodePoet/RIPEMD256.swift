/// RIPEMD-256 of Dobbertin, Bosselaers and Preneel: what the original's proof of work at registration is made
/// with, and nothing else.
package enum RIPEMD256 {
    private static let blockBytes = 64
    private static let start: [UInt32] = [
        0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0x7654_3210, 0xfedc_ba98, 0x89ab_cdef,
        0x0123_4567,
    ]
    private static let leftConstants: [UInt32] = [0, 0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc]
    private static let rightConstants: [UInt32] = [0x50a2_8be6, 0x5c4d_d124, 0x6d70_3ef3, 0]
    private static let leftWords: [[Int]] = [
        Array(0..<16), [7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8],
        [3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12],
        [1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2],
    ]
    private static let rightWords: [[Int]] = [
        [5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12],
        [6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2],
        [15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13],
        [8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14],
    ]
    private static let leftTurns: [[UInt32]] = [
        [11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8],
        [7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12],
        [11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5],
        [11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12],
    ]
    private static let rightTurns: [[UInt32]] = [
        [8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6],
        [9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11],
        [9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5],
        [15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8],
    ]

    /// The 32 bytes of a hash.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var padded = bytes + [0x80]
        padded += [UInt8](repeating: 0, count: (2 * blockBytes - 8 - padded.count % blockBytes) % blockBytes)
        let bits = UInt64(bytes.count) * 8
        padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
        var state = start
        for block in stride(from: 0, to: padded.count, by: blockBytes) {
            compress(&state, words(padded[block..<block + blockBytes]))
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
    }

    private static func words(_ block: ArraySlice<UInt8>) -> [UInt32] {
        (0..<16).map { word in
            (0..<4).reduce(UInt32(0)) {
                $0 | UInt32(block[block.startIndex + 4 * word + $1]) << UInt32(8 * $1)
            }
        }
    }

    private static func compress(_ state: inout [UInt32], _ words: [UInt32]) {
        var left = SIMD4(state[0], state[1], state[2], state[3])
        var right = SIMD4(state[4], state[5], state[6], state[7])
        for round in 0..<4 {
            for step in 0..<16 {
                turn(
                    &left, mix(round, left), words[leftWords[round][step]], leftConstants[round],
                    leftTurns[round][step])
                turn(
                    &right, mix(3 - round, right), words[rightWords[round][step]], rightConstants[round],
                    rightTurns[round][step])
            }
            // The two lines exchange one word after each round.
            let word = left[round]
            left[round] = right[round]
            right[round] = word
        }
        for place in 0..<4 {
            state[place] &+= left[place]
            state[4 + place] &+= right[place]
        }
    }

    private static func turn(
        _ line: inout SIMD4<UInt32>, _ mixed: UInt32, _ word: UInt32, _ constant: UInt32, _ by: UInt32
    ) {
        let sum = line[0] &+ mixed &+ word &+ constant
        line = SIMD4(line[3], sum << by | sum >> (32 - by), line[1], line[2])
    }

    private static func mix(_ kind: Int, _ line: SIMD4<UInt32>) -> UInt32 {
        let (x, y, z) = (line[1], line[2], line[3])
        return switch kind {
        case 0: x ^ y ^ z
        case 1: x & y | ~x & z
        case 2: (x | ~y) ^ z
        default: x & z | y & ~z
        }
    }
}

/// Flags of BLAKE3's compression function.
enum BLAKE3Flag {
    static let chunkStart: UInt32 = 1
    static let chunkEnd: UInt32 = 2
    static let parent: UInt32 = 4
    static let root: UInt32 = 8
    static let keyed: UInt32 = 16
}

/// The chaining value to begin with: the same constants as SHA-256's.
let blake3Start = SIMD8<UInt32>(
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)

/// A node of the tree before its last compression: inner nodes become chaining values, the root becomes output.
struct BLAKE3Node: Sendable {
    let value: SIMD8<UInt32>
    let block: SIMD16<UInt32>
    let counter: UInt64
    let length: UInt32
    let flags: UInt32

    static func parent(left: SIMD8<UInt32>, right: SIMD8<UInt32>) -> BLAKE3Node {
        BLAKE3Node(
            value: blake3Start, block: SIMD16(lowHalf: left, highHalf: right), counter: 0, length: 64,
            flags: BLAKE3Flag.parent)
    }

    var chainingValue: SIMD8<UInt32> {
        blake3Compress(value, block, counter: counter, length: length, flags: flags).lowHalf
    }

    /// One block of 64 bytes of the root's output.
    func words(block number: UInt64) -> SIMD16<UInt32> {
        blake3Compress(value, block, counter: number, length: length, flags: flags | BLAKE3Flag.root)
    }
}

/// A chunk of at most 1,024 bytes that is being filled.
struct BLAKE3Chunk: Sendable {
    static let size = 1024

    let counter: UInt64
    private var value = blake3Start
    private var block = SIMD16<UInt32>()
    private var blockLength = 0
    private var blocks = 0

    init(counter: UInt64) {
        self.counter = counter
    }

    var length: Int { blocks * 64 + blockLength }

    /// The chunk as it would be if no more bytes came.
    var output: BLAKE3Node {
        BLAKE3Node(
            value: value, block: block, counter: counter, length: UInt32(blockLength),
            flags: startFlag | BLAKE3Flag.chunkEnd)
    }

    private var startFlag: UInt32 { blocks == 0 ? BLAKE3Flag.chunkStart : 0 }

    /// Takes bytes, no more than the chunk has room for.
    mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        var place = 0
        while place < bytes.count {
            // A full block waits for the next byte: if none comes, it is the chunk's last.
            if blockLength == 64 {
                value =
                    blake3Compress(value, block, counter: counter, length: 64, flags: startFlag).lowHalf
                blocks += 1
                block = SIMD16()
                blockLength = 0
            }
            if blockLength == 0, bytes.count - place >= 64 {
                block = blake3Block(UnsafeRawBufferPointer(bytes), at: place)
                blockLength = 64
                place += 64
                continue
            }
            let end = min(bytes.count, place + 64 - blockLength)
            append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[place..<end]))
            place = end
        }
    }

    /// Takes bytes that the block has room for.
    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        // Both ways give the same block; the first is in one move.
        #if _endian(little)
            withUnsafeMutableBytes(of: &block) {
                UnsafeMutableRawBufferPointer(rebasing: $0[blockLength...]).copyMemory(from: bytes)
            }
            blockLength += bytes.count
        #else
            for byte in bytes {
                block[blockLength / 4] |= UInt32(byte) << UInt32(8 * (blockLength % 4))
                blockLength += 1
            }
        #endif
    }
}

/// The sixteen little-endian words of 64 bytes.
func blake3Block(_ bytes: UnsafeRawBufferPointer, at place: Int) -> SIMD16<UInt32> {
    let words = bytes.loadUnaligned(fromByteOffset: place, as: SIMD16<UInt32>.self)
    #if _endian(little)
        return words
    #else
        var swapped = words
        for lane in 0..<16 { swapped[lane] = words[lane].byteSwapped }
        return swapped
    #endif
}

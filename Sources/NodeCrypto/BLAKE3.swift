package import NodeDomain

/// BLAKE3 in its plain mode: hashes, and outputs of any length.
///
/// Give it bytes in pieces of any size, then ask for the hash. Asking changes nothing: more bytes may follow.
package struct BLAKE3: Sendable {
    private var chunk = BLAKE3Chunk(counter: 0)
    /// Chaining values of finished subtrees, the largest first.
    ///
    /// There is one for each bit that is set in the chunk counter.
    private var stack: [SIMD8<UInt32>] = []

    /// Of no bytes yet.
    package init() {}

    /// The hash of some bytes.
    package static func hash(_ bytes: [UInt8]) -> Bytes32 {
        var hasher = BLAKE3()
        hasher.update(bytes)
        return hasher.finalize()
    }

    /// Takes more bytes.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { update($0) }
    }

    /// Takes the 32 bytes of a value.
    package mutating func update(_ value: Bytes32) {
        update(value.bytes)
    }

    /// Takes an integer, least significant byte first.
    package mutating func update(littleEndian value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { update($0.bindMemory(to: UInt8.self)) }
    }

    /// Takes more bytes from memory, without a copy.
    package mutating func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if chunk.length == BLAKE3Chunk.size {
                push(chunk.output.chainingValue, chunks: chunk.counter + 1)
                chunk = BLAKE3Chunk(counter: chunk.counter + 1)
            }
            // The last chunk closes the tree, so it is never among these.
            if chunk.length == 0, rest.count > blake3Lanes * BLAKE3Chunk.size {
                pushMany(UnsafeBufferPointer(rebasing: rest.prefix(blake3Lanes * BLAKE3Chunk.size)))
                rest = rest.dropFirst(blake3Lanes * BLAKE3Chunk.size)
                continue
            }
            let part = rest.prefix(BLAKE3Chunk.size - chunk.length)
            chunk.update(UnsafeBufferPointer(rebasing: part))
            rest = rest.dropFirst(part.count)
        }
    }

    /// The hash of what was given so far.
    package func finalize() -> Bytes32 {
        bytes32(root.words(block: 0).lowHalf)
    }

    /// Output of any length for what was given so far; its first 32 bytes are the hash.
    package func output() -> BLAKE3Output {
        BLAKE3Output(root)
    }

    private var root: BLAKE3Node {
        stack.reversed().reduce(chunk.output) { right, left in
            .parent(left: left, right: right.chainingValue)
        }
    }

    private mutating func pushMany(_ bytes: UnsafeBufferPointer<UInt8>) {
        let values = blake3EightChunks(UnsafeRawBufferPointer(bytes), counter: chunk.counter)
        for lane in 0..<blake3Lanes {
            push(values[lane], chunks: chunk.counter + UInt64(lane) + 1)
        }
        chunk = BLAKE3Chunk(counter: chunk.counter + UInt64(blake3Lanes))
    }

    /// Adds the value of a finished chunk, and joins the subtrees that it completes.
    private mutating func push(_ value: SIMD8<UInt32>, chunks: UInt64) {
        var value = value
        var count = chunks
        while count & 1 == 0, let left = stack.popLast() {
            value = BLAKE3Node.parent(left: left, right: value).chainingValue
            count >>= 1
        }
        stack.append(value)
    }
}

/// The output of a hash, read from its beginning.
package struct BLAKE3Output: Sendable {
    private let root: BLAKE3Node
    private var block: UInt64 = 0
    private var words = SIMD16<UInt32>()
    private var used = 64

    init(_ root: BLAKE3Node) {
        self.root = root
    }

    /// The next of 2^70 bytes.
    package mutating func nextByte() -> UInt8 {
        if used == 64 {
            words = root.words(block: block)
            block &+= 1
            used = 0
        }
        defer { used += 1 }
        return UInt8(truncatingIfNeeded: words[used / 4] >> UInt32(8 * (used % 4)))
    }

    /// The next bytes.
    package mutating func next(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in nextByte() }
    }

    /// The next two bytes as a little-endian number.
    package mutating func nextUInt16() -> UInt16 {
        let low = nextByte()
        return UInt16(nextByte()) << 8 | UInt16(low)
    }
}

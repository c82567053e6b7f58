import P2PCore
import Testing

@Suite("Direct messages")
struct DirectMessageTests {
    private static let samples: [DirectMessage] = [
        .consensus([]), .consensus([1, 2, 3]), .announcement([9]), .want(kind: 1, ids: [[1], [2, 3]]),
        .items(kind: 4, [[7, 7]]), .decided(DecidedBytes(height: .max, block: [1], certificate: [2])),
    ]

    private func content(_ message: DirectMessage) throws -> [UInt8] {
        var frames = FrameReader(limit: DirectLimit.message + 16)
        frames.append(message.delimited)
        return try #require(try frames.next())
    }

    @Test("what is written is read", arguments: samples)
    func roundTrip(message: DirectMessage) throws {
        #expect(try DirectMessage(bytes: try content(message)) == message)
    }

    @Test("nothing, two messages, unknown ones, and lists that are too long are refused")
    func refused() throws {
        let one = try content(.consensus([1]))
        let long = try content(.want(kind: 1, ids: Array(repeating: [1], count: DirectLimit.items + 1)))
        let wide = try content(.want(kind: 1, ids: [[UInt8](repeating: 0, count: DirectLimit.id + 1)]))
        for bytes in [[], one + one, [0x32, 0], [0x08, 1], [0x22, 0], long, wide] as [[UInt8]] {
            #expect(throws: WireFault.self) { try DirectMessage(bytes: bytes) }
        }
    }

    @Test("no bytes trap")
    func noise() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            var bytes = try content(Self.samples[generator.below(Self.samples.count)])
            for _ in 0...generator.below(4) where !bytes.isEmpty {
                bytes[generator.below(bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = try? DirectMessage(bytes: Array(bytes.prefix(generator.below(bytes.count + 2))))
        }
    }
}

@Suite("Frames that wait")
struct FrameQueueTests {
    @Test("the most important comes first, and nothing comes between the pieces of a frame")
    func order() {
        var queue = FrameQueue(limit: 100)
        _ = queue.add([1, 1, 1], .transaction)
        _ = queue.add([2, 2], .vote)
        #expect(queue.take(1).bytes == [2])
        _ = queue.add([3], .control)
        #expect(queue.take(4).bytes == [2, 3, 1, 1])
        #expect(queue.bytes == 1)
        #expect(queue.take(10).bytes == [1])
        #expect(queue.isEmpty)
    }

    @Test("what does not fit drops the oldest of the least important")
    func bound() {
        var queue = FrameQueue(limit: 10)
        _ = queue.add([1, 1, 1, 1], .sync)
        _ = queue.add([2, 2, 2, 2], .sync)
        _ = queue.add([3, 3, 3, 3], .vote)
        #expect(queue.bytes == 8)
        #expect(queue.take(20).bytes == [3, 3, 3, 3, 2, 2, 2, 2])
        #expect(queue.dropped.reduce(0, +) == 1)
    }
}

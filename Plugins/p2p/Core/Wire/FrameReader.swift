/// Cuts a stream into messages, each behind its length as a varint: identify, gossip and requests are sent so.
///
/// It holds at most one message of the limit, its length, and what was last appended.
package struct FrameReader: Sendable {
    private let limit: Int
    private var queue = ByteQueue()

    /// Of messages of up to so many bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Bytes that wait for the rest of a message.
    package var waiting: Int { queue.count }

    /// Adds what came; take all whole messages before more is added.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        queue.append(bytes)
    }

    /// The next whole message, which may be empty; nil until it is there.
    /// - Throws: `WireFault` when a length is not minimal or over the limit. What follows is then of no use.
    package mutating func next() throws(WireFault) -> [UInt8]? {
        guard let (length, count) = try Varint.read(queue.waiting, offset: 0) else { return nil }
        guard length <= UInt64(limit) else { throw .tooLarge(length, limit: limit) }
        guard queue.count >= count + Int(length) else { return nil }
        queue.drop(count)
        return queue.take(Int(length))
    }
}

package import CBusProtocol

/// A bump allocator for protobuf-c: one control message at a time, nothing to free.
package struct Arena: ~Copyable {
    private struct State {
        var base: UnsafeMutableRawPointer
        var used: Int
        var capacity: Int
    }

    private let state: UnsafeMutablePointer<State>
    private let allocator: UnsafeMutablePointer<ProtobufCAllocator>

    /// - Parameter capacity: a message that needs more is refused as malformed.
    package init(capacity: Int = 256 << 10) {
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(base: .allocate(byteCount: capacity, alignment: 16), used: 0, capacity: capacity))
        allocator = .allocate(capacity: 1)
        allocator.initialize(
            to: ProtobufCAllocator(
                alloc: { data, size in
                    guard let state = data?.assumingMemoryBound(to: State.self) else { return nil }
                    let rounded = (size &+ 15) & ~15
                    guard rounded >= size, rounded <= state.pointee.capacity - state.pointee.used else {
                        return nil
                    }
                    defer { state.pointee.used += rounded }
                    return state.pointee.base + state.pointee.used
                },
                free: { _, _ in },
                allocator_data: state))
    }

    deinit {
        state.pointee.base.deallocate()
        state.deallocate()
        allocator.deallocate()
    }

    /// Reads a message with its `unpack` function; the result lives until the next call.
    /// - Returns: nil when the bytes are malformed or need more than the arena.
    package func decode<M>(
        _ bytes: UnsafeRawBufferPointer,
        _ unpack: (UnsafeMutablePointer<ProtobufCAllocator>?, Int, UnsafePointer<UInt8>?) ->
            UnsafeMutablePointer<M>?
    ) -> UnsafeMutablePointer<M>? {
        state.pointee.used = 0
        // protobuf-c wants an address even for no bytes.
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            var nothing: UInt8 = 0
            return unpack(allocator, 0, &nothing)
        }
        return unpack(allocator, bytes.count, start.assumingMemoryBound(to: UInt8.self))
    }
}

extension ProtobufCBinaryData {
    /// The bytes, in place.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: data, count: len)
    }

    /// The bytes, copied.
    var array: [UInt8] {
        [UInt8](bytes)
    }

    /// At most `limit` bytes as text; what is not UTF-8 is replaced.
    func text(limit: Int) -> String {
        String(decoding: bytes.prefix(limit), as: UTF8.self)
    }
}

/// Shorter names for the C structures of `spacenode.bus.v1`.
typealias HeaderMessage = Spacenode__Bus__V1__Header

extension Outbox {
    /// Queues a frame: header and payload are packed by protobuf-c straight into the outbox.
    ///
    /// - Parameter records: fields of the payload's message that are encoded already; they go before the others.
    mutating func send<M>(
        _ header: inout HeaderMessage, _ payload: inout M, records: [UInt8] = [], to peer: UInt32,
        lane: Lane = .control
    ) {
        let payloadCount = records.count + withUnsafePointer(to: &payload) { packedSize($0) }
        let headerCount = withUnsafePointer(to: &header) { packedSize($0) }
        let total = 1 + varintCount(headerCount) + headerCount + 1 + varintCount(payloadCount) + payloadCount
        let room = send(count: payloadCount == 0 ? total - 2 : total, to: peer, lane: lane)
        var position = 0
        writePrefix(0x0a, headerCount, room, &position)
        withUnsafePointer(to: &header) { pack($0, room, &position) }
        guard payloadCount > 0 else { return }
        writePrefix(0x12, payloadCount, room, &position)
        if !records.isEmpty {
            UnsafeMutableRawBufferPointer(rebasing: room[position..<position + records.count]).copyBytes(
                from: records)
            position += records.count
        }
        withUnsafePointer(to: &payload) { pack($0, room, &position) }
    }
}

private func packedSize<M>(_ message: UnsafePointer<M>) -> Int {
    message.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) {
        protobuf_c_message_get_packed_size($0)
    }
}

private func pack<M>(
    _ message: UnsafePointer<M>, _ room: UnsafeMutableRawBufferPointer, _ position: inout Int
) {
    guard let base = room.baseAddress else { return }
    let out = (base + position).assumingMemoryBound(to: UInt8.self)
    position += message.withMemoryRebound(to: ProtobufCMessage.self, capacity: 1) {
        protobuf_c_message_pack($0, out)
    }
}

private func writePrefix(
    _ tag: UInt8, _ count: Int, _ room: UnsafeMutableRawBufferPointer, _ position: inout Int
) {
    room[position] = tag
    position += 1
    var rest = count
    while rest >= 0x80 {
        room[position] = UInt8(truncatingIfNeeded: rest) | 0x80
        position += 1
        rest >>= 7
    }
    room[position] = UInt8(rest)
    position += 1
}

/// Bytes that a length takes as a varint.
@inline(__always)
func varintCount(_ value: Int) -> Int {
    var rest = value >> 7
    var count = 1
    while rest > 0 {
        rest >>= 7
        count += 1
    }
    return count
}

/// Runs `body` with bytes that a C message may point to meanwhile.
func withBinary<R>(_ bytes: [UInt8], _ body: (ProtobufCBinaryData) -> R) -> R {
    var copy = bytes
    return copy.withUnsafeMutableBufferPointer {
        body(ProtobufCBinaryData(len: $0.count, data: $0.baseAddress))
    }
}

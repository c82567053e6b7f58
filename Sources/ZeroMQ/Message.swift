internal import CZeroMQ

/// One ZeroMQ frame.
///
/// Bytes received are shared with libzmq's read buffer: copy what you keep for long.
package struct Message: ~Copyable {
    var raw = zmq_msg_t()

    /// An empty message, to receive into.
    package init() {
        zmq_msg_init(&raw)
    }

    /// A message with a copy of the bytes.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count)
        withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
    }

    /// A message with a copy of the bytes.
    package init(_ bytes: [UInt8]) {
        self.init(count: bytes.count)
        withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
    }

    /// A message of `count` bytes that the caller fills with `withUnsafeMutableBytes`.
    ///
    /// Falls back to an empty message when memory has run out.
    package init(count: Int) {
        if zmq_msg_init_size(&raw, count) != 0 { zmq_msg_init(&raw) }
    }

    deinit {
        var last = raw
        zmq_msg_close(&last)
    }

    /// Length in bytes.
    package var count: Int {
        mutating get { zmq_msg_size(&raw) }
    }

    /// Whether another frame of the same ZeroMQ message follows.
    package var hasMore: Bool {
        mutating get { zmq_msg_more(&raw) != 0 }
    }

    /// Reads the bytes; the pointer is valid inside the closure alone.
    package mutating func withUnsafeBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: zmq_msg_data(&raw), count: zmq_msg_size(&raw)))
    }

    /// Writes the bytes; the pointer is valid inside the closure alone.
    package mutating func withUnsafeMutableBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeMutableRawBufferPointer(start: zmq_msg_data(&raw), count: zmq_msg_size(&raw)))
    }

    /// The bytes, copied.
    package var bytes: [UInt8] {
        mutating get { withUnsafeBytes { [UInt8]($0) } }
    }

    /// A property of the connection it came by: `User-Id`, `Peer-Address`, `Socket-Type`.
    ///
    /// Ask the last frame: libzmq 4.3.4 loses `User-Id` on the routing-id frame.
    package mutating func property(_ name: String) -> String? {
        guard let value = zmq_msg_gets(&raw, name) else { return nil }
        return String(cString: value)
    }
}

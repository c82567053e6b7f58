package import BusWire

/// The two sockets of a plugin.
package enum BusLane: Sendable {
    case control, data
}

/// What carries a plugin's frames: ZeroMQ sockets, or the in-memory bus of `NodeBusTesting`.
///
/// Used by the thread that drives the `BusEngine`, and by nobody else.
package protocol BusLink: AnyObject {
    /// Sends one frame without waiting.
    /// - Returns: the frame's length in bytes, or nil when there is no connection or its pipe is full.
    func send(_ header: FrameHeader, topicKey: [UInt8], payload: UnsafeRawBufferPointer, lane: BusLane)
        -> Int?
}

/// What a link tells the engine about its connection.
package enum LinkEvent: Sendable {
    /// Both sockets may be used: say HELLO.
    case connected
    /// The control connection broke.
    case disconnected
    /// The other side will not have us; there is no use in trying again.
    case refused(BusError)
}

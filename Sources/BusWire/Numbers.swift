/// Numbers of `spacenode.bus.v1.Kind`.
package enum FrameKind {
    @inlinable @inline(__always) package static var request: UInt32 { 1 }
    @inlinable @inline(__always) package static var reply: UInt32 { 2 }
    @inlinable @inline(__always) package static var error: UInt32 { 3 }
    @inlinable @inline(__always) package static var event: UInt32 { 4 }
    @inlinable @inline(__always) package static var streamOpen: UInt32 { 5 }
    @inlinable @inline(__always) package static var streamItem: UInt32 { 6 }
    @inlinable @inline(__always) package static var streamEnd: UInt32 { 7 }
    @inlinable @inline(__always) package static var control: UInt32 { 8 }
}

/// Numbers of `spacenode.bus.v1.ControlType`.
package enum ControlNumber: UInt32 {
    case hello = 1
    case welcome, reject, attach, attached, ping, pong, credit, cancel, drain, state
    case subscribe, subscribed, unsubscribe, gap, resync, notice, streamCredit, goodbye

    /// The header's `type`.
    package var type: UInt32 { 1 << 16 | rawValue }
}

/// How a frame breaks yamux' rules.
package enum YamuxFault: Error, Hashable, Sendable {
    /// Another version than 0.
    case version(UInt8)
    /// A kind or flags that are not known.
    case kind(UInt8, flags: UInt16)
    /// A stream is opened under a number that is not its side's next.
    case stream(UInt32)
    /// Bytes of a stream that never was.
    case unknownStream(UInt32)
    /// More bytes than the window has.
    case window(stream: UInt32, bytes: UInt32)
    /// A window larger than can be.
    case credit(stream: UInt32)
    /// Bytes after the end of them.
    case afterEnd(UInt32)
}

/// A stream of one connection.
///
/// Whoever opens one chooses a number that none of its streams on this connection has now; streams of the other
/// side come with numbers of theirs. A handle lives until `refused`, `reset` or `closed` is said of it, or until
/// its owner resets it.
package struct StreamHandle: Hashable, Comparable, Sendable {
    /// Whether the other side opened it.
    package let isInbound: Bool
    /// Tells it from the others of its side.
    package let number: UInt32

    /// One to open.
    package init(opening number: UInt32) {
        isInbound = false
        self.number = number
    }

    /// One of the other side, by its number.
    package init(inbound number: UInt32) {
        isInbound = true
        self.number = number
    }

    /// Ours first, then by number.
    package static func < (left: StreamHandle, right: StreamHandle) -> Bool {
        if left.isInbound != right.isInbound { return right.isInbound }
        return left.number < right.number
    }
}

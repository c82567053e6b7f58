/// A peer of one connection, as the node names it: never 0, and never used again.
package struct PeerHandle: Hashable, Comparable, Sendable {
    /// The number.
    package let value: UInt64

    /// A handle of this number.
    package init(value: UInt64) {
        self.value = value
    }

    /// The older one first.
    package static func < (left: PeerHandle, right: PeerHandle) -> Bool { left.value < right.value }
}

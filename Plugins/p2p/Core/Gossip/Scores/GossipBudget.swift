/// What a peer may send: it grows by a second's worth at each heartbeat, up to some.
package struct GossipBudget: Hashable, Sendable {
    /// A second's worth.
    package struct Limits: Hashable, Sendable {
        /// Bytes of RPCs.
        package var bytes = 1 << 20
        /// Messages, known ones included.
        package var messages = 500
        /// Microseconds of a processor's time that judging its messages may take.
        package var microseconds = 250_000
        /// Seconds that may be saved up.
        package var seconds = 8

        /// The defaults.
        package init() {}
    }

    private let limits: Limits
    private var bytes: Int
    private var messages: Int
    private var microseconds: Int
    /// Bytes and messages that came since the last heartbeat, beyond what was allowed.
    private var bytesBeyond = 0
    private var messagesBeyond = 0

    init(_ limits: Limits) {
        self.limits = limits
        bytes = limits.bytes * limits.seconds
        messages = limits.messages * limits.seconds
        microseconds = limits.microseconds * limits.seconds
    }

    /// Whether time is left to judge its messages.
    ///
    /// Only used time counts against it: how long we take is not its fault.
    var hasTime: Bool { microseconds > 0 }

    /// - Returns: false when an RPC of so many bytes is more than it may send now.
    mutating func spend(bytes count: Int) -> Bool {
        guard bytes >= count else {
            bytesBeyond = min(bytesBeyond + count, 1 << 40)
            return false
        }
        bytes -= count
        return true
    }

    /// - Returns: false when one more message is more than it may send now.
    mutating func spendMessage() -> Bool {
        guard messages > 0 else {
            messagesBeyond = min(messagesBeyond + 1, 1 << 40)
            return false
        }
        messages -= 1
        return true
    }

    mutating func spend(microseconds count: UInt64) {
        microseconds -= Int(clamping: min(count, 1 << 40))
    }

    /// A second passes.
    /// - Returns: how many seconds' worth came beyond what was allowed; below one it is nothing.
    mutating func refill() -> Int {
        let beyond = max(
            bytesBeyond / max(1, limits.bytes), messagesBeyond / max(1, limits.messages))
        bytes = min(bytes + limits.bytes, limits.bytes * limits.seconds)
        messages = min(messages + limits.messages, limits.messages * limits.seconds)
        microseconds = min(microseconds + limits.microseconds, limits.microseconds * limits.seconds)
        (bytesBeyond, messagesBeyond) = (0, 0)
        return beyond
    }
}

/// Credit of one class, as totals since the session began (docs/protocol/bus.md §4).
struct CreditLedger {
    // What we may send.
    private(set) var allowedBytes: UInt64 = 0
    private(set) var allowedMessages: UInt64 = 0
    private(set) var sentBytes: UInt64 = 0
    private(set) var sentMessages: UInt64 = 0
    // What we let the router send.
    private var window = BusWindow(bytes: 0, messages: 0)
    private var processedBytes: UInt64 = 0
    private var processedMessages: UInt64 = 0
    private var grantedBytes: UInt64 = 0
    private var grantedMessages: UInt64 = 0

    init() {}

    /// A new session: what WELCOME allows us, and what our HELLO allowed the router.
    init(sending: BusWindow, receiving: BusWindow) {
        allowedBytes = sending.bytes
        allowedMessages = sending.messages
        window = receiving
        grantedBytes = receiving.bytes
        grantedMessages = receiving.messages
    }

    @inline(__always)
    func canSend(_ bytes: Int) -> Bool {
        sentMessages < allowedMessages && sentBytes &+ UInt64(bytes) <= allowedBytes
    }

    @inline(__always)
    mutating func send(_ bytes: Int) {
        sentBytes &+= UInt64(bytes)
        sentMessages &+= 1
    }

    /// CREDIT of the router; totals never fall.
    mutating func allow(bytes: UInt64, messages: UInt64) {
        allowedBytes = max(allowedBytes, bytes)
        allowedMessages = max(allowedMessages, messages)
    }

    /// A received frame is done with.
    /// - Returns: new totals to grant, when half a window was used up.
    @inline(__always)
    mutating func process(_ bytes: Int) -> BusWindow? {
        processedBytes &+= UInt64(bytes)
        processedMessages &+= 1
        guard
            grantedMessages &- processedMessages <= window.messages / 2
                || grantedBytes &- processedBytes <= window.bytes / 2
        else { return nil }
        grantedBytes = processedBytes &+ window.bytes
        grantedMessages = processedMessages &+ window.messages
        return BusWindow(bytes: grantedBytes, messages: grantedMessages)
    }
}

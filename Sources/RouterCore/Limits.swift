/// Room in one class, in bytes and messages.
package struct CreditWindow: Equatable, Sendable {
    package var bytes: UInt64
    package var messages: UInt64

    /// A window.
    package init(bytes: UInt64, messages: UInt64) {
        self.bytes = bytes
        self.messages = messages
    }
}

/// The classes that use credit, as indices.
enum CreditClass {
    static let urgent = 0
    static let normal = 1
    static let bulk = 2
    static let count = 3

    /// Index of a wire value, nil for CONTROL and what is unknown.
    @inline(__always)
    static func index(_ trafficClass: UInt32) -> Int? {
        trafficClass >= 2 && trafficClass <= 4 ? Int(trafficClass) - 2 : nil
    }
}

/// Every bound of the router.
///
/// Memory at worst: the sum of windows (twice for what goes out, once for what comes
/// in), `trafficBytes`, `deadLetters` × 1 KiB, and tables of `sessions`, `openRequests` and topics.
package struct RouterLimits: Sendable {
    /// Windows that senders are granted, by class: urgent, normal, bulk.
    package var windows: [CreditWindow] = [
        CreditWindow(bytes: 512 << 10, messages: 256),
        CreditWindow(bytes: 8 << 20, messages: 1024),
        CreditWindow(bytes: 8 << 20, messages: 64),
    ]
    /// Largest frame by class.
    package var maxFrame = [256 << 10, 4 << 20, 4 << 20]
    package var maxSessions = 256
    /// Sum of all windows; a HELLO that would exceed it is refused.
    package var maxWindowBytes: UInt64 = 8 << 30
    package var maxOpenRequests = 65_536
    package var maxTopicsPerSession = 1024
    package var maxSubscriptionsPerSession = 256
    package var maxHeldKeys = 64
    package var maxDepartures = 256
    package var deadLetters = 256
    /// Bytes of the newest frames that are kept for `tap`, `top` and `record`; 0: none.
    package var trafficBytes = 32 << 20
    package var heartbeatMilliseconds: UInt64 = 500
    package var suspectAfterMilliseconds: UInt64 = 3000
    package var goneAfterMilliseconds: UInt64 = 10_000
    /// A session must attach its data socket within this time.
    package var attachWithinMilliseconds: UInt64 = 2000
    package var maxHelloBytes = 4 << 10
    package var maxControlBytes = 64 << 10
    package var maxTTLMilliseconds: UInt32 = 3_600_000
    package var retryAfterMilliseconds: UInt32 = 50

    /// The defaults of docs/protocol/bus.md.
    package init() {}
}

/// Who is behind a connection, as the process found out.
package struct PeerIdentity: Equatable, Sendable {
    /// Role that the CURVE key has; 0 on ipc, where the token decides.
    package var curveRole: UInt32
    /// First eight bytes of the CURVE key; 0 on ipc.
    package var curveInstance: UInt64

    /// Somebody on ipc.
    package static let local = PeerIdentity(curveRole: 0, curveInstance: 0)

    /// Somebody over CURVE, with a listed key.
    package init(curveRole: UInt32, curveInstance: UInt64) {
        self.curveRole = curveRole
        self.curveInstance = curveInstance
    }

    var isCurve: Bool { curveInstance != 0 }
}

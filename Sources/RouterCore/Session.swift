/// A frame held until its destination has credit.
struct ParkedFrame {
    let slot: Int32
    let bytes: Int
    /// Open request it belongs to, −1: none.
    let entry: Int32
    let generation: UInt32
    /// Only a REQUEST or STREAM_OPEN may be thrown away when its entry is over.
    let isOpening: Bool
}

/// First in, first out, in one array that is reused.
struct ParkingLane {
    private var frames: [ParkedFrame] = []
    private var head = 0
    private(set) var bytes = 0

    var count: Int { frames.count - head }
    var isEmpty: Bool { head == frames.count }
    var first: ParkedFrame? { isEmpty ? nil : frames[head] }

    mutating func append(_ frame: ParkedFrame) {
        frames.append(frame)
        bytes += frame.bytes
    }

    mutating func removeFirst() {
        bytes -= frames[head].bytes
        head += 1
        if head == frames.count {
            frames.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 512 {
            frames.removeFirst(head)
            head = 0
        }
    }

    /// Takes out what `isOver` says is no longer wanted.
    mutating func removeAll(where isOver: (ParkedFrame) -> Bool, discarding discard: (Int32) -> Void) {
        guard !isEmpty else { return }
        var kept: [ParkedFrame] = []
        for frame in frames[head...] {
            if isOver(frame) {
                bytes -= frame.bytes
                discard(frame.slot)
            } else {
                kept.append(frame)
            }
        }
        frames = kept
        head = 0
    }
}

/// Credit of one session in one class, as totals since the session began.
struct ClassCredit {
    // From the plugin to the router.
    var inWindow = CreditWindow(bytes: 0, messages: 0)
    var inAllowedBytes: UInt64 = 0
    var inAllowedMessages: UInt64 = 0
    var inUsedBytes: UInt64 = 0
    var inUsedMessages: UInt64 = 0
    // From the router to the plugin.
    var outWindow = CreditWindow(bytes: 0, messages: 0)
    var outAllowedBytes: UInt64 = 0
    var outAllowedMessages: UInt64 = 0
    var outUsedBytes: UInt64 = 0
    var outUsedMessages: UInt64 = 0
    var parked = ParkingLane()

    @inline(__always)
    func canSend(_ bytes: Int) -> Bool {
        outUsedMessages < outAllowedMessages && outUsedBytes &+ UInt64(bytes) <= outAllowedBytes
    }

    @inline(__always)
    mutating func useOut(_ bytes: Int) {
        outUsedBytes &+= UInt64(bytes)
        outUsedMessages &+= 1
    }

    /// Counts a frame from the plugin.
    /// - Returns: false when it overran what was allowed.
    @inline(__always)
    mutating func useIn(_ bytes: Int) -> Bool {
        inUsedBytes &+= UInt64(bytes)
        inUsedMessages &+= 1
        return inUsedBytes <= inAllowedBytes && inUsedMessages <= inAllowedMessages
    }

    /// Whether half of what was allowed is used.
    @inline(__always)
    var needsGrant: Bool {
        inAllowedMessages &- inUsedMessages <= inWindow.messages / 2
            || inAllowedBytes &- inUsedBytes <= inWindow.bytes / 2
    }

    /// Whether one more frame may wait: at most one window.
    func canPark(_ bytes: Int) -> Bool {
        UInt64(parked.count) < outWindow.messages && UInt64(parked.bytes + bytes) <= outWindow.bytes
    }
}

/// A range of minors of one contract.
struct OfferedContract {
    var number: UInt32
    var minorMin: UInt32
    var minorMax: UInt32
    var schema: UInt32

    /// The minor both can use, or nil.
    func common(with other: OfferedContract) -> UInt32? {
        let low = max(minorMin, other.minorMin)
        let high = min(minorMax, other.minorMax)
        return low <= high ? high : nil
    }

    /// Two definitions of one minor.
    func contradicts(_ other: OfferedContract) -> Bool {
        minorMax == other.minorMax && schema != 0 && other.schema != 0 && schema != other.schema
    }
}

/// What a session told about itself.
struct SessionIdentity {
    var name: [UInt8] = []
    var build: [UInt8] = []
    var reason: [UInt8] = []
    var provides: [OfferedContract] = []
    var requires: [OfferedContract] = []
    var heldKeys: [[UInt8]] = []
    var attachToken: [UInt8] = []
    var isCurve = false
    var curveInstance: UInt64 = 0
}

/// States of a session; raw values are those on the wire.
enum SessionState: UInt32 {
    case free = 0
    case starting = 1
    case ready = 2
    case degraded = 3
    case draining = 4

    var takesRequests: Bool { self == .ready || self == .degraded }
}

/// A topic of which events were withheld from this subscriber.
struct OpenGap {
    var topic: Int32
    var topicGeneration: UInt32
    var from: UInt64
}

/// One session.
///
/// `state == .free`: the place is unused.
struct Session {
    var state = SessionState.free
    var instance: UInt64 = 0
    var number: UInt64 = 0
    var epoch: UInt32 = 0
    var role: UInt32 = 0
    var roleBit: UInt64 = 0
    var controlPeer: UInt32 = 0
    var dataPeer: UInt32 = 0
    var isAttached = false
    var maxFrame = 0
    var lastID: UInt64 = 0
    var began: UInt64 = 0
    var heard: UInt64 = 0
    var pinged: UInt64 = 0
    var pingStamp: UInt64 = 0
    var openForProvider: UInt32 = 0
    var topics: Int = 0
    var subscriptions: Int = 0
    var lastTopic: Int32 = -1
    var inMessages: UInt64 = 0
    var inBytes: UInt64 = 0
    var outMessages: UInt64 = 0
    var outBytes: UInt64 = 0
    var refused: UInt64 = 0
    var gaps: UInt64 = 0
    var windowBytes: UInt64 = 0
    var openGaps: [OpenGap] = []
    private var credits = InlineArray<3, ClassCredit>(repeating: ClassCredit())
    var identity = SessionIdentity()

    /// Credit by class index.
    ///
    /// One `yield` each, or the compiler makes an allocating call of it.
    subscript(credit index: Int) -> ClassCredit {
        @inline(__always)
        _read { yield credits[index] }
        @inline(__always)
        _modify { yield &credits[index] }
    }

    var name: String { String(decoding: identity.name, as: UTF8.self) }
    var parkedCount: Int { credits.indices.reduce(0) { $0 + credits[$1].parked.count } }
    var parkedBytes: Int { credits.indices.reduce(0) { $0 + credits[$1].parked.bytes } }
}

/// A session that ended.
struct Departure {
    let instance: UInt64
    let name: [UInt8]
    let role: UInt32
    /// The process's milliseconds.
    let at: UInt64
}

/// Sessions by the number of a connection.
///
/// Remembers the last one asked for: frames come in runs.
struct PeerPlaces {
    private var places: [UInt32: Int32] = [:]
    private var last: (peer: UInt32, place: Int32)?

    mutating func reserveCapacity(_ count: Int) {
        places.reserveCapacity(count)
    }

    @inline(__always)
    mutating func find(_ peer: UInt32) -> Int32? {
        if let last, last.peer == peer { return last.place }
        guard let place = places[peer] else { return nil }
        last = (peer, place)
        return place
    }

    subscript(_ peer: UInt32) -> Int32? {
        get { places[peer] }
        set {
            places[peer] = newValue
            last = nil
        }
    }
}

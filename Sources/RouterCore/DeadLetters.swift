internal import BusWire
/// The newest refused or expired frames, for people: header and at most 256 bytes of payload.
struct DeadLetters {
    /// One of them.
    struct Letter {
        var status: UInt32 = 0
        var at: UInt64 = 0
        var frame: [UInt8] = []
        var frameBytes = 0
    }

    private var ring: [Letter] = []
    private var next = 0
    private let capacity: Int
    private(set) var total: UInt64 = 0

    init(capacity: Int) {
        self.capacity = capacity
        ring.reserveCapacity(capacity)
    }

    /// Keeps the head of a frame; nothing of the payload when the type is sensitive.
    mutating func add(
        status: UInt32, frame: UnsafeRawBufferPointer, payloadOffset: Int, isSensitive: Bool, now: UInt64
    ) {
        total &+= 1
        let kept = min(frame.count, isSensitive ? payloadOffset : payloadOffset + 256, maxHeaderBytes + 272)
        let letter = Letter(
            status: status, at: now, frame: [UInt8](frame.prefix(kept)), frameBytes: frame.count)
        if ring.count < capacity {
            ring.append(letter)
        } else {
            ring[next] = letter
        }
        next = (next + 1) % capacity
    }

    /// Newest first.
    func newest(_ limit: Int) -> [Letter] {
        var result: [Letter] = []
        for step in 1...max(1, ring.count) where result.count < min(limit, ring.count) {
            result.append(ring[(next + ring.count - step) % ring.count])
        }
        return result
    }
}

/// A rate in one direction: a bucket of tokens, and a queue before it that has a bound.
///
/// Packets come in the order of their times; the queue needs no list, as each leaves when the ones before it have.
struct RateGate: Sendable {
    /// Bytes that may leave at once after a pause: two packets.
    static let burst = UInt64(2 * LabLimit.packetBytes)

    /// Bits per second; nil: any.
    private(set) var rate: UInt64?
    /// Nanoseconds that a packet may wait.
    private(set) var queue: UInt64
    /// When the bucket is full again.
    private var full: UInt64 = 0

    init(rate: UInt64?, queue: UInt64) {
        (self.rate, self.queue) = (rate, queue)
    }

    /// Other bounds from now on; what waits keeps its turn.
    mutating func set(rate: UInt64?, queue: UInt64) {
        (self.rate, self.queue) = (rate, queue)
    }

    /// When a packet that comes now leaves; nil: the queue is full, and it is dropped.
    mutating func pass(_ bytes: Int, now: UInt64) -> UInt64? {
        guard let rate else { return now }
        let (cost, tolerance) = (Self.time(UInt64(bytes), rate), Self.time(Self.burst, rate))
        let after = max(full, now) + cost
        let leaves = after > now + tolerance ? after - tolerance : now
        guard leaves - now <= queue else { return nil }
        full = after
        return leaves
    }

    /// Nanoseconds that so many bytes take, rounded up so that no rate is exceeded.
    private static func time(_ bytes: UInt64, _ rate: UInt64) -> UInt64 {
        (bytes * 8 * 1_000_000_000 + rate - 1) / rate
    }
}

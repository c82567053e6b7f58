/// How many bytes may be sent now: a bucket of tokens that fills with time.
package struct RequestBudget: Hashable, Sendable {
    /// Bytes of a second.
    package let rate: UInt64
    /// Bytes that are saved up at most.
    package let burst: UInt64
    /// Thousandths of bytes.
    private var saved: UInt64
    private var last: UInt64 = 0

    /// A full bucket; of no rate nothing is ever sent.
    ///
    /// - Parameters:
    ///   - rate: bytes a second.
    ///   - burst: bytes at once; never less than a write may have.
    package init(rate: UInt64, burst: UInt64 = UInt64(RequestLimit.write)) {
        self.rate = min(rate, 1 << 40)
        self.burst = min(max(burst, UInt64(RequestLimit.write)), 1 << 40)
        saved = self.burst * 1000
    }

    /// Bytes that may be sent now.
    package var bytes: Int { Int(saved / 1000) }

    /// Milliseconds that so many bytes take.
    package func span(of bytes: Int) -> UInt64 {
        rate == 0 ? .max : UInt64(max(0, bytes)) * 1000 / rate
    }

    /// Time has passed.
    package mutating func fill(now: UInt64) {
        let span = min(Milliseconds.since(last, now: now), Milliseconds.hour)
        last = max(last, now)
        saved = min(saved + span * rate, burst * 1000)
    }

    /// Bytes were sent.
    package mutating func spend(_ bytes: Int) {
        saved -= min(saved, UInt64(max(0, bytes)) * 1000)
    }
}

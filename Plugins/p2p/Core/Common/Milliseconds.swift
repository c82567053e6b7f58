/// Times are milliseconds of a clock that never goes back; it is read outside and handed in with each call.
package enum Milliseconds {
    /// In a second.
    package static let second: UInt64 = 1_000
    /// In a minute.
    package static let minute: UInt64 = 60_000
    /// In an hour.
    package static let hour: UInt64 = 3_600_000

    /// A time so much later; the last there is instead of one beyond it.
    package static func sum(_ time: UInt64, _ span: UInt64) -> UInt64 {
        let (sum, overflow) = time.addingReportingOverflow(span)
        return overflow ? .max : sum
    }

    /// How long ago an earlier time was; 0 when it is not earlier.
    package static func since(_ earlier: UInt64, now: UInt64) -> UInt64 {
        now > earlier ? now - earlier : 0
    }
}

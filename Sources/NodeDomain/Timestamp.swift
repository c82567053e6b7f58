/// A point in time as blocks carry it: seconds since 1970 and nanoseconds beyond them.
package struct Timestamp: Hashable, Sendable, Comparable {
    /// The beginning of 1970; also the time of a vote for no block.
    package static let zero = Timestamp(seconds: 0, nanoseconds: 0)

    /// The last second that a protobuf timestamp can name: the end of the year 9999.
    package static let mostSeconds: Int64 = 253_402_300_799
    /// The largest number of nanoseconds below a second.
    package static let mostNanoseconds: Int32 = 999_999_999

    /// Whole seconds since 1970.
    package var seconds: Int64
    /// Nanoseconds beyond them, 0 … 999,999,999.
    package var nanoseconds: Int32

    /// A point in time.
    package init(seconds: Int64, nanoseconds: Int32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Milliseconds since 1970, as the ledger counts.
    package init(milliseconds: UInt64) {
        seconds = Int64(clamping: milliseconds / 1000)
        nanoseconds = Int32(milliseconds % 1000) * 1_000_000
    }

    /// Whole milliseconds since 1970; 0 before.
    package var milliseconds: UInt64 {
        guard seconds >= 0, nanoseconds >= 0 else { return 0 }
        let (product, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1000)
        let (sum, exceeds) = product.addingReportingOverflow(UInt64(nanoseconds) / 1_000_000)
        return overflows || exceeds ? .max : sum
    }

    /// Earlier or later.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

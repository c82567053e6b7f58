package import NodeDomain

/// The index whose full label is smallest: found while a plot is made, and shown once.
package enum VRFNonce {
    /// What a full label must be below: eight of all labels are expected to be.
    package static func threshold(labels: UInt64) -> Bytes32 {
        // 2^256 divided by one is out of range, and so is eight times the quotient of up to eight.
        guard labels > 8 else { return .largest }
        var remainder: UInt64 = 1
        let (a, b, c, d) = Bytes32.zero.divided(by: labels, remainder: &remainder)
        return Bytes32(a << 3 | b >> 61, b << 3 | c >> 61, c << 3 | d >> 61, d << 3)
    }

    /// Whether an index is a nonce for a plot of so many labels.
    ///
    /// The index itself may lie beyond them: a search that found none among them went on.
    package static func isValid(label: Bytes32, labels: UInt64) -> Bool {
        label < threshold(labels: labels)
    }
}

/// The smallest full label of those seen so far.
package struct VRFSearch: Sendable, Equatable {
    /// Where it is; nil before the first.
    package private(set) var index: UInt64?
    /// What it is.
    package private(set) var label = Bytes32.largest

    /// Nothing seen yet.
    package init() {}

    /// Looks at one more label; of two that are equal the earlier index stays.
    package mutating func consider(_ label: Bytes32, at index: UInt64) {
        if let known = self.index, (self.label, known) <= (label, index) { return }
        self.index = index
        self.label = label
    }

    /// Joins what another worker saw.
    package mutating func join(_ other: VRFSearch) {
        if let index = other.index { consider(other.label, at: index) }
    }
}

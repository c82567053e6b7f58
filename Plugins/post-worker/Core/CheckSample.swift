/// Which labels a check looks at: all, or some of every stretch, so that no part of a file is left out.
package struct CheckSample: Hashable, Sendable {
    /// Labels that are looked at together.
    package static let batch: UInt64 = 16

    /// Labels of which one batch is looked at.
    package let stretch: UInt64

    /// A share of the labels, above 0 and up to 1; nil for anything else.
    package init?(share: Double) {
        guard share > 0, share <= 1 else { return nil }
        let stretch = Double(CheckSample.batch) / share
        self.stretch = stretch < 1e15 ? max(UInt64(stretch), CheckSample.batch) : 1_000_000_000_000_000
    }

    /// Whether no label is left out.
    package var isAll: Bool { stretch == CheckSample.batch }

    /// The batch of a stretch of labels, at a place that a random number decides.
    package func batch(of labels: Range<UInt64>, random: UInt64) -> Range<UInt64> {
        let count = UInt64(labels.count)
        guard count > CheckSample.batch else { return labels }
        let first = labels.lowerBound + random % (count - CheckSample.batch + 1)
        return first..<first + CheckSample.batch
    }

    /// The stretches of some labels, which a file has in order.
    package func stretches(of labels: Range<UInt64>) -> Int {
        Int(clamping: (UInt64(labels.count) + stretch - 1) / stretch)
    }

    /// One stretch of some labels.
    package func stretch(_ number: Int, of labels: Range<UInt64>) -> Range<UInt64> {
        let (offset, overflow) = stretch.multipliedReportingOverflow(by: UInt64(number))
        guard !overflow, offset < UInt64(labels.count) else { return labels.upperBound..<labels.upperBound }
        let first = labels.lowerBound + offset
        return first..<first + min(stretch, labels.upperBound - first)
    }
}

/// Bad labels as ranges of bytes of files: those that touch are one.
package struct BadLabels: Hashable, Sendable {
    /// Ranges that are kept; more are only counted.
    package static let limit = 1000

    /// A range of a file.
    package struct Part: Hashable, Sendable {
        /// The file.
        package let file: UInt64
        /// The bytes.
        package var bytes: Range<UInt64>
    }

    /// The first that were found.
    package private(set) var parts: [Part] = []
    /// How many labels are bad.
    package private(set) var count: UInt64 = 0

    /// None.
    package init() {}

    /// Takes one; they come in the order of files and places.
    package mutating func add(_ place: LabelPlace) {
        count += 1
        if let last = parts.indices.last, parts[last].file == place.file,
            parts[last].bytes.upperBound == place.bytes.lowerBound
        {
            parts[last].bytes = parts[last].bytes.lowerBound..<place.bytes.upperBound
        } else if parts.count < BadLabels.limit {
            parts.append(Part(file: place.file, bytes: place.bytes))
        }
    }
}

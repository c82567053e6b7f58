/// Which labels a check looks at: all, or some of every stretch, so that no part of a file is left out.
package struct CheckSample: Hashable, Sendable {
    /// Labels that are looked at together.
    package let batch: UInt64
    /// Labels of which one batch is looked at.
    package let stretch: UInt64

    /// All labels.
    package static let all = CheckSample(batch: LabelChunks.size, stretch: LabelChunks.size)

    private init(batch: UInt64, stretch: UInt64) {
        self.batch = batch
        self.stretch = stretch
    }

    /// A share of the labels, above 0 and up to 1; nil for anything else.
    package init?(share: Double) {
        guard share > 0, share <= 1 else { return nil }
        guard share < 1 else {
            self = .all
            return
        }
        // What a worker makes at a time: asking for fewer labels would waste the rest.
        let batch = 16.0
        self.init(batch: UInt64(batch), stretch: UInt64(min(max(batch / share, batch), 1e15)))
    }

    /// The batch of a stretch of labels, at a place that a random number decides.
    package func batch(of labels: Range<UInt64>, random: UInt64) -> Range<UInt64> {
        let count = UInt64(labels.count)
        guard count > batch else { return labels }
        let first = labels.lowerBound + random % (count - batch + 1)
        return first..<first + batch
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
        package internal(set) var bytes: Range<UInt64>
        /// Whether they could be read.
        package let isReadable: Bool
    }

    /// The first that were found.
    package private(set) var parts: [Part] = []
    /// How many labels are bad.
    package private(set) var count: UInt64 = 0

    /// None.
    package init() {}

    /// Takes one; they come in the order of files and places.
    package mutating func add(_ place: LabelPlace, isReadable: Bool = true) {
        count += 1
        if let last = parts.last, last.file == place.file, last.isReadable == isReadable,
            last.bytes.upperBound == place.bytes.lowerBound
        {
            parts[parts.count - 1].bytes = last.bytes.lowerBound..<place.bytes.upperBound
        } else if parts.count < BadLabels.limit {
            parts.append(Part(file: place.file, bytes: place.bytes, isReadable: isReadable))
        }
    }
}

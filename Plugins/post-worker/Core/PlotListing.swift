/// The label files that a directory holds, and what can be done with them.
package struct PlotListing: Hashable, Sendable {
    /// Where they are.
    package let directory: String
    /// The plot that they should belong to.
    package let layout: PlotLayout
    /// Bytes of each file by its number.
    package let sizes: [UInt64: UInt64]

    /// Takes the names and sizes of all that lies in the directory; names of other things are passed over.
    ///
    /// - Throws: `PlotFileFault` when a file is longer than it can be, or is none of the plot's.
    package init(
        directory: String, layout: PlotLayout, entries: [(name: String, bytes: UInt64)]
    ) throws(PlotFileFault) {
        var sizes: [UInt64: UInt64] = [:]
        for entry in entries {
            guard let file = PlotLayout.number(of: entry.name) else { continue }
            guard file < layout.files else {
                throw .surplus(path: "\(directory)/\(entry.name)", files: layout.files)
            }
            let whole = layout.bytes(of: file)
            guard entry.bytes <= whole else {
                throw .tooLong(path: "\(directory)/\(entry.name)", found: entry.bytes, needed: whole)
            }
            sizes[file] = entry.bytes
        }
        self.directory = directory
        self.layout = layout
        self.sizes = sizes
    }

    /// The numbers that are there, ascending.
    package var files: [UInt64] { sizes.keys.sorted() }

    /// All bytes that are there.
    package var bytes: UInt64 { sizes.values.reduce(0, &+) }

    /// Whole labels of a file that are there.
    package func labels(in file: UInt64) -> UInt64 { (sizes[file] ?? 0) / PlotLayout.labelBytes }

    /// The files as a segment that can be proved: a run of them without a gap, each of them whole.
    ///
    /// - Throws: `PlotFileFault` for the first that is missing or unfinished.
    package func segment() throws(PlotFileFault) -> PlotSegment {
        let files = files
        guard let first = files.first, let last = files.last else { throw .noLabels(directory: directory) }
        var next = first
        for file in files {
            guard file == next else { throw .gap(directory: directory, missing: next..<file, last: last) }
            let (found, needed) = (sizes[file] ?? 0, layout.bytes(of: file))
            guard found == needed else {
                throw .unfinished(
                    path: "\(directory)/\(PlotLayout.name(of: file))", found: found, needed: needed)
            }
            next = file + 1
        }
        return PlotSegment(directory: directory, layout: layout, files: first..<next)
    }

    /// Some of the files as a segment; others may be missing or unfinished.
    ///
    /// - Throws: `PlotFileFault` for the first that is missing or unfinished.
    package func segment(of files: Range<UInt64>) throws(PlotFileFault) -> PlotSegment {
        for file in files {
            guard let found = sizes[file] else { throw .absent(files: [file..<file + 1]) }
            let needed = layout.bytes(of: file)
            guard found == needed else {
                throw .unfinished(
                    path: "\(directory)/\(PlotLayout.name(of: file))", found: found, needed: needed)
            }
        }
        return PlotSegment(directory: directory, layout: layout, files: files)
    }

    /// The labels of some files that are still to be made.
    package func missing(in files: Range<UInt64>) -> LabelChunks {
        LabelChunks(listing: self, files: files)
    }

    /// How many labels of some files are there.
    package func present(in files: Range<UInt64>) -> UInt64 {
        sizes.keys.reduce(0) { files.contains($1) ? $0 + labels(in: $1) : $0 }
    }

    /// Labels whose values say whether the files are what they should be, without making more than a few.
    ///
    /// The first label there is, the last one, and the last of each unfinished file: there a power cut may have left anything.
    package var probes: [LabelPlace] {
        let files = files.filter { labels(in: $0) > 0 }
        guard let first = files.first, let last = files.last else { return [] }
        let ends = files.filter { $0 == last || (sizes[$0] ?? 0) < layout.bytes(of: $0) }
        return [LabelPlace(file: first, label: 0)]
            + ends.map { LabelPlace(file: $0, label: labels(in: $0) - 1) }
    }
}

/// A label by file and by place in it.
package struct LabelPlace: Hashable, Sendable {
    /// The file.
    package let file: UInt64
    /// Place in the file, counted in labels.
    package let label: UInt64

    /// A place.
    package init(file: UInt64, label: UInt64) {
        self.file = file
        self.label = label
    }

    /// The bytes of the file that hold it.
    package var bytes: Range<UInt64> {
        label * PlotLayout.labelBytes..<(label + 1) * PlotLayout.labelBytes
    }
}

/// Consecutive labels of one file that are made, or looked at, together.
package struct LabelChunk: Hashable, Sendable {
    /// The file.
    package let file: UInt64
    /// Indices in the plot.
    package let labels: Range<UInt64>
    /// Where in the file they begin, in bytes.
    package let offset: UInt64

    /// A chunk.
    package init(file: UInt64, labels: Range<UInt64>, offset: UInt64) {
        self.file = file
        self.labels = labels
        self.offset = offset
    }
}

/// The labels that are still to be made, a chunk after another, in the order of the plot.
package struct LabelChunks: Sendable {
    /// Labels of a chunk: less than a second's work, and a multiple of what workers make at a time.
    package static let size: UInt64 = 1024

    private let listing: PlotListing
    private let files: Range<UInt64>
    private var file: UInt64
    private var done: UInt64

    fileprivate init(listing: PlotListing, files: Range<UInt64>) {
        self.listing = listing
        self.files = files.clamped(to: 0..<listing.layout.files)
        file = self.files.lowerBound
        done = listing.labels(in: self.files.lowerBound)
    }

    /// The next chunk; nil when nothing is missing.
    package mutating func next() -> LabelChunk? {
        while file < files.upperBound {
            let all = listing.layout.labels(of: file)
            if done < UInt64(all.count) {
                let first = all.lowerBound + done
                let count = min(LabelChunks.size, all.upperBound - first)
                defer { done += count }
                return LabelChunk(
                    file: file, labels: first..<first + count, offset: done * PlotLayout.labelBytes)
            }
            file += 1
            done = listing.labels(in: file)
        }
        return nil
    }
}

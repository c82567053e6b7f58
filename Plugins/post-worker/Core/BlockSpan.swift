/// Bytes of a file that are read together, with the labels among them.
package struct BlockSpan: Hashable, Sendable {
    /// Which of the parts.
    package let part: Int
    /// The file.
    package let file: UInt64
    /// Where it is.
    package let path: String
    /// Bytes to read; the first of them begins a sector.
    package let bytes: Range<UInt64>
    /// Bytes of the labels.
    package let labelBytes: Range<UInt64>
    /// The labels, whole chunks of eight.
    package let labels: Range<UInt64>
}

/// The blocks of some parts, in the order of parts, files and bytes.
///
/// Each file is cut on its own: the labels behind its last whole chunk are left out, as the original's prover does.
package struct BlockSpans: Sendable {
    /// Bytes that are read at a time.
    package static let blockBytes: UInt64 = 1 << 20
    /// Bytes that reading past the cache begins at.
    package static let sector = 4096

    private var parts: [(number: Int, segment: PlotSegment, start: UInt64)]
    private var file: UInt64?
    /// Place in the file.
    private var offset: UInt64 = 0
    private let chunk: UInt64

    /// Segments with their numbers and first labels, in chunks of so many labels.
    package init(
        _ parts: [(number: Int, segment: PlotSegment, start: UInt64)], chunk: Int = ScanPass.chunkLabels
    ) {
        self.chunk = UInt64(max(chunk, 1)) * PlotLayout.labelBytes
        self.parts = parts.reversed()
    }

    /// The next block; nil at the end.
    package mutating func next() -> BlockSpan? {
        while let part = parts.last {
            let layout = part.segment.layout
            guard let file = place(in: part) else {
                parts.removeLast()
                self.file = nil
                continue
            }
            let end = layout.bytes(of: file) / chunk * chunk
            guard offset < end else {
                self.file = file + 1
                offset = 0
                continue
            }
            let upper = min((offset / BlockSpans.blockBytes + 1) * BlockSpans.blockBytes, end)
            defer { offset = upper }
            let sector = UInt64(BlockSpans.sector)
            let first = layout.labels(of: file).lowerBound
            return BlockSpan(
                part: part.number, file: file, path: part.segment.path(of: file),
                bytes: offset / sector * sector..<upper, labelBytes: offset..<upper,
                labels: first + offset / PlotLayout.labelBytes..<first + upper / PlotLayout.labelBytes)
        }
        return nil
    }

    /// The file to go on with; nil when the part is over.
    private mutating func place(in part: (number: Int, segment: PlotSegment, start: UInt64)) -> UInt64? {
        let segment = part.segment
        if file == nil {
            guard part.start < segment.labels.upperBound, !segment.files.isEmpty else { return nil }
            let first = max(part.start / segment.layout.labelsPerFile, segment.files.lowerBound)
            let begin = segment.layout.labels(of: first).lowerBound
            file = first
            offset = (max(part.start, begin) - begin) * PlotLayout.labelBytes / chunk * chunk
        }
        guard let file, segment.files.contains(file) else { return nil }
        return file
    }
}

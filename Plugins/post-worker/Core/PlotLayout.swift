/// How a plot's labels lie in files: each of the same number of labels, the last one shorter.
package struct PlotLayout: Hashable, Sendable {
    /// Bytes that are stored of a label.
    package static let labelBytes: UInt64 = 16
    /// Smallest size of a file.
    package static let smallestFile: UInt64 = 1024
    /// Largest size of a file.
    package static let largestFile: UInt64 = 1 << 60
    /// Size of the original's files, unless another was asked for.
    package static let usualFile: UInt64 = 4 << 30
    /// Most labels of a plot in files: their bytes can be counted.
    package static let mostLabels: UInt64 = 1 << 60 - 1

    /// What the plot holds.
    package let plot: Plot
    /// Largest size of a file in bytes, as the metadata says.
    package let maxFileSize: UInt64

    /// Checks the sizes.
    ///
    /// - Throws: `PlotFileFault.fileSize` or `.plotSize` when one is out of its limits.
    package init(plot: Plot, maxFileSize: UInt64) throws(PlotFileFault) {
        guard plot.labels <= PlotLayout.mostLabels else { throw .plotSize(labels: plot.labels) }
        guard (PlotLayout.smallestFile...PlotLayout.largestFile).contains(maxFileSize) else {
            throw .fileSize(maxFileSize)
        }
        self.plot = plot
        self.maxFileSize = maxFileSize
    }

    /// Labels of each file but the last.
    package var labelsPerFile: UInt64 { maxFileSize / PlotLayout.labelBytes }
    /// How many files there are, one at least.
    package var files: UInt64 { (plot.labels - 1) / labelsPerFile + 1 }

    /// The labels of a file; none when there is no such file.
    package func labels(of file: UInt64) -> Range<UInt64> {
        guard file < files else { return plot.labels..<plot.labels }
        let first = file * labelsPerFile
        return first..<(first + min(labelsPerFile, plot.labels - first))
    }

    /// The labels of a run of files.
    package func labels(of run: Range<UInt64>) -> Range<UInt64> {
        guard !run.isEmpty else { return 0..<0 }
        let first = labels(of: run.lowerBound).lowerBound
        return first..<max(labels(of: run.upperBound - 1).upperBound, first)
    }

    /// Bytes of a file when it is whole.
    package func bytes(of file: UInt64) -> UInt64 {
        UInt64(labels(of: file).count) * PlotLayout.labelBytes
    }

    /// The files that hold any of some labels.
    package func files(holding labels: Range<UInt64>) -> Range<UInt64> {
        let part = labels.clamped(to: 0..<plot.labels)
        guard !part.isEmpty else { return 0..<0 }
        return part.lowerBound / labelsPerFile..<(part.upperBound - 1) / labelsPerFile + 1
    }

    /// Name of a file.
    package static func name(of file: UInt64) -> String { "postdata_\(file).bin" }

    /// The number in a file's name; nil for other names.
    package static func number(of name: String) -> UInt64? {
        guard name.hasPrefix("postdata_"), name.hasSuffix(".bin") else { return nil }
        let digits = name.dropFirst(9).dropLast(4)
        // `+1` and `007` are numbers to Swift, but not names of files.
        guard let number = UInt64(digits), "\(number)" == digits else { return nil }
        return number
    }

    /// Names of a run of files, for people.
    package static func names(of run: Range<UInt64>) -> String {
        guard let last = run.last, let first = run.first else { return "no file" }
        return first == last ? name(of: first) : "\(name(of: first)) to \(name(of: last))"
    }
}

/// A run of whole files of a plot in one directory.
package struct PlotSegment: Hashable, Sendable {
    /// Where the files are.
    package let directory: String
    /// The plot that they belong to.
    package let layout: PlotLayout
    /// Which files.
    package let files: Range<UInt64>

    /// A segment.
    package init(directory: String, layout: PlotLayout, files: Range<UInt64>) {
        self.directory = directory
        self.layout = layout
        self.files = files
    }

    /// The labels in it.
    package var labels: Range<UInt64> { layout.labels(of: files) }
    /// The bytes in it.
    package var bytes: UInt64 { UInt64(labels.count) * PlotLayout.labelBytes }
    /// Where a file is.
    package func path(of file: UInt64) -> String { "\(directory)/\(PlotLayout.name(of: file))" }

    /// The runs of files that no segment holds.
    ///
    /// - Throws: `PlotFileFault.twice` when two segments hold the same file, `.foreign` when they are of different plots.
    package static func missing(from segments: [PlotSegment]) throws(PlotFileFault) -> [Range<UInt64>] {
        guard let first = segments.first else { return [] }
        var next: UInt64 = 0
        var holder = ""
        var gaps: [Range<UInt64>] = []
        for segment in segments.sorted(by: { $0.files.lowerBound < $1.files.lowerBound }) {
            guard segment.layout == first.layout else {
                throw .foreign(
                    directory: segment.directory, field: "plot", found: "another", wanted: first.directory)
            }
            let run = segment.files
            guard !run.isEmpty else { continue }
            guard run.lowerBound >= next else {
                throw .twice(file: run.lowerBound, directories: [holder, segment.directory])
            }
            if run.lowerBound > next { gaps.append(next..<run.lowerBound) }
            (next, holder) = (run.upperBound, segment.directory)
        }
        if next < first.layout.files { gaps.append(next..<first.layout.files) }
        return gaps
    }
}

/// Why files are not used as a plot, or not written: one clear refusal each.
package enum PlotFileFault: Error, Hashable, Sendable {
    /// The size of files is out of its limits.
    case fileSize(UInt64)
    /// A plot is too large for any disk.
    case plotSize(labels: UInt64)
    /// New files would not hold whole chunks of eight labels.
    case unevenFileSize(UInt64)
    /// The plot has no such files.
    case fileRange(first: UInt64, last: UInt64, files: UInt64)
    /// There is neither metadata nor a label.
    case noPlot(directory: String)
    /// There are labels, but nothing says whose.
    case noMetadata(directory: String)
    /// The metadata cannot be understood.
    case metadata(directory: String, reason: String)
    /// The directory holds another plot.
    case foreign(directory: String, field: String, found: String, wanted: String)
    /// There is metadata, and no label.
    case noLabels(directory: String)
    /// Files are missing between others.
    case gap(directory: String, missing: Range<UInt64>, last: UInt64)
    /// A file is shorter than it will be.
    case unfinished(path: String, found: UInt64, needed: UInt64)
    /// A file is longer than it can be.
    case tooLong(path: String, found: UInt64, needed: UInt64)
    /// A file is none of the plot's.
    case surplus(path: String, files: UInt64)
    /// Two directories hold the same file.
    case twice(file: UInt64, directories: [String])
    /// No directory holds these files.
    case absent(files: [Range<UInt64>])
    /// A label is not what it should be.
    case label(path: String, bytes: Range<UInt64>, scryptN: UInt32, madeWith: UInt32?)
    /// The nonce of the metadata is not what it should be.
    case nonce(directory: String, index: UInt64, scryptN: UInt32)
    /// Another process writes there.
    case busy(directory: String)
    /// The disk is full.
    case full(path: String, reason: String)
    /// The system refuses to open, read or write.
    case system(path: String, action: String, bytes: Range<UInt64>?, reason: String)
}

extension PlotFileFault: CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .fileSize(let bytes):
            """
            files of \(bytes) bytes cannot hold a plot: the size must be from \(PlotLayout.smallestFile) to \
            \(PlotLayout.largestFile)
            """
        case .plotSize(let labels):
            "\(labels) labels are too large a plot for files: the most are \(PlotLayout.mostLabels)"
        case .unevenFileSize(let bytes):
            """
            files of \(bytes) bytes would end in labels that are never proved: the size must be a multiple of \
            \(ScanPass.chunkBytes)
            """
        case .fileRange(let first, let last, let files):
            "files \(first) to \(last) are no part of the plot: it has files 0 to \(files - 1)"
        case .noPlot(let directory):
            "\(directory) holds no plot: there is neither \(PlotMetadata.fileName) nor a label file"
        case .noMetadata(let directory):
            """
            \(directory) holds label files but no \(PlotMetadata.fileName), so nobody knows whose they are: \
            put it back, or use an empty directory
            """
        case .metadata(let directory, let reason):
            "\(directory)/\(PlotMetadata.fileName) is not to be used: \(reason)"
        case .foreign(let directory, let field, let found, let wanted):
            "\(directory) holds another plot: its \(field) is \(found), not \(wanted); nothing was changed"
        case .noLabels(let directory): "\(directory) holds no label file yet: make them with `post init`"
        default: fileDescription
        }
    }

    /// Those that name a file.
    private var fileDescription: String {
        switch self {
        case .gap(let directory, let missing, let last):
            """
            \(directory) lacks \(PlotLayout.names(of: missing)), though it has \(PlotLayout.name(of: last)): \
            put them back, or make them with `post init`
            """
        case .unfinished(let path, let found, let needed):
            "\(path) has \(found) of \(needed) bytes: finish it with `post init`"
        case .tooLong(let path, let found, let needed):
            """
            \(path) has \(found) bytes where \(needed) are all it can hold: it is not of this plot; \
            nothing was changed
            """
        case .surplus(let path, let files):
            "\(path) is none of the plot's \(files) files: move it away; nothing was changed"
        case .twice(let file, let directories):
            """
            \(PlotLayout.name(of: file)) is in \(directories.joined(separator: " and in ")): \
            leave one of them out
            """
        case .absent(let files):
            """
            no directory holds \(files.map(PlotLayout.names).joined(separator: ", ")): \
            name the directories that do
            """
        case .label(let path, let bytes, let scryptN, let madeWith):
            "\(path): " + PlotFileFault.wrong(bytes, scryptN, madeWith)
        case .nonce(let directory, let index, let scryptN):
            """
            \(directory): the label of nonce \(index) is not the one in \(PlotMetadata.fileName): \
            scrypt N is not \(scryptN), or the metadata was changed
            """
        case .busy(let directory): "another process writes to \(directory): wait for it, or end it"
        case .full(let path, let reason):
            """
            no room for \(path) (\(reason)): free some and run the same command again, \
            it goes on where it stopped
            """
        case .system(let path, let action, let bytes, let reason):
            "cannot \(action) \(path)\(bytes.map { ", \(PlotFileFault.text(of: $0))" } ?? ""): \(reason)"
        default: "\(self)"
        }
    }

    private static func wrong(_ bytes: Range<UInt64>, _ scryptN: UInt32, _ madeWith: UInt32?) -> String {
        if let madeWith {
            return "it was made with scrypt N \(madeWith), not \(scryptN); nothing was changed"
        }
        return """
            the label in \(text(of: bytes)) is not the plot's: it is damaged, or of another plot; \
            `post check` finds how much; cut the file there (`truncate`) to have the rest made again
            """
    }

    /// A range of bytes with both ends.
    package static func text(of bytes: Range<UInt64>) -> String {
        "bytes \(bytes.lowerBound) to \(bytes.upperBound &- 1)"
    }
}

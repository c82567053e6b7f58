internal import Foundation
internal import NodeDomain
package import PostWorkerCore

/// How far the making of labels is.
package struct InitializeProgress: Sendable {
    /// Labels of the asked files that are on disk.
    package var done: UInt64
    /// Labels of the asked files.
    package let all: UInt64
    /// How many were there before.
    package let before: UInt64
    /// The VRF nonce so far.
    package var nonce: UInt64?
    /// The label that a search beyond the plot has reached; nil while labels are made.
    package var beyond: UInt64?
}

/// What came of it.
package struct InitializeResult: Sendable {
    /// Whether all asked labels are on disk, and the search for a nonce is over.
    package let isFinished: Bool
    /// Labels that were made.
    package let made: UInt64
    /// The smallest valid nonce of this directory's labels, with its full label.
    package let nonce: VRFSearch
}

/// Makes the labels of some files of a plot in one directory, and goes on with what is there.
///
/// Labels are appended in the order of the plot. A smaller VRF nonce is in the metadata before its label is in its file, so
/// that whatever ends the process, the metadata knows the best of all labels that are on disk.
package struct PlotInitializer: Sendable {
    /// Where.
    package let directory: String
    /// Which plot.
    package let layout: PlotLayout
    /// Which of its files.
    package let files: Range<UInt64>
    /// Threads that make labels.
    package let threads: Int
    /// By what.
    package let provider: any LabelProvider
    /// Ends, pauses and slows it.
    package let control: WorkControl

    /// Work on a directory, which is made when it is not there.
    ///
    /// - Parameter files: all of the plot when nil.
    /// - Throws: `PlotFileFault` when the plot has no such files, or their size is odd.
    package init(
        directory: String, layout: PlotLayout, files: Range<UInt64>? = nil, threads: Int = 1,
        provider: any LabelProvider = LabelProviders.expected, control: WorkControl = WorkControl()
    ) throws(PlotFileFault) {
        let all = 0..<layout.files
        let files = files ?? all
        guard let last = files.last, last < layout.files else {
            throw .fileRange(
                first: files.lowerBound, last: files.upperBound &- 1, files: layout.files)
        }
        guard layout.maxFileSize % UInt64(ScanPass.chunkBytes) == 0 else {
            throw .unevenFileSize(layout.maxFileSize)
        }
        self.directory = directory
        self.layout = layout
        self.files = files
        self.threads = max(threads, 1)
        self.provider = provider
        self.control = control
    }

    /// Makes what is missing; returns when it is there, or the control ended it.
    ///
    /// - Parameter progress: called on a thread of the work, after each chunk that was written.
    /// - Throws: `PlotFileFault` when the directory holds anything else, or cannot be written; `LabelFault` without memory.
    package func run(
        progress: @escaping @Sendable (InitializeProgress) -> Void
    ) throws -> InitializeResult {
        let lock = try DirectoryLock(making: directory)
        defer { withExtendedLifetime(lock) {} }
        let writer = try PlotWriter(try begin(), files: files, provider: provider)
        progress(writer.progress)
        let workers = PerThread(
            try (0..<threads).map { _ in try provider.makeWorker(scryptN: layout.plot.scryptN) })
        try make(writer, workers, progress)
        var isFinished = writer.progress.done == writer.progress.all
        if isFinished, try isWhole(), writer.nonce.index == nil {
            isFinished = try search(beyond: writer, workers, progress)
        }
        return InitializeResult(
            isFinished: isFinished, made: writer.progress.done - writer.progress.before, nonce: writer.nonce)
    }

    /// The directory with the metadata of this plot, and no label of another.
    private func begin() throws -> PlotDirectory {
        let isEmpty =
            try MetadataFile.read(in: directory) == nil
            && PlotDirectory.entries(of: directory).isEmpty
        if isEmpty { try MetadataFile.write(PlotMetadata(layout), in: directory) }
        let opened = try PlotDirectory(directory, scryptN: layout.plot.scryptN)
        try opened.metadata.check(isOf: layout, directory: directory)
        try opened.probe(.ends, by: provider)
        return opened
    }

    /// Whether the directory holds the whole plot now.
    private func isWhole() throws -> Bool {
        let listing = try PlotDirectory(directory, scryptN: layout.plot.scryptN).listing
        return listing.bytes / PlotLayout.labelBytes == layout.plot.labels
    }

    /// Makes labels on all threads, and writes them in order.
    private func make(
        _ writer: PlotWriter, _ workers: PerThread<any LabelWorker>,
        _ progress: @escaping @Sendable (InitializeProgress) -> Void
    ) throws {
        let (commitment, control) = (layout.plot.commitment, control)
        let chunks = Monitor((number: 0, rest: writer.missing))
        defer { writer.close() }
        try OrderedWork<LabelChunk, MadeLabels>(
            threads: threads, ahead: 4 * threads,
            next: {
                let next = chunks.with { state -> (Int, LabelChunk)? in
                    guard let chunk = state.rest.next() else { return nil }
                    defer { state.number += 1 }
                    return (state.number, chunk)
                }
                guard let next, control.admit(bytes: next.1.labels.count * Int(PlotLayout.labelBytes)) else {
                    return nil
                }
                return next
            },
            work: { MadeLabels(workers[$0], commitment: commitment, labels: $1.labels) },
            deliver: { chunk, made in
                try writer.write(chunk, made)
                progress(writer.progress)
                return true
            }
        ).run()
        try writer.finish()
    }

    /// Looks beyond the plot for a nonce that none of its labels is; true when there is one.
    private func search(
        beyond writer: PlotWriter, _ workers: PerThread<any LabelWorker>,
        _ progress: @escaping @Sendable (InitializeProgress) -> Void
    ) throws -> Bool {
        let found = try BeyondSearch(layout: layout, workers: workers, control: control).run(
            from: writer.metadata.lastPosition
        ) { position in
            try writer.record(position: position)
            var state = writer.progress
            state.beyond = position
            progress(state)
        }
        guard let found, let index = found.index else { return false }
        try writer.record(nonce: found, position: index)
        return true
    }
}

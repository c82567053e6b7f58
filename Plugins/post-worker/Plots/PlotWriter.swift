internal import Foundation
internal import NodeDomain
internal import PostWorkerCore

/// Labels of a chunk, with the best of them.
struct MadeLabels: Sendable {
    let stored: [UInt8]
    let best: VRFSearch

    init(_ worker: any LabelWorker, commitment: Bytes32, labels: Range<UInt64>) {
        var stored: [UInt8] = []
        var best = VRFSearch()
        stored.reserveCapacity(labels.count * Int(PlotLayout.labelBytes))
        var first = labels.lowerBound
        while first < labels.upperBound {
            let count = Int(min(UInt64(max(worker.batch, 256)), labels.upperBound - first))
            for (place, label) in worker.labels(of: commitment, from: first, count: count).enumerated() {
                stored += label.storedBytes
                best.consider(label, at: first + UInt64(place))
            }
            first += UInt64(count)
        }
        self.stored = stored
        self.best = best
    }
}

/// Appends labels to files and keeps their metadata, for one thread at a time.
final class PlotWriter: @unchecked Sendable {
    // Unchecked: results are delivered one at a time, each under the lock of those before.
    private let directory: PlotDirectory
    private let files: Range<UInt64>
    private let threshold: Bytes32
    private(set) var metadata: PlotMetadata
    private(set) var nonce: VRFSearch
    private(set) var progress: InitializeProgress
    private var open: (file: UInt64, handle: FileBox)?
    private var unsynced = 0

    /// After so many bytes the disk is waited for: what a power cut can cost.
    private static let syncBytes = 64 << 20

    init(_ directory: PlotDirectory, files: Range<UInt64>, provider: any LabelProvider) throws {
        let plot = directory.layout.plot
        self.directory = directory
        self.files = files
        threshold = VRFNonce.threshold(labels: plot.labels)
        metadata = directory.metadata
        nonce = try directory.candidate(by: provider.makeWorker(scryptN: plot.scryptN))
        let before = directory.listing.present(in: files)
        progress = InitializeProgress(
            done: before, all: UInt64(directory.layout.labels(of: files).count), before: before,
            nonce: nonce.index)
    }

    /// What is still to be made.
    var missing: LabelChunks { directory.listing.missing(in: files) }

    /// Writes a chunk; a better nonce goes first, so that the metadata is never behind the labels.
    func write(_ chunk: LabelChunk, _ made: MadeLabels) throws(PlotFileFault) {
        let handle = try handle(of: chunk)
        if made.best.label < threshold { try record(nonce: made.best) }
        try handle.file.write(made.stored, at: chunk.offset)
        progress.done += UInt64(chunk.labels.count)
        unsynced += made.stored.count
        if unsynced >= PlotWriter.syncBytes {
            try handle.file.sync()
            unsynced = 0
        }
    }

    /// Takes over a nonce if it is better than the one there is.
    func record(nonce found: VRFSearch, position: UInt64? = nil) throws(PlotFileFault) {
        let before = nonce
        nonce.join(found)
        guard nonce != before, let index = nonce.index else { return }
        metadata.record(nonce: index, label: nonce.label)
        metadata.lastPosition = position ?? metadata.lastPosition
        try MetadataFile.write(metadata, in: directory.path)
        progress.nonce = index
    }

    /// Remembers how far a search beyond the plot has come.
    func record(position: UInt64) throws(PlotFileFault) {
        metadata.lastPosition = position
        try MetadataFile.write(metadata, in: directory.path)
    }

    /// The file of a chunk, open; the one before is safely on disk.
    private func handle(of chunk: LabelChunk) throws(PlotFileFault) -> FileBox {
        if let open, open.file == chunk.file { return open.handle }
        try finish()
        let path = "\(directory.path)/\(PlotLayout.name(of: chunk.file))"
        let handle = FileBox(try OpenFile(path, O_RDWR | O_CREAT, action: "write"))
        let size = try handle.file.size()
        // Only a part of one label may lie behind the whole ones; anything more was not there when the files were listed.
        guard size >= chunk.offset, size - chunk.offset < PlotLayout.labelBytes else {
            throw .busy(directory: directory.path)
        }
        if size > chunk.offset { try handle.file.cut(to: chunk.offset) }
        open = (chunk.file, handle)
        return handle
    }

    /// Waits until all is on disk.
    func finish() throws(PlotFileFault) {
        guard let open else { return }
        try open.handle.file.sync()
        try OpenFile(directory.path, O_RDONLY | O_DIRECTORY).sync()
        unsynced = 0
        self.open = nil
    }

    /// Lets go of the file, whatever is on disk of it.
    func close() { open = nil }
}

/// An open file that several can hold.
final class FileBox {
    let file: OpenFile

    init(_ file: consuming OpenFile) {
        self.file = file
    }
}

extension Bytes32 {
    /// The bytes that are stored of a label.
    var storedBytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for place in 0..<8 {
                buffer.initializeElement(
                    at: place, to: UInt8(truncatingIfNeeded: word0 >> UInt64(56 - 8 * place)))
                buffer.initializeElement(
                    at: 8 + place, to: UInt8(truncatingIfNeeded: word1 >> UInt64(56 - 8 * place)))
            }
            count = 16
        }
    }
}

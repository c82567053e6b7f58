internal import Foundation
internal import NodeDomain
package import PostWorkerCore

/// Finds the VRF nonce of a plot whose labels are made: the smallest label, when it is small enough.
package struct NonceFinder: Sendable {
    private let directories: [PlotDirectory]
    private let threads: Int
    private let provider: any LabelProvider
    private let control: WorkControl

    /// A search in the directories of one plot.
    package init(
        _ directories: [PlotDirectory], threads: Int = 1,
        provider: any LabelProvider = LabelProviders.expected, control: WorkControl = WorkControl()
    ) {
        self.directories = directories
        self.threads = max(threads, 1)
        self.provider = provider
        self.control = control
    }

    /// What a search is at.
    package enum Progress: Sendable {
        /// Bytes that were read.
        case files(bytes: UInt64)
        /// The label that the search beyond the plot has reached.
        case beyond(UInt64)
    }

    /// A stored label as a number in two words, and its index.
    private struct Stored: Sendable {
        var high = UInt64.max
        var low = UInt64.max
        var index: UInt64?

        mutating func join(_ other: Stored) {
            if other.index != nil, (other.high, other.low) < (high, low) { self = other }
        }
    }

    /// Searches the files, and beyond the plot when all of it is there and none of its labels is a nonce; keeps what it finds
    /// in the metadata of each directory.
    ///
    /// - Returns: the smallest nonce; nil when there is none in these files, or the control ended the search.
    /// - Throws: `PlotFileFault` when a directory is of another plot or a file cannot be read; `LabelFault` without memory.
    package func run(progress: @escaping @Sendable (Progress) -> Void = { _ in }) throws -> VRFSearch? {
        guard let first = directories.first else { return nil }
        let layout = first.layout
        let segments = try directories.map { try $0.segment() }
        let isWhole = try PlotSegment.missing(from: segments).isEmpty
        let locks = try directories.map { try DirectoryLock(making: $0.path) }
        defer { withExtendedLifetime(locks) {} }
        let worker = try provider.makeWorker(scryptN: layout.plot.scryptN)
        guard let smallest = try smallest(in: segments, progress) else { return nil }
        var search = VRFSearch()
        if let label = worker.labels(of: layout.plot.commitment, from: smallest, count: 1).first {
            search.consider(label, at: smallest)
        }
        if VRFNonce.isValid(label: search.label, labels: layout.plot.labels) {
            try record(search)
            return search
        }
        guard isWhole else { return nil }
        let workers = PerThread(
            try (0..<threads).map { _ in try provider.makeWorker(scryptN: layout.plot.scryptN) })
        let last = directories.compactMap(\.metadata.lastPosition).max()
        let beyond = BeyondSearch(layout: layout, workers: workers, control: control)
        let found = try beyond.run(from: last) { position in
            try record(nil, position: position)
            progress(.beyond(position))
        }
        if let found { try record(found, position: found.index) }
        return found
    }

    /// The index of the smallest stored label; nil when the control ended the search.
    private func smallest(
        in segments: [PlotSegment], _ progress: @escaping @Sendable (Progress) -> Void
    ) throws -> UInt64? {
        let state = Monitor((best: Stored(), bytes: UInt64(0)))
        let reading = try PlotReading(
            parts: segments.map { ScanPart($0) }, threads: threads, chunk: 1, control: control)
        let summary = try reading.run(
            work: { _, _, block in NonceFinder.smallest(of: block) },
            deliver: { block, found in
                let bytes = state.with { state -> UInt64 in
                    state.best.join(found)
                    state.bytes += UInt64(block.labels.count) * PlotLayout.labelBytes
                    return state.bytes
                }
                progress(.files(bytes: bytes))
                return true
            })
        return summary.isFinished ? state.with { $0.best.index } : nil
    }

    private static func smallest(of block: LabelBlock) -> Stored {
        var best = Stored()
        let bytes = block.bytes
        for place in 0..<block.labels.count {
            let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16 * place, as: UInt64.self))
            guard high <= best.high else { continue }
            let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16 * place + 8, as: UInt64.self))
            best.join(Stored(high: high, low: low, index: block.labels.lowerBound + UInt64(place)))
        }
        return best
    }

    private func record(_ search: VRFSearch?, position: UInt64? = nil) throws(PlotFileFault) {
        for directory in directories {
            var metadata = directory.metadata
            if let search, let index = search.index { metadata.record(nonce: index, label: search.label) }
            metadata.lastPosition = position ?? metadata.lastPosition
            if metadata != directory.metadata { try MetadataFile.write(metadata, in: directory.path) }
        }
    }
}

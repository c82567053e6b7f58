internal import Foundation
package import PostWorkerCore

/// A directory with label files and their metadata, as it is on disk now.
///
/// Opening looks and changes nothing. The cost of a label is not on disk: `probe` compares a few labels with computed ones.
package struct PlotDirectory: Sendable {
    /// Where it is.
    package let path: String
    /// What its metadata says.
    package let metadata: PlotMetadata
    /// Which files are there.
    package let listing: PlotListing

    /// The plot and its files.
    package var layout: PlotLayout { listing.layout }

    /// Opens a directory.
    ///
    /// - Throws: `PlotFileFault` when it holds no plot, or one that is not whole in itself.
    package init(_ path: String, scryptN: UInt32) throws(PlotFileFault) {
        let entries = try PlotDirectory.entries(of: path)
        guard let metadata = try MetadataFile.read(in: path) else {
            let hasLabels = entries.contains { PlotLayout.number(of: $0.name) != nil }
            throw hasLabels ? .noMetadata(directory: path) : .noPlot(directory: path)
        }
        self.path = path
        self.metadata = metadata
        listing = try PlotListing(
            directory: path, layout: metadata.layout(scryptN: scryptN, directory: path), entries: entries)
    }

    /// Its files as a segment that can be proved.
    ///
    /// - Throws: `PlotFileFault` for the first file that is missing or unfinished.
    package func segment() throws(PlotFileFault) -> PlotSegment { try listing.segment() }

    /// What is held against a directory when some labels of it are computed anew.
    package enum Probing: Sendable {
        /// Only that they were made with another scrypt N.
        case cost
        /// Besides, that all of them are wrong: then they are of another plot. One that is wrong is a damaged one.
        case plot
        /// Besides, that the last label of an unfinished file is wrong, behind which nothing may be written, or the nonce.
        case ends
    }

    /// Computes a few labels and compares them with the files.
    ///
    /// - Throws: `PlotFileFault.label` or `.nonce`, `LabelFault` when nothing can be computed.
    package func probe(
        _ probing: Probing, by provider: any LabelProvider = LabelProviders.expected
    ) throws {
        let plot = layout.plot
        let worker = try provider.makeWorker(scryptN: plot.scryptN)
        let probes = listing.probes
        let indices = probes.map { layout.labels(of: $0.file).lowerBound + $0.label }
        let labels = worker.labels(of: plot.commitment, at: indices)
        var wrong: [(place: LabelPlace, fault: PlotFileFault)] = []
        for (number, place) in probes.enumerated() {
            let file = "\(path)/\(PlotLayout.name(of: place.file))"
            let stored = try OpenFile(file, O_RDONLY).bytes(place.bytes)
            guard !PlotProbe.matches(stored[...], labels[number]) else { continue }
            let cost = try PlotProbe.cost(
                of: stored[...], commitment: plot.commitment, index: indices[number], provider: provider)
            let fault = PlotFileFault.label(
                path: file, bytes: place.bytes, scryptN: plot.scryptN, madeWith: cost)
            if cost != nil { throw fault }
            wrong.append((place, fault))
        }
        if probing != .cost, let first = wrong.first, wrong.count == probes.count { throw first.fault }
        guard probing == .ends else { return }
        for (place, fault) in wrong where (listing.sizes[place.file] ?? 0) < layout.bytes(of: place.file) {
            throw fault
        }
        _ = try candidate(by: worker)
    }

    /// Whether the nonce of the metadata is one of this plot; nil when there is none.
    ///
    /// - Throws: `LabelFault` when nothing can be computed.
    package func isNonceValid(_ provider: any LabelProvider = LabelProviders.expected) throws -> Bool? {
        guard metadata.nonce != nil else { return nil }
        let worker = try provider.makeWorker(scryptN: layout.plot.scryptN)
        guard let found = try? candidate(by: worker) else { return false }
        return VRFNonce.isValid(label: found.label, labels: layout.plot.labels)
    }

    /// The nonce of the metadata with its full label, which is computed anew.
    ///
    /// - Throws: `PlotFileFault.nonce` when the metadata has another value for it.
    func candidate(by worker: any LabelWorker) throws(PlotFileFault) -> VRFSearch {
        var search = VRFSearch()
        guard let index = metadata.nonce,
            let label = worker.labels(of: layout.plot.commitment, from: index, count: 1).first
        else { return search }
        if let value = metadata.nonceValue, !PlotProbe.matches(value[...], label) {
            throw .nonce(directory: path, index: index, scryptN: layout.plot.scryptN)
        }
        search.consider(label, at: index)
        return search
    }

    /// Names and sizes of the files in a directory.
    ///
    /// - Throws: `PlotFileFault.system` when it cannot be read.
    package static func entries(of path: String) throws(PlotFileFault) -> [(name: String, bytes: UInt64)] {
        guard let directory = opendir(path) else { throw OpenFile.fault(path, "read", nil, errno) }
        defer { closedir(directory) }
        var result: [(name: String, bytes: UInt64)] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard PlotLayout.number(of: name) != nil else { continue }
            var status = stat()
            guard stat("\(path)/\(name)", &status) == 0 else {
                throw OpenFile.fault("\(path)/\(name)", "look at", nil, errno)
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw .system(path: "\(path)/\(name)", action: "use", bytes: nil, reason: "it is no file")
            }
            result.append((name, UInt64(clamping: status.st_size)))
        }
        return result
    }
}

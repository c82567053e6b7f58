package import PostWorkerCore

/// Makes the metadata of a plot's directories one: they were made apart, and each knows the nonce of its own labels.
package struct PlotMerge: Sendable {
    /// What they have in common now.
    package let metadata: PlotMetadata
    /// The smallest of their nonces.
    package let nonce: VRFSearch
    /// Whether it is small enough for the plot.
    package let isNonceValid: Bool
    /// Files that none of them holds.
    package let missing: [Range<UInt64>]
    /// Files that are begun and not finished.
    package let unfinished: [String]

    /// Reads all, compares, and writes the smallest nonce to each of them, if all are of one plot.
    ///
    /// - Throws: `PlotFileFault` when one is of another plot, is written to by somebody, or cannot be used; `LabelFault`.
    package init(
        _ paths: [String], scryptN: UInt32, provider: any LabelProvider = LabelProviders.expected
    ) throws {
        let directories = try paths.map { path throws(PlotFileFault) in
            try PlotDirectory(path, scryptN: scryptN)
        }
        guard let first = directories.first else { throw PlotFileFault.noPlot(directory: "") }
        for directory in directories {
            try directory.metadata.check(isOf: first.layout, directory: directory.path)
        }
        let held = directories.flatMap { directory in
            directory.listing.files.map {
                PlotSegment(directory: directory.path, layout: first.layout, files: $0..<$0 + 1)
            }
        }
        missing = held.isEmpty ? [0..<first.layout.files] : try PlotSegment.missing(from: held)
        unfinished = directories.flatMap { directory in
            directory.listing.files.filter { (directory.listing.sizes[$0] ?? 0) < first.layout.bytes(of: $0) }
                .map { "\(directory.path)/\(PlotLayout.name(of: $0))" }
        }
        let locks = try directories.map { try DirectoryLock(making: $0.path) }
        defer { withExtendedLifetime(locks) {} }
        let worker = try provider.makeWorker(scryptN: scryptN)
        var nonce = VRFSearch()
        for directory in directories {
            try directory.probe(.plot, by: provider)
            nonce.join(try directory.candidate(by: worker))
        }
        self.nonce = nonce
        isNonceValid =
            nonce.index != nil
            && VRFNonce.isValid(label: nonce.label, labels: first.layout.plot.labels)
        var metadata = first.metadata
        if let index = nonce.index { metadata.record(nonce: index, label: nonce.label) }
        metadata.lastPosition = directories.compactMap(\.metadata.lastPosition).max()
        self.metadata = metadata
        for directory in directories where directory.metadata != metadata {
            try MetadataFile.write(metadata, in: directory.path)
        }
    }
}

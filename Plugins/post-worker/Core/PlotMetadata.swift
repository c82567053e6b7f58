package import NodeDomain

/// What `postdata_metadata.json` says of a plot.
///
/// The cost of a label is not in it: who opens a directory must know it.
package struct PlotMetadata: Hashable, Sendable {
    /// Name of the file.
    package static let fileName = "postdata_metadata.json"

    /// Public key of the identity.
    package var identity: Bytes32
    /// The activation that was mixed in.
    package var commitmentATX: Bytes32
    /// Labels of a unit.
    package var labelsPerUnit: UInt64
    /// Size in units.
    package var units: UInt32
    /// Largest size of a file in bytes.
    package var maxFileSize: UInt64
    /// The VRF nonce, when one was found.
    package var nonce: UInt64?
    /// The stored bytes of its label.
    package var nonceValue: [UInt8]?
    /// The last label that was looked at beyond the plot, in search of a nonce.
    package var lastPosition: UInt64?
    /// The version of the metadata that some releases of the original wrote; kept as it is.
    package var version: Int64?

    /// All fields.
    package init(
        identity: Bytes32, commitmentATX: Bytes32, labelsPerUnit: UInt64, units: UInt32, maxFileSize: UInt64,
        nonce: UInt64? = nil, nonceValue: [UInt8]? = nil, lastPosition: UInt64? = nil, version: Int64? = nil
    ) {
        self.identity = identity
        self.commitmentATX = commitmentATX
        self.labelsPerUnit = labelsPerUnit
        self.units = units
        self.maxFileSize = maxFileSize
        self.nonce = nonce
        self.nonceValue = nonceValue
        self.lastPosition = lastPosition
        self.version = version
    }

    /// The metadata of a plot that is begun.
    package init(_ layout: PlotLayout) {
        self.init(
            identity: layout.plot.identity, commitmentATX: layout.plot.commitmentATX,
            labelsPerUnit: layout.plot.labelsPerUnit, units: layout.plot.units,
            maxFileSize: layout.maxFileSize)
    }

    /// Takes over a nonce and its full label.
    package mutating func record(nonce: UInt64, label: Bytes32) {
        self.nonce = nonce
        nonceValue = Array(label.bytes.prefix(Int(PlotLayout.labelBytes)))
    }

    /// The layout, with the cost of a label that the caller knows.
    ///
    /// - Throws: `PlotFileFault.metadata` when the numbers make no plot.
    package func layout(scryptN: UInt32, directory: String) throws(PlotFileFault) -> PlotLayout {
        let plot: Plot
        do throws(PlotFault) {
            plot = try Plot(
                identity: identity, commitmentATX: commitmentATX, units: units, labelsPerUnit: labelsPerUnit,
                scryptN: scryptN)
        } catch {
            throw .metadata(directory: directory, reason: error.description)
        }
        return try PlotLayout(plot: plot, maxFileSize: maxFileSize)
    }

    /// Says whether this is the metadata of a plot.
    ///
    /// - Throws: `PlotFileFault.foreign` with the first field that differs.
    package func check(isOf layout: PlotLayout, directory: String) throws(PlotFileFault) {
        let plot = layout.plot
        let fields: [(String, String, String)] = [
            ("identity", "\(identity)", "\(plot.identity)"),
            ("commitment activation", "\(commitmentATX)", "\(plot.commitmentATX)"),
            ("labels per unit", "\(labelsPerUnit)", "\(plot.labelsPerUnit)"),
            ("units", "\(units)", "\(plot.units)"),
            ("largest file size", "\(maxFileSize)", "\(layout.maxFileSize)"),
        ]
        for (field, found, wanted) in fields where found != wanted {
            throw .foreign(directory: directory, field: field, found: found, wanted: wanted)
        }
    }
}

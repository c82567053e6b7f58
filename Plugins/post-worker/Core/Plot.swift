package import NodeDomain
internal import NodeCrypto

/// What a plot holds: whose it is, how large, and how costly its labels are.
///
/// Made of numbers from anywhere; a value that exists is within its limits.
package struct Plot: Hashable, Sendable {
    /// Largest cost of a label, eight times that of the networks: a worker then needs 128 MiB.
    package static let largestScryptN: UInt32 = 65_536

    /// Public key of the identity, `node id` in the original.
    package let identity: Bytes32
    /// The activation id, or constant, that was mixed in when the plot was begun; fixed for ever.
    package let commitmentATX: Bytes32
    /// Size in units.
    package let units: UInt32
    /// Labels of a unit.
    package let labelsPerUnit: UInt64
    /// Cost of a label: rows of the table of its scrypt.
    package let scryptN: UInt32
    /// All labels of the plot.
    package let labels: UInt64

    /// Checks the numbers.
    ///
    /// - Throws: `PlotFault` when a number is out of its limits.
    package init(
        identity: Bytes32, commitmentATX: Bytes32, units: UInt32, labelsPerUnit: UInt64, scryptN: UInt32
    ) throws(PlotFault) {
        let (labels, overflow) = UInt64(units).multipliedReportingOverflow(by: labelsPerUnit)
        guard labels > 0, !overflow else { throw .size(units: units, labelsPerUnit: labelsPerUnit) }
        try Plot.check(scryptN: scryptN)
        self.identity = identity
        self.commitmentATX = commitmentATX
        self.units = units
        self.labelsPerUnit = labelsPerUnit
        self.scryptN = scryptN
        self.labels = labels
    }

    /// What the labels are made from.
    package var commitment: Bytes32 {
        Plot.commitment(identity: identity, commitmentATX: commitmentATX)
    }

    /// The commitment of an identity and its commitment activation.
    package static func commitment(identity: Bytes32, commitmentATX: Bytes32) -> Bytes32 {
        var hasher = BLAKE3()
        hasher.update(identity)
        hasher.update(commitmentATX)
        return hasher.finalize()
    }

    /// The commitment activation of plots that were begun before there was any: a constant of the network.
    package static func goldenATX(genesisSeconds: UInt64, extraData: String) -> Bytes32 {
        BLAKE3.hash(Array("\(genesisSeconds)\(extraData)".utf8))
    }

    /// Says whether labels of this cost can be computed.
    ///
    /// - Throws: `PlotFault.scryptN` when it is no power of two, or out of its limits.
    package static func check(scryptN: UInt32) throws(PlotFault) {
        guard scryptN >= 2, scryptN <= largestScryptN, scryptN.nonzeroBitCount == 1 else {
            throw .scryptN(scryptN)
        }
    }
}

/// Why numbers do not make a plot.
package enum PlotFault: Error, Equatable, Sendable {
    /// No labels at all, or more than a 64-bit index can count.
    case size(units: UInt32, labelsPerUnit: UInt64)
    /// The cost of a label is not one that can be computed.
    case scryptN(UInt32)
}

extension PlotFault: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .size(let units, let labelsPerUnit):
            "\(units) units of \(labelsPerUnit) labels are no plot: their product must be from 1 to 2^64 - 1"
        case .scryptN(let n):
            "scrypt N \(n) cannot be computed: it must be a power of two from 2 to \(Plot.largestScryptN)"
        }
    }
}

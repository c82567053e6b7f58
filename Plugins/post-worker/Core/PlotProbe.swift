package import NodeDomain

/// Compares stored labels with computed ones.
package enum PlotProbe {
    /// Whether a stored label is the first half of a full one.
    package static func matches(_ stored: ArraySlice<UInt8>, _ label: Bytes32) -> Bool {
        stored.elementsEqual(label.bytes.prefix(Int(PlotLayout.labelBytes)))
    }

    /// The cost that a stored label was made with, of all that can be computed; nil when it is none of them.
    ///
    /// All of them together cost about sixteen labels of the networks.
    ///
    /// - Throws: `LabelFault` when there is no memory for the largest.
    package static func cost(
        of stored: ArraySlice<UInt8>, commitment: Bytes32, index: UInt64, provider: any LabelProvider
    ) throws(LabelFault) -> UInt32? {
        var cost: UInt32 = 2
        while cost <= Plot.largestScryptN {
            let worker = try provider.makeWorker(scryptN: cost)
            let label = worker.labels(of: commitment, from: index, count: 1)
            if let label = label.first, matches(stored, label) { return cost }
            cost *= 2
        }
        return nil
    }
}

/// The passes of a prover: which nonces are tried together.
package enum ProvePasses {
    /// Groups of each pass: so many nonces at a time, below a limit.
    package static func groups(nonces: UInt32, limit: UInt32) -> [Range<UInt32>] {
        let each = max(nonces / ProofCipher.noncesPerGroup, 1)
        let all = min(limit, ProofCipher.nonces) / ProofCipher.noncesPerGroup
        return stride(from: 0, to: all, by: Int(each)).map { $0..<min($0 + each, all) }
    }
}

internal import NodeDomain
internal import PostWorkerCore

/// Looks for a VRF nonce beyond the labels of a plot, when none of them is one.
///
/// The first label that is good enough ends it: each next one costs as much again.
struct BeyondSearch: Sendable {
    let layout: PlotLayout
    let workers: PerThread<any LabelWorker>
    let control: WorkControl

    /// How often it is said how far the search has come.
    private static let seconds = 10.0

    /// Searches from the last position of a search before, or from the end of the plot.
    ///
    /// - Parameter position: called now and then with the last label that was looked at, and when the control ends the search.
    /// - Returns: the nonce; nil when the control ended the search.
    func run(
        from last: UInt64?, position: @escaping @Sendable (UInt64) throws -> Void
    ) throws -> VRFSearch? {
        let (layout, workers, control) = (layout, workers, control)
        let commitment = layout.plot.commitment
        let start = max(layout.plot.labels, last ?? 0)
        let threshold = VRFNonce.threshold(labels: layout.plot.labels)
        let taken = Monitor(0)
        let state = Monitor((found: VRFSearch?.none, last: UInt64?.none, said: wallSeconds()))
        try OrderedWork<Range<UInt64>, VRFSearch?>(
            threads: workers.count, ahead: 4 * workers.count,
            next: {
                guard control.admit(bytes: Int(LabelChunks.size * PlotLayout.labelBytes)) else { return nil }
                let number = taken.with { number -> Int in
                    defer { number += 1 }
                    return number
                }
                let first = start.addingReportingOverflow(UInt64(number) * LabelChunks.size)
                guard !first.overflow, first.partialValue <= .max - LabelChunks.size else { return nil }
                return (number, first.partialValue..<first.partialValue + LabelChunks.size)
            },
            work: { thread, labels in
                let values = workers[thread].labels(
                    of: commitment, from: labels.lowerBound, count: labels.count)
                guard let place = values.firstIndex(where: { $0 < threshold }) else { return nil }
                var found = VRFSearch()
                found.consider(values[place], at: labels.lowerBound + UInt64(place))
                return found
            },
            deliver: { labels, found in
                let isDue = state.with { state -> Bool in
                    state.found = found
                    state.last = labels.upperBound - 1
                    guard found == nil, wallSeconds() - state.said >= BeyondSearch.seconds else {
                        return false
                    }
                    state.said = wallSeconds()
                    return true
                }
                if isDue { try position(labels.upperBound - 1) }
                return found == nil
            }
        ).run()
        let (found, reached, _) = state.with { $0 }
        if found == nil, let reached { try position(reached) }
        return found
    }
}

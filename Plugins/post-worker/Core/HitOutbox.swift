/// Hits of a scan on their way to the owner: none is forgotten before the owner has answered for it.
///
/// The checkpoint is the label up to which all hits were answered for; whoever goes on there finds the rest again.
package struct HitOutbox: Sendable {
    /// What is said in one call.
    package struct Parcel: Hashable, Sendable {
        /// The hits.
        package let hits: [ScanHit]
        /// All hits before this label are said with it.
        package let next: UInt64
    }

    /// Hits that the owner has not answered for.
    package private(set) var pending: [ScanHit] = []
    /// The label up to which all were answered for.
    package private(set) var checkpoint: UInt64
    /// The label up to which all were looked at.
    package private(set) var next: UInt64
    /// Hits that were found, in all.
    package private(set) var found = 0
    private var underWay: (count: Int, next: UInt64)?

    /// Nothing found yet, from a label on.
    package init(from start: UInt64) {
        checkpoint = start
        next = start
    }

    /// Takes hits that were found; those of a block come before its `advance`.
    package mutating func add(_ hits: [ScanHit]) {
        pending += hits
        found += hits.count
    }

    /// All labels before this one were looked at.
    package mutating func advance(to label: UInt64) { next = max(next, label) }

    /// What to say now; nil when there are no hits, or a call is under way.
    ///
    /// Without hits nothing is said: the position alone moves on.
    package mutating func parcel() -> Parcel? {
        guard underWay == nil else { return nil }
        guard !pending.isEmpty else {
            checkpoint = next
            return nil
        }
        let hits = Array(pending.prefix(WorkLimit.callHits))
        // The rest lies anywhere before `next`.
        let reached = hits.count == pending.count ? next : checkpoint
        underWay = (hits.count, reached)
        return Parcel(hits: hits, next: reached)
    }

    /// The owner has answered: what was said is kept there.
    package mutating func answered() {
        guard let (count, reached) = underWay else { return }
        pending.removeFirst(count)
        checkpoint = max(checkpoint, reached)
        underWay = nil
    }

    /// The owner has not answered: it is said again.
    package mutating func failed() { underWay = nil }
}

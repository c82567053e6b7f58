/// A peer in the book.
///
/// Times are milliseconds; they may lie before the clock's start, as they come from earlier runs.
struct BookEntry: Sendable {
    var contact: PeerContact
    /// Where the one is who told of it first.
    let source: NetworkGroup
    /// When it was last heard of.
    var heard: Int64
    /// When it was last dialled; nil: never.
    var dialled: Int64?
    /// When it was last reached; nil: never.
    var reached: Int64?
    /// Dials without success since it was last reached.
    var failures = 0
    /// Whether it stands in the table of those that were reached.
    var isTried = false
    /// New buckets it stands in: the first `references` count.
    private(set) var buckets = SIMD8<Int16>(repeating: -1)
    private(set) var references = 0

    init(_ contact: PeerContact, source: NetworkGroup, heard: Int64) {
        self.contact = contact
        self.source = source
        self.heard = heard
    }

    /// Changes it where it stands.
    @inline(__always)
    mutating func modify(_ change: (inout BookEntry) -> Void) { change(&self) }

    mutating func add(bucket: Int) {
        guard references < PeerBookParameters.mostReferences else { return }
        buckets[references] = Int16(truncatingIfNeeded: bucket)
        references += 1
    }

    mutating func remove(bucket: Int) {
        guard let place = (0..<references).first(where: { Int(buckets[$0]) == bucket }) else { return }
        references -= 1
        buckets[place] = buckets[references]
    }

    func stands(in bucket: Int) -> Bool { (0..<references).contains { Int(buckets[$0]) == bucket } }

    /// Whether it is not worth its place.
    func isTerrible(now: Int64) -> Bool {
        if let dialled, now - dialled < Int64(Milliseconds.minute) { return false }
        if now - heard > PeerBookParameters.horizon { return true }
        guard let reached else { return failures >= PeerBookParameters.mostFirstFailures }
        return now - reached > PeerBookParameters.week && failures >= PeerBookParameters.mostFailures
    }

    /// Whether a record says more of the peer than what is known.
    func isOlder(than contact: PeerContact) -> Bool {
        contact.number > self.contact.number || (self.contact.record.isEmpty && !contact.record.isEmpty)
    }

    /// How likely it is taken when it is drawn, in thousandths: less soon after a dial, less with each failure.
    func chance(now: Int64) -> Int {
        var chance = 1_000
        if let dialled, now - dialled < Int64(10 * Milliseconds.minute) { chance = 10 }
        for _ in 0..<min(failures, 8) { chance = chance * 66 / 100 }
        return max(chance, 1)
    }
}

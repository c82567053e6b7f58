internal import NodeDomain

/// Where other peers are: those that were heard of, and those that were reached.
///
/// Bitcoin Core's address manager: two tables of buckets. In which bucket an address comes is a hash under a secret
/// key of the part of the network it is in, and for those heard of also of the part that told of it. So whoever has
/// few parts of the network gets few buckets, however many addresses there are in them, and nobody knows which are
/// whose.
package struct PeerBook: Sendable {
    /// Sizes and rules.
    package let parameters: PeerBookParameters
    let hash: KeyedHash
    var generator: SeededGenerator

    /// By place, with holes.
    private(set) var entries: [BookEntry?] = []
    private var holes: [Int32] = []
    private(set) var places: [PeerID: Int32] = [:]
    /// Where entries stand.
    private(set) var newSlots: BucketTable
    private(set) var triedSlots: BucketTable
    /// Newcomers whose place another has, which is to be tested first.
    var collisions: [PeerID] = []
    /// Connections for the next start, at most two.
    package var anchors: [PeerContact] = []

    /// What peers may still tell, and when they were last told.
    var talks: [PeerHandle: Talk] = [:]
    var sample: [[UInt8]] = []
    var sampled: UInt64?

    /// An empty book.
    /// - Parameters:
    ///   - parameters: sizes and rules.
    ///   - key: random and secret; it stays with the book.
    ///   - seed: of choices.
    package init(_ parameters: PeerBookParameters, key: KeyedHash, seed: UInt64) {
        self.parameters = parameters
        hash = key
        generator = SeededGenerator(seed: seed)
        newSlots = BucketTable(buckets: PeerBookParameters.newBuckets)
        triedSlots = BucketTable(buckets: PeerBookParameters.triedBuckets)
    }

    /// How many peers are in it.
    package var count: Int { places.count }

    /// Peers that were reached.
    package var triedCount: Int { triedSlots.count }

    /// Peers that were heard of and not reached yet.
    package var newCount: Int { places.count - triedCount }

    /// Where a peer is; nil: it is not in the book.
    package func contact(of peer: PeerID) -> PeerContact? { entry(of: peer)?.contact }

    /// Whether a peer stands among those that were reached; nil: it is not in the book.
    package func isTried(_ peer: PeerID) -> Bool? { places[peer].flatMap { entries[Int($0)]?.isTried } }

    func entry(of peer: PeerID) -> BookEntry? { places[peer].flatMap { entries[Int($0)] } }

    /// A time of this run that can be compared with one of an earlier run.
    static func time(_ now: UInt64) -> Int64 { Int64(min(now, UInt64(Int64.max / 4))) }

    // MARK: - Where things stand

    private func group(_ contact: PeerContact) -> UInt64 {
        parameters.isGrouped ? contact.group.key : contact.peer.publicKey.word0
    }

    /// The new bucket of a peer that somebody in a part of the network told of.
    func newBucket(_ contact: PeerContact, source: NetworkGroup) -> Int {
        let source = parameters.isGrouped ? source.key : contact.peer.publicKey.word1
        let place = hash(group(contact), source) % PeerBookParameters.bucketsPerSource
        return Int(hash(source, place, 1) % UInt64(PeerBookParameters.newBuckets))
    }

    /// The slot in a new bucket.
    func newSlot(_ contact: PeerContact, bucket: Int) -> Int {
        bucket * PeerBookParameters.slots + slot(contact, UInt64(bucket))
    }

    /// The slot among those that were reached; its bucket is in it.
    func triedSlot(_ contact: PeerContact) -> Int {
        let key = contact.peer.publicKey
        let place = hash(key.word0, key.word1, 2) % PeerBookParameters.bucketsPerGroup
        let bucket = hash(group(contact), place, 3) % UInt64(PeerBookParameters.triedBuckets)
        return Int(bucket) * PeerBookParameters.slots + slot(contact, 1 << 32 | bucket)
    }

    private func slot(_ contact: PeerContact, _ table: UInt64) -> Int {
        let key = contact.peer.publicKey
        return Int(hash(key.word0, key.word1, 4 << 32 | table) % UInt64(PeerBookParameters.slots))
    }

    // MARK: - Changes of the tables

    /// Adds an entry that stands nowhere yet.
    mutating func insert(_ entry: BookEntry) -> Int {
        let place: Int
        if let hole = holes.popLast() {
            place = Int(hole)
            entries[place] = entry
        } else {
            place = entries.count
            entries.append(entry)
        }
        places[entry.contact.peer] = Int32(truncatingIfNeeded: place)
        return place
    }

    /// Changes the entry at a place.
    mutating func change(_ place: Int, _ change: (inout BookEntry) -> Void) {
        entries[place]?.modify(change)
    }

    /// Puts the entry at a place into a new bucket; what stands there leaves, and the book too if it stands nowhere
    /// else.
    mutating func put(_ place: Int, bucket: Int) {
        guard let contact = entries[place]?.contact else { return }
        let slot = newSlot(contact, bucket: bucket)
        clear(slot: slot, bucket: bucket)
        newSlots[slot] = place
        change(place) { $0.add(bucket: bucket) }
    }

    private mutating func clear(slot: Int, bucket: Int) {
        guard let place = newSlots[slot] else { return }
        newSlots[slot] = nil
        change(place) { $0.remove(bucket: bucket) }
        if entries[place]?.references == 0 { forget(place) }
    }

    /// Takes the entry at a place out of all new buckets; it stays in the book.
    mutating func leaveNew(_ place: Int) {
        guard let entry = entries[place] else { return }
        for reference in 0..<entry.references {
            let bucket = Int(entry.buckets[reference])
            newSlots[newSlot(entry.contact, bucket: bucket)] = nil
            change(place) { $0.remove(bucket: bucket) }
        }
    }

    /// Sets or frees a slot among those that were reached.
    mutating func setTried(_ slot: Int, _ place: Int?) {
        triedSlots[slot] = place
        if let place { change(place) { $0.isTried = true } }
    }

    /// Takes a peer out of the book.
    package mutating func remove(_ peer: PeerID) {
        guard let found = places[peer], let entry = entries[Int(found)] else { return }
        leaveNew(Int(found))
        if entry.isTried { setTried(triedSlot(entry.contact), nil) }
        forget(Int(found))
    }

    private mutating func forget(_ place: Int) {
        guard let peer = entries[place]?.contact.peer else { return }
        entries[place] = nil
        places[peer] = nil
        holes.append(Int32(truncatingIfNeeded: place))
        collisions.removeAll { $0 == peer }
    }
}

extension PeerBook {
    /// What does not agree between tables and entries; nil: nothing.
    ///
    /// It looks at everything, so it is for tests.
    package var fault: String? {
        var (references, tried) = (0, 0)
        for (peer, found) in places {
            guard let entry = entries[Int(found)], entry.contact.peer == peer else {
                return "an entry is missing"
            }
            references += entry.references
            tried += entry.isTried ? 1 : 0
            guard entry.isTried == (entry.references == 0) else {
                return "an entry stands in no table, or in both"
            }
            if entry.isTried, triedSlots[triedSlot(entry.contact)] != Int(found) {
                return "a tried slot is another's"
            }
            for reference in 0..<entry.references {
                let slot = newSlot(entry.contact, bucket: Int(entry.buckets[reference]))
                guard newSlots[slot] == Int(found) else { return "a new slot is another's" }
            }
        }
        guard references == newSlots.count, tried == triedSlots.count else { return "a slot is nobody's" }
        return entries.count == places.count + holes.count ? nil : "holes are lost"
    }
}

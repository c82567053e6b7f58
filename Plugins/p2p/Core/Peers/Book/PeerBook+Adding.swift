/// What peers tell of others.
extension PeerBook {
    /// What became of what was told.
    package enum Addition: Hashable, Sendable {
        /// It is in the book, or stands there in one more bucket.
        case added
        /// It was there already.
        case known
        /// It is nowhere, or others have its places.
        case refused
    }

    /// Takes in where a peer is.
    /// - Parameters:
    ///   - contact: from a record whose signature holds, or from the operator.
    ///   - source: where the one is who told of it.
    ///   - now: milliseconds.
    package mutating func add(_ contact: PeerContact, from source: NetworkGroup, now: UInt64) -> Addition {
        guard !contact.addresses.isEmpty else { return .refused }
        let time = Self.time(now)
        if let place = places[contact.peer].map({ Int($0) }) {
            return refresh(place, contact, source, time)
        }
        let bucket = newBucket(contact, source: source)
        guard makesRoom(newSlot(contact, bucket: bucket), isFirst: true, time) else { return .refused }
        put(insert(BookEntry(contact, source: source, heard: time)), bucket: bucket)
        return .added
    }

    /// Whether a slot is free, or who stands there is worth less than a newcomer.
    private func makesRoom(_ slot: Int, isFirst: Bool, _ time: Int64) -> Bool {
        guard let place = newSlots[slot] else { return true }
        if isFirst, entries[place]?.references ?? 0 > 1 { return true }
        return entries[place]?.isTerrible(now: time) ?? true
    }

    private mutating func refresh(
        _ place: Int, _ contact: PeerContact, _ source: NetworkGroup, _ time: Int64
    ) -> Addition {
        if entries[place]?.isOlder(than: contact) ?? false {
            if contact.addresses != entries[place]?.contact.addresses {
                return move(place, contact, source, time)
            }
            change(place) { $0.contact = contact }
        }
        change(place) { $0.heard = max($0.heard, time) }
        // One that was reached stands in no new bucket.
        guard let references = entries[place]?.references,
            (1..<PeerBookParameters.mostReferences).contains(references)
        else { return .known }
        // Each further bucket is half as likely as the one before: who is told of more often is not drawn more often by
        // the same factor.
        guard generator.below(1 << references) == 0, let old = entries[place] else { return .known }
        let bucket = newBucket(old.contact, source: source)
        guard !old.stands(in: bucket),
            makesRoom(newSlot(old.contact, bucket: bucket), isFirst: false, time)
        else { return .known }
        put(place, bucket: bucket)
        return .added
    }

    /// A peer that is somewhere else now has yet to be reached there.
    private mutating func move(
        _ place: Int, _ contact: PeerContact, _ source: NetworkGroup, _ time: Int64
    ) -> Addition {
        remove(contact.peer)
        let bucket = newBucket(contact, source: source)
        guard makesRoom(newSlot(contact, bucket: bucket), isFirst: true, time) else { return .refused }
        put(insert(BookEntry(contact, source: source, heard: time)), bucket: bucket)
        return .added
    }
}

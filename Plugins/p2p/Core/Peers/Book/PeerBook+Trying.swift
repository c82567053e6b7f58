/// What became of dials.
extension PeerBook {
    /// A peer is being dialled.
    package mutating func dialled(_ peer: PeerID, now: UInt64) {
        guard let place = places[peer] else { return }
        change(Int(place)) { $0.dialled = Self.time(now) }
    }

    /// A peer was not reached.
    /// - Parameter isOnline: whether others are: while nobody is reached, it is not the peer's fault.
    package mutating func failed(_ peer: PeerID, isOnline: Bool, now: UInt64) {
        guard let place = places[peer] else { return }
        change(Int(place)) {
            $0.dialled = Self.time(now)
            if isOnline { $0.failures = min($0.failures + 1, Int(UInt16.max)) }
        }
    }

    /// A peer was dialled and proved its key.
    ///
    /// It comes among those that were reached. If another has its place there, that one is tested first: an attacker
    /// that lets itself be reached must not push out who is still there.
    package mutating func reached(_ peer: PeerID, now: UInt64) {
        guard let place = places[peer].map({ Int($0) }) else { return }
        let time = Self.time(now)
        change(place) {
            ($0.dialled, $0.reached, $0.heard, $0.failures) = (time, time, max($0.heard, time), 0)
        }
        guard let entry = entries[place], !entry.isTried else { return }
        if triedSlots[triedSlot(entry.contact)] == nil { return promote(place) }
        guard collisions.count < PeerBookParameters.mostCollisions, !collisions.contains(peer) else { return }
        collisions.append(peer)
    }

    /// One that stands in another's way and should be dialled to see whether it is still there; nil: none.
    package mutating func testDue(now: UInt64) -> PeerContact? {
        settle(now: now)
        guard !collisions.isEmpty else { return nil }
        let newcomer = collisions[generator.below(collisions.count)]
        guard let entry = entry(of: newcomer) else { return nil }
        return triedSlots[triedSlot(entry.contact)].flatMap { entries[$0]?.contact }
    }

    /// Decides between newcomers and those in their places, as far as tests allow.
    package mutating func settle(now: UInt64) {
        let time = Self.time(now)
        for peer in collisions {
            guard let place = places[peer].map({ Int($0) }), let entry = entries[place], !entry.isTried,
                let verdict = verdict(entry, time)
            else { continue }
            if verdict { promote(place) }
            collisions.removeAll { $0 == peer }
        }
        collisions = collisions.filter { !(entry(of: $0)?.isTried ?? true) }
    }

    /// Whether a newcomer gets the place; nil: not known yet.
    private func verdict(_ newcomer: BookEntry, _ time: Int64) -> Bool? {
        guard let holder = triedSlots[triedSlot(newcomer.contact)], let old = entries[holder] else {
            return true
        }
        if let reached = old.reached, time - reached < PeerBookParameters.replacement { return false }
        if let dialled = old.dialled, time - dialled < PeerBookParameters.replacement {
            // Dialled, and not reached: a minute is left for an answer on its way.
            return time - dialled > Int64(Milliseconds.minute) ? true : nil
        }
        guard let reached = newcomer.reached else { return false }
        return time - reached > PeerBookParameters.testWindow ? true : nil
    }

    /// Puts the entry at a place among those that were reached; who stands there goes back to the others.
    private mutating func promote(_ place: Int) {
        guard let contact = entries[place]?.contact else { return }
        let slot = triedSlot(contact)
        leaveNew(place)
        if let holder = triedSlots[slot], let old = entries[holder] {
            setTried(slot, nil)
            change(holder) { $0.isTried = false }
            put(holder, bucket: newBucket(old.contact, source: old.source))
        }
        setTried(slot, place)
    }
}

/// What time brings: a few times a second.
extension Dialler {
    /// What to do now.
    /// - Parameters:
    ///   - book: whom to choose from; what is done is noted there.
    ///   - isConnected: whether a peer needs no dial: it is there, whoever made the connection, or is dialled
    ///     elsewhere, or is banned.
    ///   - now: milliseconds.
    package mutating func tick(
        _ book: inout PeerBook, isConnected: (PeerID) -> Bool, now: UInt64
    ) -> [Action] {
        giveUp(&book, now)
        var actions = dialAnchors(&book, isConnected, now)
        actions += dialMembers(&book, isConnected, now)
        let anchors = count([.anchor])
        let headerOnly = parameters.headerOnly + max(0, parameters.anchors - anchors)
        actions += fill(.relay, parameters.relay, &book, isConnected, now)
        // Nobody is for blocks only as long as there are too few for everything.
        if count([.relay]) >= parameters.relay {
            actions += fill(.headerOnly, headerOnly, &book, isConnected, now)
        }
        actions += judgeTip(&book, isConnected, now)
        actions += feel(&book, isConnected, now)
        remember(&book, now)
        return actions
    }

    private var underWay: Int { outs.values.reduce(0) { $0 + ($1.isConnected ? 0 : 1) } }

    private mutating func giveUp(_ book: inout PeerBook, _ now: UInt64) {
        let late = outs.filter {
            !$0.value.isConnected && Milliseconds.since($0.value.since, now: now) > parameters.patience
        }
        for peer in late.keys.sorted() { failed(peer, &book, now: now) }
    }

    private mutating func dial(
        _ contact: PeerContact, _ purpose: Purpose, _ book: inout PeerBook, _ now: UInt64
    ) -> [Action] {
        guard let address = contact.addresses.first(where: { pauses.isOver($0, now: now) }) else { return [] }
        outs[contact.peer] = Out(contact: contact, address: address, purpose: purpose, since: now)
        book.dialled(contact.peer, now: now)
        return [
            .dial(contact.peer, Multiaddress(address.host, port: address.port, peer: contact.peer), purpose)
        ]
    }

    /// Whether a peer may be dialled for a purpose.
    private func suits(
        _ contact: PeerContact, _ purpose: Purpose, _ groups: Set<NetworkGroup>, _ now: UInt64
    ) -> Bool {
        guard contact.peer != own, outs[contact.peer] == nil else { return false }
        guard contact.addresses.contains(where: { pauses.isOver($0, now: now) }) else { return false }
        return !purpose.isSpread || !parameters.isGroupUnique || !groups.contains(contact.group)
    }

    private var groups: Set<NetworkGroup> {
        Set(outs.values.filter { $0.purpose.isSpread }.map { NetworkGroup($0.address.host, .large) })
    }

    private mutating func choose(
        _ table: PeerBook.Table, _ purpose: Purpose, _ book: inout PeerBook, _ isConnected: (PeerID) -> Bool,
        _ now: UInt64
    ) -> [Action] {
        let groups = groups
        let found = book.choose(table, now: now) { [self] contact in
            suits(contact, purpose, groups, now) && !isConnected(contact.peer)
        }
        return found.map { dial($0, purpose, &book, now) } ?? []
    }

    private mutating func fill(
        _ purpose: Purpose, _ wanted: Int, _ book: inout PeerBook, _ isConnected: (PeerID) -> Bool,
        _ now: UInt64
    ) -> [Action] {
        var actions: [Action] = []
        for _ in 0..<max(0, wanted - count([purpose])) where underWay < parameters.mostUnderWay {
            let dial = choose(.either, purpose, &book, isConnected, now)
            guard !dial.isEmpty else { break }
            actions += dial
        }
        return actions
    }

    // MARK: - Anchors

    /// Each is dialled once: one that made this node end must not do so again and again.
    private mutating func dialAnchors(
        _ book: inout PeerBook, _ isConnected: (PeerID) -> Bool, _ now: UInt64
    ) -> [Action] {
        guard waitingAnchors == nil else { return [] }
        let anchors = Array(book.anchors.prefix(parameters.anchors))
        waitingAnchors = []
        book.anchors = []
        var actions: [Action] = []
        for contact in anchors {
            guard suits(contact, .anchor, groups, now), !isConnected(contact.peer) else { continue }
            actions += dial(contact, .anchor, &book, now)
        }
        return actions
    }

    /// The oldest of those that nobody else knows of are the next run's anchors.
    private func remember(_ book: inout PeerBook, _ now: UInt64) {
        let kept = outs.values.filter {
            $0.isConnected && ($0.purpose == .headerOnly || $0.purpose == .anchor)
                && Milliseconds.since($0.since, now: now) >= parameters.anchorAge
        }
        guard !kept.isEmpty else { return }
        let oldest = kept.sorted { ($0.since, $0.contact.peer) < ($1.since, $1.contact.peer) }
        book.anchors = oldest.prefix(PeerBookParameters.mostAnchors).map(\.contact)
    }

    // MARK: - Committee

    private mutating func dialMembers(
        _ book: inout PeerBook, _ isConnected: (PeerID) -> Bool, _ now: UInt64
    ) -> [Action] {
        var actions: [Action] = []
        let kept = Set(members.map(\.peer))
        let former = outs.filter { $0.value.purpose == .committee && !kept.contains($0.key) }
        for peer in former.keys.sorted() {
            outs[peer] = nil
            actions.append(.release(peer, "the committee's connections are others in this term"))
        }
        for contact in members where !isConnected(contact.peer) {
            guard underWay < parameters.mostUnderWay, suits(contact, .committee, [], now) else { continue }
            actions += dial(contact, .committee, &book, now)
        }
        return actions
    }

    // MARK: - Stale tip

    /// One more connection while no tip comes; when one has come, the one that was of least use goes.
    private mutating func judgeTip(
        _ book: inout PeerBook, _ isConnected: (PeerID) -> Bool, _ now: UInt64
    ) -> [Action] {
        guard Milliseconds.since(lastTip, now: now) <= parameters.staleTip else {
            guard now >= nextExtra, count([.extra]) == 0, underWay < parameters.mostUnderWay else {
                return []
            }
            nextExtra = Milliseconds.sum(now, parameters.staleTip)
            return choose(.either, .extra, &book, isConnected, now)
        }
        let extra = outs.values.first { $0.purpose == .extra && $0.isConnected }
        guard let extra, Milliseconds.since(extra.since, now: now) >= parameters.trial else { return [] }
        let candidates = outs.values.filter {
            $0.isConnected && ($0.purpose == .extra || $0.purpose == .relay)
        }
        // Of those of the same use the youngest goes.
        guard
            let worst = candidates.min(by: {
                ($0.useful, .max - $0.since, $0.contact.peer) < ($1.useful, .max - $1.since, $1.contact.peer)
            })
        else { return [] }
        outs[worst.contact.peer] = nil
        if worst.purpose != .extra {
            outs[extra.contact.peer] = Out(
                contact: extra.contact, address: extra.address, purpose: .relay, since: extra.since,
                isConnected: true, useful: extra.useful)
        }
        return [.release(worst.contact.peer, "another brings blocks, and there is one connection too many")]
    }

    // MARK: - Feelers

    private mutating func feel(
        _ book: inout PeerBook, _ isConnected: (PeerID) -> Bool, _ now: UInt64
    ) -> [Action] {
        guard now >= nextFeeler, count([.feeler]) == 0 else { return [] }
        // Between half and one and a half of the pause, so that nobody knows when.
        let span = max(1, Int(min(parameters.feelerPause, Milliseconds.hour)))
        nextFeeler = Milliseconds.sum(now, UInt64(span / 2 + generator.below(span)))
        if let test = book.testDue(now: now) {
            if isConnected(test.peer) {
                book.reached(test.peer, now: now)
            } else if suits(test, .feeler, [], now) {
                return dial(test, .feeler, &book, now)
            }
        }
        return choose(.new, .feeler, &book, isConnected, now)
    }
}

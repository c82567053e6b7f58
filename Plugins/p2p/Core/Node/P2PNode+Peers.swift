/// Whom to connect to, and what is learned and told of others.
extension P2PNode {
    /// Milliseconds after which a peer is asked for others again.
    private static let questionPause = 11 * Milliseconds.minute
    /// A book with fewer peers that were not reached yet asks more than once.
    private static let fewPeers = 250

    /// Once a second: dials, questions for others, questions about ourselves.
    mutating func meet(_ now: UInt64) -> [NodeAction] {
        var actions = tellWhereWeAre()
        guard !settings.isPrivate else { return actions }
        dialler.keep(term.map { committee.links(term: $0) } ?? [])
        let (handles, named, bans) = (handles, named, memory.bans)
        let needsNoDial = { (peer: PeerID) -> Bool in
            handles[peer] != nil || named.contains(peer) || bans.bans[peer].map { $0.until > now } ?? false
        }
        for action in dialler.tick(&memory.book, isConnected: needsNoDial, now: now) {
            actions += carryOut(action, now)
        }
        return actions + askForPeers(now) + askAboutPort(now)
    }

    mutating func carryOut(_ action: Dialler.Action, _ now: UInt64) -> [NodeAction] {
        switch action {
        case .dial(_, let address, _): return [.dial(address)]
        case .release(let peer, let reason):
            stories.tell(peer, "released: \(reason)", now: now)
            // One that called us as well, or was named since, stays.
            guard let handle = handles[peer], links[handle]?.isOutbound == true, !named.contains(peer) else {
                return []
            }
            return drop(handle, now) + [.connection(handle, .close(.normal))]
        }
    }

    // MARK: - What peers say of themselves

    mutating func identified(_ identify: Identify, _ handle: PeerHandle, _ now: UInt64) {
        guard let link = links[handle] else { return }
        links[handle]?.identify = identify
        if let observed = identify.observedAddress {
            own.observed(observed.host, by: link.address.host, isOutbound: link.isOutbound, now: now)
        }
        // Other programs sign with other keys: what is not understood is nobody's fault.
        guard let bytes = identify.signedPeerRecord, let record = try? SignedPeerRecord(bytes: bytes),
            record.peer == link.peer
        else { return }
        links[handle]?.record = bytes
        guard !settings.isPrivate, let contact = PeerContact(record, allowsLocal: settings.allowsLocal) else {
            return
        }
        let source = NetworkGroup(link.address.host, .large)
        _ = memory.book.receive(contact, from: handle, source: source, now: now)
        // It has just proven that it is there.
        if link.isOutbound { memory.book.reached(link.peer, now: now) }
    }

    // MARK: - What peers say of others

    /// Asks one of those that this node chose for others.
    private mutating func askForPeers(_ now: UInt64) -> [NodeAction] {
        let wantsMore = memory.book.newCount < Self.fewPeers
        let able = links.keys.sorted().first { handle in
            guard let link = links[handle], link.isOutbound, link.isOurs, !isQuiet(link.peer) else {
                return false
            }
            guard let asked = link.asked else { return true }
            return wantsMore && Milliseconds.since(asked, now: now) >= Self.questionPause
        }
        guard let handle = able else { return [] }
        links[handle]?.asked = now
        memory.book.asked(handle, now: now)
        return ask(.peers(count: UInt32(PeerBookParameters.mostInReply)), handle, now)
    }

    /// Whether nobody should learn from what is said that there is a connection to a peer.
    private func isQuiet(_ peer: PeerID) -> Bool {
        switch dialler.purpose(of: peer) {
        case .headerOnly, .anchor, .feeler: true
        case .relay, .extra, .committee, nil: false
        }
    }

    /// Those that hear of what waits in the mempool.
    var announced: [PeerHandle] { ours.filter { handle in links[handle].map { !isQuiet($0.peer) } ?? false } }

    mutating func learn(_ records: [[UInt8]], from handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        guard let link = links[handle], !settings.isPrivate else { return [] }
        do {
            _ = try memory.book.receive(records, from: handle, at: link.address.host, now: now)
            return []
        } catch {
            return blame(handle, "what it says of others is not signed by them: \(error)", now)
        }
    }

    // MARK: - Blocks and members

    /// A message that waited was good.
    mutating func learn(of id: MessageID, _ now: UInt64) {
        guard let held = gossip.held(id), topics[held.topic] == .commit else { return }
        dialler.tip(from: links[held.from]?.peer, now: now)
        gate.block(held.from, now: now)
    }

    /// Judges what a member of a committee says of where it is.
    mutating func judge(_ id: MessageID, _ record: [UInt8], _ now: UInt64) -> [GossipAction] {
        let verdict: Verdict =
            switch committee.take(record, now: now) {
            case .accept: .accept
            case .ignore: .ignore
            case .reject: .reject
            }
        return gossip.handle(.verdict(id, verdict), now: now)
    }
}

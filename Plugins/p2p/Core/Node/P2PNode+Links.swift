/// Connections: which stay, and which streams are opened on them.
extension P2PNode {
    /// Numbers of our two streams on a connection.
    private static let directStream = StreamHandle(opening: 1)
    private static let gossipStream = StreamHandle(opening: 2)

    mutating func link(_ handle: PeerHandle, _ link: Link, _ now: UInt64) -> [NodeAction] {
        if link.isOutbound, let answer = probed(link.address, link.peer, isThere: true, now) {
            return answer + [.connection(handle, .close(.normal))]
        }
        if let reason = refusal(link, now) {
            stories.tell(link.peer, "refused: \(reason)", now: now)
            dialler.failed(link.peer, &memory.book, now: now)
            return [.connection(handle, .close(.normal))]
        }
        var actions: [NodeAction] = []
        if let other = handles[link.peer], let old = links[other] {
            // It was asked to call, to see whether it can, and hangs up itself.
            if !link.isOutbound, own.isAsking(other, now: now) {
                return [.connection(handle, .close(.normal))]
            }
            // Both ends dialled at once, or the old connection is dead and the peer does not know it any more. Both
            // ends must choose alike: the one that the lesser key dialled; of two of the same direction the newer.
            if old.isOutbound != link.isOutbound, isDialledByLesser(old) {
                if link.isOutbound { dialler.abandoned(link.peer) }
                return [.connection(handle, .close(.normal))]
            }
            actions += drop(other, now)
            actions.append(.connection(other, .close(.normal)))
        }
        guard let others = admit(handle, link, now) else {
            return actions + [.connection(handle, .close(.normal))]
        }
        actions += others + enter(handle, link, now)
        guard link.isOutbound else { return actions }
        for action in dialler.connected(link.peer, &memory.book, now: now) {
            actions += carryOut(action, now)
        }
        return actions
    }

    /// Takes a connection in, and opens our streams on it.
    private mutating func enter(_ handle: PeerHandle, _ link: Link, _ now: UInt64) -> [NodeAction] {
        var link = link
        link.direct = .opening(Self.directStream)
        link.gossip = .opening(Self.gossipStream)
        links[handle] = link
        handles[link.peer] = handle
        fixed.reached(link.peer, now: now)
        gossip.traffic?.connected(handle, isLocal: !link.address.host.isGlobal, now: now)
        memory.book.connected(handle, now: now)
        stories.tell(
            link.peer, link.isOutbound ? "connected, dialled by us" : "connected, dialled us", now: now)
        return [
            .connection(handle, .open(Self.directStream, protocols: [directProtocol])),
            .connection(handle, .open(Self.gossipStream, protocols: Self.gossipProtocols)),
        ]
    }

    /// Whether there is a place for somebody who called.
    /// - Returns: what makes room for it; nil: there is none.
    private mutating func admit(_ handle: PeerHandle, _ link: Link, _ now: UInt64) -> [NodeAction]? {
        guard !link.isOutbound, !named.contains(link.peer) else { return [] }
        own.wasDialled(from: link.address.host, now: now)
        // Members call members: each has one peer, and there are as many as seats at most.
        if let term, committee.isMember(link.peer, term: term) { return [] }
        switch gate.enter(handle, from: link.address.host, now: now) {
        case .accept: return []
        case .evict(let other):
            if let peer = links[other]?.peer {
                stories.tell(peer, "disconnected: another caller has its place", now: now)
            }
            return drop(other, now) + [.connection(other, .close(.normal))]
        case .refuse(let refusal):
            stories.tell(link.peer, "refused: \(refusal)", now: now)
            return nil
        }
    }

    /// An address was not reached.
    mutating func unreached(_ address: Multiaddress, _ reason: String, _ now: UInt64) -> [NodeAction] {
        guard let peer = address.peer else { return [] }
        if let answer = probed(address, peer, isThere: false, now) { return answer }
        fixed.failed(address, now: now)
        dialler.failed(peer, &memory.book, now: now)
        stories.tell(peer, "not reached at \(address): \(reason)", now: now)
        return []
    }

    private func isDialledByLesser(_ link: Link) -> Bool {
        link.isOutbound == (settings.own < link.peer)
    }

    private mutating func refusal(_ link: Link, _ now: UInt64) -> String? {
        if link.peer == settings.own { return "it is this node" }
        if let ban = memory.bans.ban(of: link.peer, now: now) { return "it is banned, as \(ban.reason)" }
        if named.contains(link.peer) { return nil }
        return settings.isPrivate ? "this node takes named peers only: `spacenode peers add`" : nil
    }

    mutating func unlink(
        _ handle: PeerHandle, _ reason: String, _ isBlamed: Bool, _ now: UInt64
    ) -> [NodeAction] {
        guard let peer = links[handle]?.peer else { return [] }
        stories.tell(peer, "disconnected: \(reason)", now: now)
        if isBlamed { memory.bans.add(peer, until: Milliseconds.sum(now, BanList.usual), reason: reason) }
        return drop(handle, now)
    }

    /// Forgets a connection.
    mutating func drop(_ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        guard let link = links.removeValue(forKey: handle) else { return [] }
        if handles[link.peer] == handle { handles[link.peer] = nil }
        waiting -= link.bytes
        gate.closed(handle)
        gossip.traffic?.disconnected(handle)
        memory.book.disconnected(handle)
        questions = questions.filter { $0.value != handle }
        if link.isOutbound { dialler.disconnected(link.peer, now: now) }
        for address in fixed.addresses where address.peer == link.peer { fixed.failed(address, now: now) }
        var actions: [NodeAction] = link.isOurs ? [.left(handle, link.peer)] : []
        actions += carryOut(requests.handle(.left(handle), now: now), now)
        if link.isGossiping { actions += carryOut(gossip.handle(.disconnected(handle), now: now), now) }
        return actions
    }

    /// Disconnects a peer, and bans it.
    mutating func blame(_ handle: PeerHandle, _ reason: String, _ now: UInt64) -> [NodeAction] {
        guard let peer = links[handle]?.peer else { return [] }
        // Who is named stays welcome: an operator's own machine is mended sooner than in half a day.
        let span = named.contains(peer) ? Milliseconds.minute : BanList.usual
        return ban(peer, until: Milliseconds.sum(now, span), reason, now)
    }

    mutating func ban(_ peer: PeerID, until: UInt64, _ reason: String, _ now: UInt64) -> [NodeAction] {
        memory.bans.add(peer, until: until, reason: reason)
        stories.tell(peer, "banned: \(reason)", now: now)
        guard let handle = handles[peer] else { return [] }
        return drop(handle, now) + [.connection(handle, .close(.protocolError))]
    }

    mutating func carryOut(_ order: PeerOrder, _ now: UInt64) -> [NodeAction] {
        switch order {
        case .add(let address):
            guard fixed.add(address), let peer = address.peer else { return [] }
            named.insert(peer)
        case .remove(let peer):
            fixed.remove(peer)
            named.remove(peer)
        case .ban(let peer, let milliseconds, let reason):
            return ban(peer, until: Milliseconds.sum(now, milliseconds), reason, now)
        case .unban(let peer):
            memory.bans.remove(peer)
            stories.tell(peer, "the ban was lifted", now: now)
        }
        return []
    }
}

/// Connections: which stay, and which streams are opened on them.
extension P2PNode {
    /// Numbers of our two streams on a connection.
    private static let directStream = StreamHandle(opening: 1)
    private static let gossipStream = StreamHandle(opening: 2)

    mutating func link(_ handle: PeerHandle, _ link: Link, _ now: UInt64) -> [NodeAction] {
        if let reason = refusal(link, now) {
            stories.tell(link.peer, "refused: \(reason)", now: now)
            return [.connection(handle, .close(.normal))]
        }
        var actions: [NodeAction] = []
        if let other = handles[link.peer], let old = links[other] {
            // Both ends dialled at once, or the old connection is dead and the peer does not know it any more. Both ends
            // must choose alike: the one that the lesser key dialled; of two of the same direction the newer.
            if old.isOutbound != link.isOutbound, isDialledByLesser(old) {
                return [.connection(handle, .close(.normal))]
            }
            actions += drop(other, now)
            actions.append(.connection(other, .close(.normal)))
        }
        var link = link
        link.direct = .opening(Self.directStream)
        link.gossip = .opening(Self.gossipStream)
        links[handle] = link
        handles[link.peer] = handle
        fixed.reached(link.peer)
        stories.tell(
            link.peer, link.isOutbound ? "connected, dialled by us" : "connected, dialled us", now: now)
        return actions + [
            .connection(handle, .open(Self.directStream, protocols: [directProtocol])),
            .connection(handle, .open(Self.gossipStream, protocols: Self.gossipProtocols)),
        ]
    }

    private func isDialledByLesser(_ link: Link) -> Bool {
        link.isOutbound == (settings.own < link.peer)
    }

    private mutating func refusal(_ link: Link, _ now: UInt64) -> String? {
        if link.peer == settings.own { return "it is this node" }
        if let ban = bans.ban(of: link.peer, now: now) { return "it is banned, as \(ban.reason)" }
        if named.contains(link.peer) { return nil }
        if settings.isPrivate { return "this node takes named peers only: `spacenode peers add`" }
        let others = links.values.reduce(0) { $0 + (named.contains($1.peer) ? 0 : 1) }
        return others >= settings.mostPeers ? "there are \(others) peers already" : nil
    }

    mutating func unlink(
        _ handle: PeerHandle, _ reason: String, _ isBlamed: Bool, _ now: UInt64
    ) -> [NodeAction] {
        guard let peer = links[handle]?.peer else { return [] }
        stories.tell(peer, "disconnected: \(reason)", now: now)
        if isBlamed { bans.add(peer, until: Milliseconds.sum(now, BanList.usual), reason: reason) }
        return drop(handle, now)
    }

    /// Forgets a connection.
    mutating func drop(_ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        guard let link = links.removeValue(forKey: handle) else { return [] }
        if handles[link.peer] == handle { handles[link.peer] = nil }
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
        bans.add(peer, until: until, reason: reason)
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
            bans.remove(peer)
            stories.tell(peer, "the ban was lifted", now: now)
        }
        return []
    }
}

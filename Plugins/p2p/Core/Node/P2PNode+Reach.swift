/// Where this node is for others, and whether they are where they say.
extension P2PNode {
    /// Says where this node is when that has changed.
    mutating func tellWhereWeAre() -> [NodeAction] {
        let addresses = own.advertised
        guard addresses != advertised else { return [] }
        advertised = addresses
        return [.advertise(addresses)]
    }

    /// Asks one that this node chose whether it can be called.
    mutating func askAboutPort(_ now: UInt64) -> [NodeAction] {
        guard let port = settings.port, own.isCheckDue(now: now) else { return [] }
        let able = links.keys.sorted().filter { handle in
            guard let link = links[handle] else { return false }
            return link.isOutbound && link.isOurs && (settings.allowsLocal || link.address.host.isGlobal)
        }
        guard !able.isEmpty else { return [] }
        let handle = able[generator.below(able.count)]
        own.asked(handle, now: now)
        return ask(.reach(port: port), handle, now)
    }

    // MARK: - For others

    /// A peer asks whether it can be called.
    mutating func probe(_ id: ServedID, _ handle: PeerHandle, _ port: UInt16, _ now: UInt64) -> [NodeAction] {
        guard let link = links[handle],
            let target = dialBacks.target(port: port, from: link.address.host, now: now)
        else { return answer(id, .refused, now) }
        let address = Multiaddress(target.host, port: target.port, peer: link.peer)
        guard probes[address] == nil else { return answer(id, .refused, now) }
        probes[address] = id
        return [.dial(address)]
    }

    /// An address that was dialled for the sake of who asked answered, or did not; nil: it was not dialled for that.
    mutating func probed(_ address: Multiaddress, _ peer: PeerID, isThere: Bool, _ now: UInt64)
        -> [NodeAction]?
    {
        var address = address
        address.peer = peer
        guard let id = probes.removeValue(forKey: address) else { return nil }
        return answer(id, isThere ? .reached : .notReached, now)
    }

    private mutating func answer(_ id: ServedID, _ reach: Reach, _ now: UInt64) -> [NodeAction] {
        carryOut(requests.handle(.provide(id, [[reach.rawValue]], isLast: true), now: now), now)
    }
}

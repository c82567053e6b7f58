extension CatchUp {
    /// A stretch of heights.
    struct Stretch {
        let from: UInt64
        let count: UInt64
    }

    /// Asks for what is missing: first again for what is late and needed next, then for more.
    mutating func fill() {
        guard fault == nil, target > context.height + 1 else { return }
        hedge()
        while requests.count < CatchUpLimit.requests, let stretch = missing(), let peer = choose(stretch) {
            ask(peer, stretch)
        }
    }

    /// The height that is needed next and is not here.
    private var frontier: UInt64 {
        var height = context.height
        while isHere(height) { height += 1 }
        return height
    }

    /// The first stretch that nobody was asked for.
    private func missing() -> Stretch? {
        let limit = min(context.height &+ CatchUpLimit.window, target, (lastHeight ?? .max - 1) + 1)
        let size = UInt64(
            min(
                max(CatchUpLimit.answerBytes / max(usualBytes, 1), CatchUpLimit.fewest), CatchUpLimit.most))
        let frontier = frontier
        var from = frontier
        while from < limit, isAsked(from) || isHere(from) { from += 1 }
        guard from < limit else { return nil }
        let may = window.bytes + requests.count * CatchUpLimit.answerBytes
        guard from == frontier || may + CatchUpLimit.answerBytes <= CatchUpLimit.waitingBytes else {
            return nil
        }
        var count: UInt64 = 1
        while count < size, from + count < limit, !isAsked(from + count), !isHere(from + count) { count += 1 }
        return Stretch(from: from, count: count)
    }

    private func isAsked(_ height: UInt64) -> Bool { requests.contains { $0.covers(height) } }

    /// Asks somebody else too when the blocks that are needed next do not come.
    private mutating func hedge() {
        let height = frontier
        let asked = requests.filter { $0.covers(height) }
        guard let oldest = asked.first, asked.count < CatchUpLimit.doubles,
            requests.count < CatchUpLimit.requests
        else { return }
        let end = asked.reduce(oldest.end) { min($0, $1.end) }
        var count: UInt64 = 1
        while height + count < end, !isHere(height + count) { count += 1 }
        let stretch = Stretch(from: height, count: count)
        guard let peer = choose(stretch, besides: asked.map(\.peer), isUrgent: true) else { return }
        // An answer takes as long as it takes: a peer that usually is faster is asked when it had been done twice.
        let patience = max(CatchUpLimit.hedge, 2 * peers[peer].span)
        let isLate = asked.allSatisfy {
            now >= $0.progressed &+ patience || now >= $0.started &+ 4 * patience
        }
        if isLate { ask(peer, stretch) }
    }

    /// Whom to ask; nil: nobody who has it may be asked now.
    private func choose(_ stretch: Stretch, besides: [UInt64] = [], isUrgent: Bool = false) -> Int? {
        // Peers that stand still do not keep others from being asked.
        var active = Set(requests.filter { !$0.isStill(now) }.map(\.peer))
        let standing = Set(requests.filter { $0.isStill(now) }.map(\.peer))
        active.subtract(standing)
        let isFirst = stretch.from == frontier
        var best: Int?
        for (place, peer) in peers.enumerated() {
            let own = requests.count { $0.peer == peer.handle }
            guard !peer.isBlamed, peer.pausedUntil <= now, peer.height > stretch.from,
                own < CatchUpLimit.ofPeer, !standing.contains(peer.handle), !besides.contains(peer.handle),
                isUrgent || active.contains(peer.handle) || active.count < CatchUpLimit.atOnce
            else { continue }
            guard let other = best else {
                best = place
                continue
            }
            if isBefore(peer, peers[other], isFirst: isFirst || isUrgent) { best = place }
        }
        return best
    }

    /// Whether one peer is to be asked rather than another: for what is needed next one that is known, else one that is not.
    private func isBefore(_ peer: CatchUpPeer, _ other: CatchUpPeer, isFirst: Bool) -> Bool {
        if peer.faults != other.faults { return peer.faults < other.faults }
        switch (peer.cost, other.cost) {
        case (nil, nil): return false
        case (nil, _): return !isFirst
        case (_, nil): return isFirst
        case (let cost?, let least?): return cost < least
        }
    }

    private mutating func ask(_ place: Int, _ stretch: Stretch) {
        let peer = peers[place]
        lastID += 1
        // It has no more than what it says.
        let count = min(stretch.count, peer.height - stretch.from)
        requests.append(
            CatchUpRequest(id: lastID, peer: peer.handle, from: stretch.from, count: count, now: now))
        actions.append(
            .ask(
                id: lastID, peer: peer.handle, from: stretch.from, count: UInt32(truncatingIfNeeded: count)))
    }
}

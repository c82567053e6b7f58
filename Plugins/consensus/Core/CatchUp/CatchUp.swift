internal import NodeDomain

/// Brings a node that lags to where its peers are: decided blocks in ranges, proved by their certificates, in order.
///
/// It holds no socket and no clock. Peers' heights are hints: they decide who is asked, and nothing else. A block counts when more than two
/// thirds of its committee signed it, the committee is the one that this node's own ledger names, and it follows the last block. Nothing
/// that a peer says keeps the node from taking part: it holds back only while proved blocks come.
package struct CatchUp {
    let rules: ConsensusRules
    let check: SignatureCheck
    /// Of the height that the node decides on.
    package internal(set) var context: HeightContext
    /// The moment of the last event.
    var now: UInt64 = 0
    /// In the order of their handles.
    var peers: [CatchUpPeer] = []
    /// In the order of their ids.
    var requests: [CatchUpRequest] = []
    var window = BlockWindow()
    var lastID: UInt64
    /// Bytes of a block, smoothed: how many fit into an answer.
    var usualBytes = CatchUpLimit.answerBytes / CatchUpLimit.fewest
    /// Whether a block is being applied.
    var isApplying = false
    /// When the last block was handed over.
    var lastBlock: UInt64 = 0
    /// The moment from which on the next blocks are waited for.
    var lastReach: UInt64 = 0
    /// Whether the node holds back from voting.
    package internal(set) var isHolding = false
    /// Why it goes on no more; nil: it does.
    package internal(set) var fault: String?
    /// The last height of this revision of the chain, when a recovery behind it was accepted: no block above it is asked for before its
    /// context has come.
    package var lastHeight: UInt64?
    /// A later revision of the chain that peers are on; nil: none was seen.
    package internal(set) var laterRevision: String?
    /// Blocks that were handed over since the start.
    package internal(set) var handedOver: UInt64 = 0
    var actions: [CatchUpAction] = []

    /// Nothing is known of peers yet.
    ///
    /// - Parameter lastID: requests are numbered from the next number on; what an earlier life asked for must lie below.
    package init(
        _ context: HeightContext, _ rules: ConsensusRules, lastID: UInt64 = 0,
        check: @escaping SignatureCheck
    ) {
        self.lastID = lastID
        self.context = context
        self.rules = rules
        self.check = check
    }

    /// The height that the furthest believable peer decides on; the node's own when nobody is ahead.
    ///
    /// A peer that failed again is not believed until it is asked again.
    package var target: UInt64 {
        peers.reduce(context.height) { height, peer in
            let isBelieved = !peer.isBlamed && (peer.faults <= 1 || peer.pausedUntil <= now)
            return isBelieved ? max(height, peer.height) : height
        }
    }

    /// Requests that wait for an answer.
    package var waiting: Int { requests.count }

    /// Whether something is still to come of a request.
    package func isWaiting(for id: UInt64) -> Bool { place(of: id) != nil }

    /// Takes an event; times are milliseconds of any clock that does not go back.
    /// - Returns: what is to be done, in this order.
    package mutating func handle(_ event: CatchUpEvent, now: UInt64) -> [CatchUpAction] {
        self.now = max(self.now, now)
        guard fault == nil else { return [] }
        switch event {
        case .claimed(let peer, let height): claim(peer, height)
        case .answered(let id, let blocks, let isLast): take(blocks, id, isLast)
        case .progressed(let id, let bytes):
            if let place = place(of: id) { requests[place].add(loose: bytes, self.now) }
        case .failed(let id, let failure): fail(id, failure)
        case .reached(let context): reach(context)
        case .tick: expire()
        }
        advance()
        fill()
        settle()
        defer { actions = [] }
        return actions
    }

    // MARK: - Going on

    private mutating func reach(_ next: HeightContext) {
        if next.chain != context.chain { laterRevision = nil }
        if let last = lastHeight, next.height > last { lastHeight = nil }
        context = next
        isApplying = false
        lastReach = now
        window.drop(below: next.height)
        dropOvertaken()
    }

    /// Hands over the block of the node's height.
    mutating func advance() {
        guard fault == nil, !isApplying, let entry = window[context.height] else { return }
        // One proved by another committee than that of its height is proved by nobody.
        if !entry.isProved || entry.block.block.header.validatorsHash != context.validators.hash {
            do {
                try entry.block.prove(by: context.validators, check)
            } catch {
                return blame(entry.peer, "block \(context.height): \(error)")
            }
        }
        do {
            try context.checkDecided(entry.block.block, rules)
        } catch {
            return halt(error)
        }
        window.remove(context.height)
        isApplying = true
        isHolding = true
        lastBlock = now
        handedOver += 1
        actions.append(.apply(entry.block, isDurable: context.height % CatchUpLimit.durable == 0))
    }

    private mutating func halt(_ why: HeaderFault) {
        let text =
            "members decided on a block \(context.height) that does not follow from this node's state: \(why)"
        fault = text
        for request in requests { actions.append(.cancel(id: request.id)) }
        requests = []
        actions.append(.halt(text))
    }

    /// Takes part again when there is nothing to catch up with, or nothing comes.
    private mutating func settle() {
        guard isHolding, !isApplying, fault == nil else { return }
        let isNear = target <= context.height + 1
        guard isNear || now >= max(lastBlock, lastReach) &+ CatchUpLimit.patience else { return }
        isHolding = false
        actions.append(.live)
    }

    // MARK: - Places

    func place(of id: UInt64) -> Int? { requests.firstIndex { $0.id == id } }

    func place(ofPeer handle: UInt64) -> Int? {
        let place = peers.partitioningIndex { $0.handle >= handle }
        return place < peers.count && peers[place].handle == handle ? place : nil
    }
}

extension Array {
    /// The first place from which on a condition holds, where it holds for all behind the first.
    func partitioningIndex(_ holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

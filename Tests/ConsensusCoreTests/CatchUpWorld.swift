import ConsensusCore
import NodeDomain
import NodeEncoding

/// A node that catches up from some servers, in virtual time.
struct CatchUpWorld {
    struct Chains {
        let real: CatchUpChain
        let forged: CatchUpChain
    }

    private enum Happening {
        case event(CatchUpEvent, request: UInt64?)
        case statuses
        case tick
    }

    let chains: Chains
    /// Milliseconds that a block takes to be applied.
    var applying: UInt64 = 2
    private(set) var servers: [CatchUpServer]
    private(set) var core: CatchUp
    private(set) var now: UInt64 = 0
    private var queue: [(at: UInt64, order: Int, what: Happening)] = []
    private var order = 0
    private var cancelled: Set<UInt64> = []
    private(set) var blamed: Set<UInt64> = []
    private(set) var halted: String?
    private(set) var height: UInt64
    /// Heights whose blocks had to be on the disk.
    private(set) var durable: [UInt64] = []
    /// When the node took part again.
    private(set) var lives: [(at: UInt64, height: UInt64)] = []
    /// Requests by peer.
    private(set) var asked: [UInt64: Int] = [:]
    private(set) var mostWaiting = 0
    private(set) var faults: [String] = []

    init(_ chains: Chains, _ servers: [CatchUpServer], from height: UInt64 = 1) {
        (self.chains, self.servers, self.height) = (chains, servers, height)
        core = CatchUp(chains.real.context(height), chains.real.rules, check: CatchUpChain.check)
        push(.statuses, at: 0)
        push(.tick, at: 100)
    }

    /// Runs until the node has all blocks and takes part, or time is over.
    /// - Returns: how long it took to have all blocks; nil: it has not.
    mutating func run(until end: UInt64 = 600_000) -> UInt64? {
        var reached: UInt64?
        while now < end, let place = queue.indices.min(by: { isBefore($0, $1) }) {
            let next = queue.remove(at: place)
            now = next.at
            switch next.what {
            case .statuses: say()
            case .tick:
                push(.tick, at: now + 100)
                give(.tick)
            case .event(let event, let request):
                if let request, cancelled.contains(request) { continue }
                give(event)
            }
            if height == chains.real.height + 1 { reached = reached ?? now }
            if reached != nil, !core.isHolding || halted != nil { break }
        }
        return reached
    }

    private mutating func say() {
        for place in servers.indices {
            let claim = servers[place].claim(chains.real)
            give(.claimed(peer: servers[place].handle, height: claim))
        }
        push(.statuses, at: now + 300)
    }

    private mutating func give(_ event: CatchUpEvent) {
        for action in core.handle(event, now: now) {
            switch action {
            case .ask(let id, let peer, let from, let count):
                asked[peer, default: 0] += 1
                guard let place = servers.firstIndex(where: { $0.handle == peer }) else { continue }
                if blamed.contains(peer) { faults.append("asked \(peer), whom it blamed") }
                if count > CatchUpLimit.most { faults.append("asked for \(count) blocks") }
                for (at, event) in servers[place].answer(
                    id, from: from, count: UInt64(count), chains, at: now)
                {
                    push(.event(event, request: id), at: at)
                }
            case .cancel(let id): cancelled.insert(id)
            case .apply(let block, let isDurable): apply(block, isDurable)
            case .live: lives.append((now, height))
            case .blame(let peer, _): blamed.insert(peer)
            case .halt(let text): halted = text
            }
        }
        mostWaiting = max(mostWaiting, core.waiting)
    }

    private mutating func apply(_ block: CertifiedBlock, _ isDurable: Bool) {
        if EncodedBlock(block: block.block.wire, certificate: block.commit.wire)
            != chains.real.encoded(height)
        {
            faults.append("block \(height) is another one")
        }
        if isDurable { durable.append(height) }
        height += 1
        push(.event(.reached(chains.real.context(height)), request: nil), at: now + applying)
    }

    private mutating func push(_ what: Happening, at time: UInt64) {
        queue.append((time, order, what))
        order += 1
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (queue[left].at, queue[left].order) < (queue[right].at, queue[right].order)
    }
}

import ConsensusCore
import ConsensusSim
import NodeDomain
import NodeEncoding

/// How long a block takes from its proposal to each member's decision, in a network with distances, narrow uplinks and slow checks.
///
/// Members reach each other directly. Parts of blocks are cut into pieces, about as many as there are members; each goes to one
/// member, who passes it on to all others: what p2p does, so that no uplink carries much more than the block once.
final class Latency {
    /// One way, in microseconds.
    static let link: UInt64 = 100_000
    /// A check of a signature.
    static let check: UInt64 = 75
    /// Anything else that is done with a message.
    static let step: UInt64 = 10
    /// A byte on an uplink of 100 Mbit/s takes this many nanoseconds.
    static let byte: UInt64 = 80
    /// The ledger's answer about a block, or its making of one.
    static let ledger: UInt64 = 20_000
    static let start: UInt64 = 1_800_000_000_000_000

    private final class Counter {
        var checks: UInt64 = 0
    }

    private struct Node {
        var engine: Consensus
        let counter: Counter
        var free: UInt64 = Latency.start
        var uplink: UInt64 = Latency.start
        var context: HeightContext
        /// How many pieces of a part are here, by height and index.
        var pieces: [[UInt64]: Int] = [:]
    }

    private enum Happening {
        case message(ConsensusMessage, from: Int)
        case piece(BlockPart, Int, from: Int, isRelay: Bool)
        case own(UInt64, ConsensusEvent)
        case block(Block, BlockReference, Certificate)
    }

    private var nodes: [Node] = []
    private var queue = SimHeap<(place: Int, what: Happening)>()
    private var proposed: [UInt64: UInt64] = [:]
    private let set: ValidatorSet
    private let bytes: Int
    private let heights: UInt64
    private let piecesOfPart: Int
    /// Milliseconds from proposal to decision, of every member at every height.
    private(set) var waits: [UInt64] = []
    /// Bytes that all members sent, by what they were.
    private(set) var sent: [String: Int] = [:]
    private(set) var highestRound: UInt32 = 0

    init(members: Int, blockBytes: Int, heights: UInt64, pieces: Int) throws {
        let all = (0..<members).map { Validator(key: Bytes32(1, 0, 0, UInt64($0) + 1), power: 1) }
        set = try ValidatorSet(all)
        (bytes, self.heights, piecesOfPart) = (blockBytes, heights, max(1, pieces))
        let genesis = HeightContext(
            chain: "speed-0", genesisTime: Timestamp(milliseconds: Self.start / 1000), appHash: .zero,
            validators: set, nextValidators: set, parametersHash: .zero)
        for member in set.members {
            let counter = Counter()
            let engine = Consensus(genesis, ConsensusRules(), key: member.key) { _, _, _ in
                counter.checks += 1
                return true
            }
            nodes.append(Node(engine: engine, counter: counter, context: genesis))
        }
    }

    func run() {
        for place in nodes.indices {
            carryOut(nodes[place].engine.begin(now: Self.start / 1000), place, Self.start)
        }
        while waits.count < nodes.count * Int(heights), let (time, event) = queue.pop() {
            happen(event.what, event.place, time)
        }
        waits.sort()
    }

    private func happen(_ what: Happening, _ place: Int, _ time: UInt64) {
        let start = max(time, nodes[place].free)
        let before = nodes[place].counter.checks
        let actions: [ConsensusAction]
        switch what {
        case .piece(let part, let number, let from, let isRelay):
            if isRelay { passOn(part, number, place, from, time) }
            let key = [part.height, UInt64(part.index)]
            nodes[place].pieces[key, default: 0] += 1
            guard nodes[place].pieces[key] == piecesOfPart else { return }
            actions = nodes[place].engine.handle(
                .message(.part(part), from: UInt64(from) + 1), now: start / 1000)
        case .message(let message, let from):
            actions = nodes[place].engine.handle(.message(message, from: UInt64(from) + 1), now: start / 1000)
        case .own(let height, let event):
            guard nodes[place].engine.context.height == height else { return }
            actions = nodes[place].engine.handle(event, now: start / 1000)
        case .block(let block, let reference, let commit):
            nodes[place].context = nodes[place].context.next(
                after: block, reference, commit, appHash: reference.hash, resultsHash: .zero,
                nextValidators: set, beginsTerm: false)
            actions = nodes[place].engine.begin(nodes[place].context, now: start / 1000)
        }
        let end = start + Self.step + Self.check * (nodes[place].counter.checks - before)
        nodes[place].free = end
        carryOut(actions, place, end)
    }

    private func carryOut(_ actions: [ConsensusAction], _ place: Int, _ time: UInt64) {
        let height = nodes[place].engine.context.height
        func later(_ event: ConsensusEvent, _ span: UInt64) {
            queue.push((place, .own(height, event)), at: time + span)
        }
        for action in actions {
            switch action {
            case .sign(let word): later(.signed(word.withZeros), 200)
            case .prepare(let round, _):
                let body = ProposalBody(
                    items: [[1]],
                    transactions: [[UInt8]](
                        repeating: [UInt8](repeating: 7, count: 1000), count: bytes / 1000))
                later(.prepared(round: round, body), Self.ledger)
            case .judge(let reference, _): later(.judged(reference, isAccepted: true), Self.ledger)
            case .broadcast(.part(let part)): spread(part, place, time)
            case .broadcast(let message):
                if case .proposal = message, proposed[height] == nil { proposed[height] = time }
                for peer in nodes.indices where peer != place { send(message, place, to: peer, time) }
            case .send(let message, let peer): send(message, place, to: Int(peer) - 1, time)
            case .ask(let message):
                send(message, place, to: Int((time / 7 + UInt64(place)) % UInt64(nodes.count)), time)
            case .schedule(let timer, let span): later(.timeout(timer), span * 1000)
            case .commit(let block, let reference, let commit):
                waits.append((time - (proposed[height] ?? time)) / 1000)
                highestRound = max(highestRound, commit.round)
                queue.push((place, .block(block, reference, commit)), at: time + Self.ledger)
            default: break
            }
        }
    }

    private func spread(_ part: BlockPart, _ place: Int, _ time: UInt64) {
        for number in 0..<piecesOfPart {
            let relay = (Int(part.index) * piecesOfPart + number) % nodes.count
            if relay == place {
                passOn(part, number, place, place, time)
            } else {
                send(part, number, place, to: relay, time, isRelay: true)
            }
        }
    }

    private func passOn(_ part: BlockPart, _ number: Int, _ place: Int, _ from: Int, _ time: UInt64) {
        for peer in nodes.indices where peer != place && peer != from {
            send(part, number, place, to: peer, time, isRelay: false)
        }
    }

    private func send(
        _ part: BlockPart, _ number: Int, _ place: Int, to peer: Int, _ time: UInt64, isRelay: Bool
    ) {
        let size = ConsensusMessage.part(part).size / piecesOfPart + 60
        let moment = leave(place, size, "parts", time)
        queue.push((peer, .piece(part, number, from: place, isRelay: isRelay)), at: moment)
    }

    private func send(_ message: ConsensusMessage, _ place: Int, to peer: Int, _ time: UInt64) {
        guard nodes.indices.contains(peer), peer != place else { return }
        let name = if case .part = message { "parts asked for" } else { message.name }
        queue.push((peer, .message(message, from: place)), at: leave(place, message.size, name, time))
    }

    /// When bytes that a member sends now are there.
    private func leave(_ place: Int, _ size: Int, _ name: String, _ time: UInt64) -> UInt64 {
        sent[name, default: 0] += size
        nodes[place].uplink = max(nodes[place].uplink, time) + UInt64(size) * Self.byte / 1000
        return nodes[place].uplink + Self.link
    }
}

extension SignedWord {
    /// With a signature that the rig's check accepts.
    fileprivate var withZeros: SignedWord {
        let signature = [UInt8](repeating: 0, count: 64)
        switch self {
        case .vote(var vote):
            vote.signature = signature
            return .vote(vote)
        case .proposal(var proposal):
            proposal.signature = signature
            return .proposal(proposal)
        }
    }
}

extension ConsensusMessage {
    fileprivate var name: String {
        switch self {
        case .vote: "votes"
        case .proposal: "proposals"
        case .part: "parts"
        case .certificate: "certificates"
        case .status: "statuses"
        }
    }

    /// Bytes on the way, with some for frames.
    fileprivate var size: Int {
        switch self {
        case .vote: 131
        case .proposal(let message): 250 + 64 * (message.polka?.signatures.count ?? 0)
        case .part(let part): 60 + part.bytes.count + 32 * part.proof.count
        case .certificate(let certificate): 120 + 64 * certificate.signatures.count
        case .status: 120
        }
    }
}

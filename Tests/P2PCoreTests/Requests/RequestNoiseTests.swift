import P2PCore
import Testing

@Suite("Requests amid noise")
struct RequestNoiseTests {
    @Test("random events leave bounds and peace", arguments: 1...30)
    func noise(_ seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var requests = Requests(network: "00c0ffee", budget: RequestBudget(rate: 50_000))
        var now: UInt64 = 0
        var waiting: [ServedID] = []
        for number in 0..<2000 {
            now += UInt64(dice.below(500))
            let peer = PeerHandle(value: UInt64(1 + dice.below(3)))
            for action in requests.handle(event(UInt64(number), peer, &dice, &waiting), now: now) {
                if case .serve(let id, _, _, _) = action { waiting.append(id) }
                if case .connection(_, .write(_, let piece)) = action {
                    #expect(!piece.isEmpty && piece.count <= RequestLimit.write)
                }
            }
            #expect(requests.asking <= 12 && requests.serving <= 2 * RequestLimit.served)
        }
        for _ in 0..<4 {
            now += 61_000
            _ = requests.handle(.tick, now: now)
        }
        #expect(requests.asking == 0 && requests.serving == 0 && requests.waiting == 0)
    }

    private func event(
        _ number: UInt64, _ peer: PeerHandle, _ dice: inout SeededGenerator, _ waiting: inout [ServedID]
    ) -> RequestEvent {
        let place = UInt32(dice.below(6))
        let stream =
            dice.below(2) == 0 ? StreamHandle(opening: 16 + place) : StreamHandle(inbound: place)
        let kind = RequestKind.allCases[dice.below(2)]
        switch dice.below(9) {
        case 0:
            let question: Question = kind == .blocks ? .blocks(from: 1 + number, count: 9) : .peers(count: 9)
            return .ask(RequestID(kind, number), peer, question)
        case 1:
            return .connection(
                peer, .opened(StreamHandle(inbound: place), protocol: kind.name("00c0ffee"), inbound: true))
        case 2: return .connection(peer, .writable(stream, dice.below(100_000)))
        case 3:
            guard let id = waiting.popLast() else { return .tick }
            let items = [[UInt8]](
                repeating: [UInt8](repeating: 1, count: dice.below(50_000)), count: dice.below(12))
            return dice.below(4) == 0 ? .refuse(id) : .provide(id, items, isLast: dice.below(2) == 0)
        case 4: return .connection(peer, dice.below(3) == 0 ? .reset(stream, .byPeer) : .finished(stream))
        case 5: return .tick
        case 6: return dice.below(20) == 0 ? .left(peer) : .tick
        case 7:
            let frames = [
                Question.blocks(from: 3, count: 4).delimited, Question.peers(count: 4).delimited,
                AnswerFrame.item([5, 6]).delimited, AnswerFrame.end(.done).delimited, [9, 9, 9],
            ]
            return .connection(peer, .data(stream, frames[dice.below(frames.count)]))
        default:
            return .connection(peer, .data(stream, (0..<dice.below(30)).map { _ in UInt8(dice.below(256)) }))
        }
    }
}

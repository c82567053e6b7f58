import P2PCore

/// Requests between peers: what peers send on their streams, in any order, to a node that asks and is asked.
///
/// Nothing may trap, and nothing grows beyond its limits.
package enum RequestFuzzWorld {
    private static let peers = [PeerHandle(value: 1), PeerHandle(value: 2)]
    private static let network = "00c0ffee"

    /// Bytes are events: a choice, a stream, a count, and as many bytes.
    package static func run(_ input: UnsafeRawBufferPointer) {
        var bytes = input[...]
        var requests = Requests(network: network, budget: RequestBudget(rate: 50_000))
        var (now, number): (UInt64, UInt64) = (0, 0)
        var waiting: [ServedID] = []
        while let choice = bytes.popFirst() {
            let peer = peers[Int(choice >> 7)]
            let value = bytes.popFirst() ?? 0
            number += 1
            let event = event(choice & 0x7f, peer, value, &bytes, number, &waiting)
            now += UInt64(value) * 16
            for action in requests.handle(event, now: now) {
                if case .serve(let id, _, let question, let most) = action {
                    precondition(
                        question.count <= question.kind.mostItems && most > 0, "a question without bounds")
                    waiting.append(id)
                }
                if case .connection(_, .write(_, let piece)) = action {
                    precondition(
                        !piece.isEmpty && piece.count <= RequestLimit.write, "a write without bounds")
                }
            }
            precondition(requests.asking <= 2 * peers.count * RequestKind.allCases.count, "too many requests")
            precondition(requests.serving <= 2 * RequestLimit.served, "too many questions")
            precondition(
                requests.waiting <= RequestLimit.waiting + 2 * RequestKind.blocks.itemBytes, "too much waits")
        }
    }

    private static func event(
        _ choice: UInt8, _ peer: PeerHandle, _ value: UInt8, _ bytes: inout Slice<UnsafeRawBufferPointer>,
        _ number: UInt64, _ waiting: inout [ServedID]
    ) -> RequestEvent {
        let ours = StreamHandle(opening: 16 + UInt32(value & 7))
        let theirs = StreamHandle(inbound: UInt32(value & 7))
        let stream = value & 8 == 0 ? ours : theirs
        switch choice % 12 {
        case 0: return .ask(RequestID(.blocks, number), peer, .blocks(from: number, count: UInt32(value) + 1))
        case 1: return .ask(RequestID(.peers, number), peer, .peers(count: UInt32(value) + 1))
        case 2:
            let kind: RequestKind = value & 16 == 0 ? .blocks : .peers
            return .connection(peer, .opened(theirs, protocol: kind.name(network), inbound: true))
        case 3: return .connection(peer, .opened(ours, protocol: "", inbound: false))
        case 4: return .connection(peer, .writable(stream, Int(value) * 1000))
        case 5: return .connection(peer, value & 16 == 0 ? .finished(stream) : .reset(stream, .byPeer))
        case 6:
            guard let id = waiting.popLast() else { return .tick }
            let items = [[UInt8]](
                repeating: [UInt8](repeating: 1, count: Int(value) * 300), count: Int(value & 15))
            return value & 16 == 0 ? .provide(id, items, isLast: value & 32 == 0) : .refuse(id)
        case 7: return value == 0 ? .left(peer) : .tick
        default:
            let count = Int(bytes.popFirst() ?? 0)
            let data = Array(bytes.prefix(count))
            bytes = bytes.dropFirst(count)
            return .connection(peer, .data(stream, data))
        }
    }

    /// A question that is answered, and an answer that comes.
    package static func seeds() -> [[UInt8]] {
        func data(_ stream: UInt8, _ bytes: [UInt8]) -> [UInt8] { [8, stream, UInt8(bytes.count)] + bytes }
        let question = Question.blocks(from: 5, count: 3).delimited
        let answer = AnswerFrame.item([1, 2, 3]).delimited + AnswerFrame.end(.done).delimited
        return [
            [2, 8, 4, 12] + data(8, question) + [6, 3, 7, 9, 4, 13],
            [0, 2, 3, 0, 4, 7] + data(0, answer),
            [1, 2, 3, 0, 4, 7] + data(0, AnswerFrame.end(.busy).delimited),
            [2, 24] + data(8, Question.peers(count: 9).delimited) + [6, 5, 5, 24],
            [2, 8] + data(8, question) + [6, 19, 5, 8],
            [2, 8] + data(8, Array(question.dropLast())) + [5, 8, 7, 0],
            [0, 9, 3, 0, 0, 9, 3, 1] + data(0, answer) + data(1, Array(answer.prefix(3))) + [5, 17],
            [130, 8] + data(8, question) + [6, 35, 132, 13, 7, 255, 134, 1],
        ]
    }
}

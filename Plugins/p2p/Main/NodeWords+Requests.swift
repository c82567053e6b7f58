internal import Foundation
internal import NodeBus
internal import NodeProtocol
internal import P2PCore
internal import Synchronization

/// Whom consensus asked, by the number of the request.
final class AskedPeers: Sendable {
    private let peers = Mutex<[UInt64: UInt64]>([:])

    subscript(number: UInt64) -> UInt64? {
        get { peers.withLock { $0[number] } }
        set { peers.withLock { $0[number] = newValue } }
    }
}

/// Requests for blocks, between consensus and peers.
extension NodeWords {
    /// Asks for blocks; none of them: what was asked for is not wanted any more.
    func ask(_ request: Spacenode_Consensus_V1_Request, _ peer: PeerHandle) {
        let id = RequestID(.blocks, request.id)
        guard request.count > 0 else {
            asked[request.id] = nil
            return hub.post(.request(.cancel(id)))
        }
        asked[request.id] = peer.value
        hub.post(.request(.ask(id, peer, .blocks(from: request.fromHeight, count: request.count))))
    }

    /// Brings to consensus what came of its requests, one piece after the other, and answers those of peers beside.
    func carryRequests() async {
        await withDiscardingTaskGroup { group in
            for await action in hub.requested {
                if case .serve(let id, _, let question, let bytes) = action {
                    group.addTask { await serve(id, question, bytes) }
                } else {
                    await deliver(action)
                }
            }
        }
    }

    private func deliver(_ action: RequestAction) async {
        var answer = Spacenode_Consensus_V1_Answer()
        switch action {
        case .items(let id, let items):
            answer.id = id.number
            do {
                answer.blocks = try items.map {
                    Spacenode_Consensus_V1_DecidedBlock(try DecidedBytes(bytes: $0))
                }
            } catch {
                answer.failure = .malformed
            }
        case .progressed(let id, let bytes):
            (answer.id, answer.progressBytes) = (id.number, UInt64(clamping: bytes))
        case .ended(let id): (answer.id, answer.last) = (id.number, true)
        case .failed(let id, let failure): (answer.id, answer.failure) = (id.number, .init(failure))
        case .connection, .serve, .unwanted, .blame: return
        }
        guard let peer = asked[answer.id] else { return }
        let isOver = answer.last || answer.failure != .unspecified
        if isOver { asked[answer.id] = nil }
        var request = Spacenode_Consensus_V1_DeliverRequest()
        request.peer = peer
        request.answer = answer
        guard let reply = try? await bus.call(ConsensusContract.deliver, request) else {
            // What follows a lost piece would be taken for blocks of other heights.
            asked[answer.id] = nil
            if !isOver { hub.post(.request(.cancel(RequestID(.blocks, answer.id)))) }
            return
        }
        if !reply.blame.isEmpty { hub.post(.blamed(PeerHandle(value: peer), reply.blame)) }
    }

    /// Answers a peer's question, as far as the node can.
    private func serve(_ id: ServedID, _ question: Question, _ bytes: Int) async {
        switch question {
        // The network answers those itself.
        case .peers, .reach: break
        case .blocks(let from, let count):
            var request = Spacenode_Consensus_V1_BlocksRequest()
            request.fromHeight = from
            request.limit = count
            request.maxBytes = UInt32(clamping: bytes)
            guard let reply = try? await bus.call(ConsensusContract.blocks, request) else {
                return hub.post(.request(.refuse(id)))
            }
            let blocks = reply.blocks.map { block in
                DecidedBytes(block).bytes
            }
            hub.post(.request(.provide(id, blocks, isLast: true)))
        }
    }
}

extension Spacenode_Consensus_V1_Failure {
    init(_ failure: RequestFailure) {
        self =
            switch failure {
            case .busy, .tooMany: .busy
            case .gone: .gone
            case .broken, .late, .unsupported: .broken
            case .malformed: .malformed
            }
    }
}

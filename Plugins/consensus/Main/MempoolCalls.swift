internal import Foundation
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

/// What consensus asks of the mempool: without one blocks are empty and the chain goes on.
struct MempoolCalls: Sendable {
    let bus: BusClient

    /// What waits for a block, in its order; nothing when the mempool does not say so in time.
    func select(
        _ height: UInt64, time: UInt64, proposer: Bytes32, within patience: Duration
    ) async throws -> (items: [[UInt8]], transactions: [Data]) {
        var request = Spacenode_Mempool_V1_SelectRequest()
        request.height = height
        request.timeMs = time
        request.proposer = Data(proposer.bytes)
        request.maxBytes = UInt64(BlockLimit.bodyBytes)
        request.maxCount = UInt32(BlockLimit.transactions)
        do {
            let reply = try await bus.call(MempoolContract.select, request, ttl: patience)
            return (reply.items.map { [UInt8]($0.raw) }, reply.transactions)
        } catch is BusError {
            return ([], [])
        }
    }

    /// Says what a block took; the mempool also looks at the ledger's own event.
    func committed(_ block: Block, _ transactions: [Data]) async {
        var request = Spacenode_Mempool_V1_CommittedRequest()
        request.height = block.header.height
        request.transactions = transactions
        request.items = block.items.dropFirst().map { Data($0) }
        _ = try? await bus.call(MempoolContract.committed, request)
    }

    /// Evidence for a block of anybody.
    func submit(_ evidence: Malfeasance) async {
        var candidate = Spacenode_Mempool_V1_Candidate()
        candidate.kind = .malfeasance
        candidate.raw = Data(BlockItem.malfeasance(evidence).bytes)
        var request = Spacenode_Mempool_V1_SubmitRequest()
        request.candidates = [candidate]
        _ = try? await bus.call(MempoolContract.submit, request)
    }
}

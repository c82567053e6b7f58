internal import Foundation
internal import MempoolCore
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol

/// Answers `spacenode.mempool.v1` with a pool.
struct MempoolHandlers: Sendable {
    let pool: Pool

    /// Registers every method.
    func serve(on bus: BusClient) {
        bus.serve(MempoolContract.submit) { request, _ in try await submit(request) }
        bus.serve(MempoolContract.select) { request, _ in try await pool.select(request) }
        bus.serve(MempoolContract.committed) { request, _ in try await committed(request) }
        bus.serve(MempoolContract.pending) { request, _ in
            guard let address = Address([UInt8](request.address)) else {
                throw refused("an address has \(Address.count) bytes, not \(request.address.count)")
            }
            return try await pool.pending(address)
        }
        bus.serve(MempoolContract.content) { request, _ in
            guard (1...MempoolLimit.candidates).contains(request.ids.count) else {
                throw refused("\(request.ids.count) ids: 1 to \(MempoolLimit.candidates) are allowed")
            }
            return try await pool.content(try ids(request.ids))
        }
        bus.serve(MempoolContract.status) { _, _ in try await pool.status() }
        bus.serve(MempoolContract.offer) { request, _ in try await offer(request) }
    }

    private func submit(
        _ request: Spacenode_Mempool_V1_SubmitRequest
    ) async throws -> Spacenode_Mempool_V1_SubmitReply {
        guard (1...MempoolLimit.candidates).contains(request.candidates.count) else {
            throw refused(
                "\(request.candidates.count) candidates: 1 to \(MempoolLimit.candidates) are allowed")
        }
        let candidates = try request.candidates.map { wire in
            guard let number = UInt8(exactly: wire.kind.rawValue), let kind = CandidateKind(rawValue: number)
            else { throw refused("there is no kind \(wire.kind.rawValue): 1 to 4 are known") }
            return Candidate(kind, [UInt8](wire.raw))
        }
        var reply = Spacenode_Mempool_V1_SubmitReply()
        reply.verdicts = try await pool.submit(candidates).map { answer in
            var verdict = Spacenode_Mempool_V1_SubmitVerdict()
            verdict.waits = answer.refusal == nil
            verdict.reason = answer.refusal.map { "\($0)" } ?? ""
            verdict.id = Data(answer.id.bytes)
            verdict.known = answer.wasKnown
            return verdict
        }
        return reply
    }

    private func committed(
        _ request: Spacenode_Mempool_V1_CommittedRequest
    ) async throws -> Spacenode_Mempool_V1_CommittedReply {
        guard request.transactions.count <= ServiceLimit.transactions,
            request.items.count <= ServiceLimit.items
        else {
            throw refused(
                "\(request.transactions.count) transactions and \(request.items.count) items: a block has at most "
                    + "\(ServiceLimit.transactions) and \(ServiceLimit.items)")
        }
        var reply = Spacenode_Mempool_V1_CommittedReply()
        reply.removed = UInt32(
            clamping: try await pool.committed(
                request.height, transactions: try ids(request.transactions),
                items: request.items.map { [UInt8]($0) }))
        return reply
    }

    private func offer(
        _ request: Spacenode_Mempool_V1_OfferRequest
    ) async throws -> Spacenode_Mempool_V1_OfferReply {
        guard let peer = Peer([UInt8](request.peer)) else {
            throw refused("a peer's name has 1 to \(Peer.largest) bytes, not \(request.peer.count)")
        }
        var announcement: Announcement?
        if !request.announcement.isEmpty {
            do {
                announcement = try Announcement(bytes: [UInt8](request.announcement))
            } catch {
                throw refused("these bytes are no announcement: \(error)")
            }
        }
        var reply = Spacenode_Mempool_V1_OfferReply()
        reply.pulls = try await pool.offered(peer, announcement)
        return reply
    }

    private func ids(_ wire: [Data]) throws -> [Bytes32] {
        try wire.map { data in
            guard let id = Bytes32(data) else { throw refused("an id has 32 bytes, not \(data.count)") }
            return id
        }
    }

    private func refused(_ text: String) -> BusError { BusError(.failed, text) }
}

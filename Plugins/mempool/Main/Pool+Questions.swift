internal import Foundation
internal import MempoolCore
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol

extension Pool {
    // MARK: - For a block

    /// Candidates for the next block.
    func select(_ request: Spacenode_Mempool_V1_SelectRequest) throws -> Spacenode_Mempool_V1_SelectReply {
        let core = try opened()
        guard request.height > core.height else {
            throw BusError(
                .failed, "height \(request.height) is decided: the next is \(core.height + 1)")
        }
        let bytes = request.maxBytes == 0 ? UInt64(ServiceLimit.selectionBytes) : request.maxBytes
        let count = request.maxCount == 0 ? ServiceLimit.transactions : Int(request.maxCount)
        var reply = Spacenode_Mempool_V1_SelectReply()
        // What blocks between have of the items is not known here, and one that a block has makes the next invalid.
        if request.height == core.height + 1 {
            reply.items = core.items.selection(epoch: core.epoch, room: room).map(\.candidate.wire)
        }
        reply.transactions = core.transactions.selection(
            height: core.height, most: min(count, ServiceLimit.transactions),
            bytes: Int(clamping: min(bytes, UInt64(ServiceLimit.selectionBytes)))
        ).map { Data($0.raw) }
        return reply
    }

    // MARK: - Questions

    /// An account, and what waits of it.
    func pending(_ address: Address) async throws -> Spacenode_Mempool_V1_PendingReply {
        let state = try await ledger.account(address)
        let core = try opened()
        let projection = core.projection(address, nextNonce: state.nextNonce, balance: state.balance)
        var reply = Spacenode_Mempool_V1_PendingReply()
        reply.nextNonce = state.nextNonce
        reply.balance = state.balance
        reply.spawned = state.isSpawned
        reply.height = state.height
        reply.projectedNonce = projection.nextNonce
        reply.projectedBalance = projection.balance
        reply.transactions = (core.transactions.queue(address)?.entries ?? []).map { entry in
            var wire = Spacenode_Mempool_V1_PendingTransaction()
            wire.id = Data(entry.id.bytes)
            wire.nonce = entry.nonce
            wire.fee = entry.fee
            wire.cost = entry.cost
            wire.raw = Data(entry.raw)
            return wire
        }
        return reply
    }

    /// Bodies of what waits, as many as an answer has room for.
    func content(_ ids: [Bytes32]) throws -> Spacenode_Mempool_V1_ContentReply {
        let core = try opened()
        var reply = Spacenode_Mempool_V1_ContentReply()
        var left = ServiceLimit.callBytes
        for candidate in ids.lazy.compactMap({ core.candidate($0) }) {
            left -= candidate.raw.count
            if left < 0 { break }
            reply.candidates.append(candidate.wire)
        }
        return reply
    }

    /// How much waits.
    func status() throws -> Spacenode_Mempool_V1_StatusReply {
        let core = try opened()
        var reply = Spacenode_Mempool_V1_StatusReply()
        reply.height = core.height
        reply.epoch = core.epoch
        reply.transactions = UInt32(clamping: core.transactions.count)
        reply.transactionBytes = UInt64(core.transactions.bytes)
        reply.accounts = UInt32(clamping: core.transactions.accountCount)
        reply.items = UInt32(clamping: core.items.count)
        reply.plotProofs = UInt32(clamping: core.items.plotProofs)
        reply.activationBytes = UInt64(core.items.activationBytes)
        let floor = core.transactions.feeFloor
        reply.full = floor != nil
        reply.feeFloor = floor ?? 0
        reply.admitted = counts.admitted
        reply.refused = counts.refused
        reply.putOut = counts.putOut
        reply.journalBytes = journal.bytes
        reply.journalFault = journal.fault ?? ""
        reply.asked = UInt32(clamping: exchange.askedCount)
        return reply
    }

    /// Figures under Prometheus names.
    func figures() -> [(String, Double)] {
        [
            ("mempool_height", Double(core?.height ?? 0)),
            ("mempool_transactions", Double(core?.transactions.count ?? 0)),
            ("mempool_transaction_bytes", Double(core?.transactions.bytes ?? 0)),
            ("mempool_items", Double(core?.items.count ?? 0)),
            ("mempool_plot_proofs", Double(core?.items.plotProofs ?? 0)),
            ("mempool_admitted_total", Double(counts.admitted)),
            ("mempool_refused_total", Double(counts.refused)),
            ("mempool_put_out_total", Double(counts.putOut)),
            ("mempool_included_total", Double(counts.included)),
            ("mempool_journal_bytes", Double(journal.bytes)), ("mempool_asked", Double(exchange.askedCount)),
        ]
    }

    // MARK: - Peers

    /// What goes to others.
    enum Message: Sendable {
        case announced(Spacenode_Mempool_V1_Announced)
        case pull(Spacenode_Mempool_V1_Pull)
    }

    /// Time passes: what is to be said and asked.
    func exchangeTick() -> [Message] {
        let core = core
        return exchange.handle(.tick, now: clock()) { core?.contains($0) ?? false }.map { action in
            switch action {
            case .announce(let announcement):
                var event = Spacenode_Mempool_V1_Announced()
                event.announcement = Data(announcement.bytes)
                return .announced(event)
            case .pull(let peer, let kind, let ids): return .pull(.init(peer, kind, ids))
            }
        }
    }

    /// A peer has these; nil: the peer is gone.
    /// - Returns: whom to ask for what.
    func offered(_ peer: Peer, _ announcement: Announcement?) throws -> [Spacenode_Mempool_V1_Pull] {
        let core = try opened()
        let event = announcement.map { Exchange.Event.announced(peer, $0) } ?? .lost(peer)
        return exchange.handle(event, now: clock()) { core.contains($0) }.compactMap { action in
            if case .pull(let peer, let kind, let ids) = action { .init(peer, kind, ids) } else { nil }
        }
    }
}

extension Candidate {
    var wire: Spacenode_Mempool_V1_Candidate {
        var wire = Spacenode_Mempool_V1_Candidate()
        wire.kind = .init(rawValue: Int(kind.rawValue)) ?? .unspecified
        wire.raw = Data(raw)
        return wire
    }
}

extension Spacenode_Mempool_V1_Pull {
    fileprivate init(_ peer: Peer, _ kind: CandidateKind, _ ids: [Bytes32]) {
        self.init()
        self.peer = Data(peer.name)
        self.kind = .init(rawValue: Int(kind.rawValue)) ?? .unspecified
        self.ids = ids.map { Data($0.bytes) }
    }
}

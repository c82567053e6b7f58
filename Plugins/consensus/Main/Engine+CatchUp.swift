internal import ConsensusCore
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol

/// Catching up: the node does not vote while blocks of others come, and is on the disk before it votes again.
extension Engine {
    /// Whether the node holds back.
    var isHeld: Bool { catchUp?.isHolding == true || lastCaughtUp != nil }

    /// Tells what happened, and does what follows.
    func follow(
        _ event: CatchUpEvent, _ entry: Inbox.Entry?,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        guard var catchUp else { return }
        self.catchUp = nil
        let actions = catchUp.handle(event, now: Self.uptime())
        self.catchUp = catchUp
        for case .blame(let peer, let what) in actions where peer == entry?.peer {
            entry?.asker?.tell(Opinion(blame: what))
        }
        for action in actions { try await carryOut(action, &group) }
    }

    private func carryOut(
        _ action: CatchUpAction, _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        switch action {
        case .ask(let id, let peer, let from, let count): await request(id, peer, from, count)
        case .cancel(let id): await request(id, 0, 0, 0)
        case .apply(let block, let isDurable): try await apply(block, isDurable, &group)
        case .live: try await takePart(&group)
        case .blame(let peer, let what):
            counts.blamed += 1
            logger.debug("peer \(peer): \(what)")
        case .halt(let why):
            stop("\(why): stop the node, and restore a checkpoint into an empty data directory")
        }
    }

    /// Asks a peer for blocks; a count of 0: the answer is not wanted any more.
    func request(_ id: UInt64, _ peer: UInt64, _ from: UInt64, _ count: UInt32) async {
        var outgoing = Spacenode_Consensus_V1_Outgoing()
        outgoing.peer = peer
        outgoing.request.id = id
        outgoing.request.fromHeight = from
        outgoing.request.count = count
        _ = try? await bus.publish(ConsensusContract.outbox, outgoing)
    }

    private func apply(
        _ block: CertifiedBlock, _ isDurable: Bool,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        guard var core else { return }
        // The members may have been faster.
        if block.block.header.height == core.context.height {
            if lastCaughtUp == nil { logger.info("height \(core.context.height): catching up") }
            lastCaughtUp = block
            let next = try await apply(block, on: core.context, durable: isDurable, &group)
            core.skip(to: next)
            self.core = core
        }
        inbox.put(.reached(core.context))
    }

    /// Brings everything to the disk, so that what is signed rests on it, and begins the height.
    private func takePart(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        guard var core, let last = lastCaughtUp else { return }
        try await insist("the store of block \(last.block.header.height)") {
            // The ledger's work on it was written before.
            try await self.store.put(last.block, last.commit, durable: true)
        }
        try await log?.begin(chain: core.context.chain, height: core.context.height)
        logger.info("height \(core.context.height): caught up")
        let actions = core.begin(core.context, now: Self.now())
        self.core = core
        lastCaughtUp = nil
        try await carryOut(actions, &group)
    }

    // MARK: - What peers send

    /// Takes what a peer sent.
    func deliver(_ request: Spacenode_Consensus_V1_DeliverRequest) async -> Opinion {
        guard request.peer != 0 else { return Opinion(blame: "`peer` must not be 0") }
        if let restoredFeed { return await hear(request, restoredFeed) }
        if request.hasAnswer {
            // Only what was asked for is kept at all.
            guard catchUp?.isWaiting(for: request.answer.id) == true else { return Opinion() }
            return await inbox.opinion(of: .catchUp(request.answer.events), from: request.peer)
        }
        let event: ConsensusEvent
        do {
            event = try request.event
        } catch {
            return Opinion(blame: "\(error)")
        }
        return await inbox.opinion(of: .core(event), from: request.peer)
    }
}

extension Spacenode_Consensus_V1_Answer {
    /// Its blocks.
    var encodedBlocks: [EncodedBlock] {
        blocks.map { EncodedBlock(block: [UInt8]($0.block), certificate: [UInt8]($0.certificate)) }
    }

    /// What it means, in order.
    fileprivate var events: [CatchUpEvent] {
        var events: [CatchUpEvent] = []
        if progressBytes > 0 { events.append(.progressed(id: id, bytes: Int(clamping: progressBytes))) }
        if !blocks.isEmpty || last {
            events.append(.answered(id: id, encodedBlocks, isLast: last))
        }
        switch failure {
        case .unspecified: break
        case .busy: events.append(.failed(id: id, .busy))
        case .gone: events.append(.failed(id: id, .gone))
        case .malformed: events.append(.failed(id: id, .malformed("what it sent cannot be read")))
        case .broken, .UNRECOGNIZED: events.append(.failed(id: id, .broken))
        }
        return events
    }
}

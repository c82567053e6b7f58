internal import ConsensusCore
internal import Foundation
internal import NodeDomain
internal import NodeProtocol

extension Engine {
    /// Whether the chain has been opened.
    var isOpen: Bool { core != nil }

    /// Why nothing goes on; empty: it does.
    var halted: String {
        if !stopped.isEmpty { return stopped }
        if !alarm.isEmpty { return alarm }
        if !fault.isEmpty { return fault }
        guard let core else { return "" }
        let waited = Self.now() &- lastDecision
        guard waited < 1 << 63, waited > longestWait else { return "" }
        if let later = catchUp?.laterRevision {
            return
                "peers are on \(later): operators agreed on a recovery; ask them for its file and hash, and see docs/recovery.md"
        }
        return
            "nothing was decided for \(waited / 60_000) minutes at height \(core.context.height), round \(core.state.round): "
            + "more than a third of the seats does not vote; `spacenode status` on their machines says why, \(haltFile) who they are"
    }

    /// How things stand.
    func status() -> Spacenode_Consensus_V1_StatusReply {
        var reply = Spacenode_Consensus_V1_StatusReply()
        reply.fault = stopped.isEmpty ? fault : stopped
        reply.halted = halted
        (reply.blocks, reply.evidence, reply.blamed) = (counts.blocks, counts.evidence, counts.blamed)
        guard let core else { return reply }
        let context = core.context
        reply.catchingUp = isHeld
        reply.target = max(catchUp?.target ?? 0, context.height)
        reply.chain = context.chain
        reply.height = context.height
        reply.round = core.state.round
        reply.step = "\(core.state.step)"
        reply.lastTimeMs = context.lastTime.milliseconds
        if let last = context.lastBlock { reply.lastHash = Data(last.hash.bytes) }
        reply.member = core.me != nil
        reply.power = core.me.flatMap { context.validators.member(at: $0) }.map { UInt64($0.power) } ?? 0
        reply.totalPower = UInt64(context.validators.totalPower)
        reply.members = UInt32(context.validators.count)
        if let proposer = context.proposer(round: core.state.round) {
            reply.proposer = Data(proposer.key.bytes)
        }
        reply.waitingMs = Self.now() &- min(lastDecision, Self.now())
        return reply
    }

    /// Figures under Prometheus names.
    func figures() async -> [(String, Double)] {
        [
            ("consensus_height", Double(core?.context.height ?? 0)),
            ("consensus_round", Double(core?.state.round ?? 0)),
            ("consensus_blocks_total", Double(counts.blocks)),
            ("consensus_evidence_total", Double(counts.evidence)),
            ("consensus_blamed_total", Double(counts.blamed)),
            ("consensus_caught_up_blocks_total", Double(catchUp?.handedOver ?? 0)),
            ("consensus_log_bytes", Double(await log?.bytes ?? 0)),
        ]
    }

    /// Decided blocks from a height on.
    func blocks(
        _ request: Spacenode_Consensus_V1_BlocksRequest
    ) async throws -> Spacenode_Consensus_V1_BlocksReply {
        guard let core else {
            throw ConsensusFault.refused("the chain is not open yet: ask again in a moment")
        }
        var reply = Spacenode_Consensus_V1_BlocksReply()
        reply.newest = core.context.height - 1
        let limit = UInt64(request.limit == 0 ? Self.usualBlocks : min(request.limit, Self.mostBlocks))
        let most = request.maxBytes == 0 ? Self.bytesOfReply : min(Int(request.maxBytes), Self.bytesOfReply)
        var bytes = 0
        var height = max(request.fromHeight, 1)
        while height <= reply.newest, height - max(request.fromHeight, 1) < limit,
            let decided = try await store.block(height)
        {
            let block = Spacenode_Consensus_V1_DecidedBlock(decided)
            bytes += block.block.count + block.certificate.count
            // The first always fits; the others as far as one message carries them.
            if !reply.blocks.isEmpty, bytes > most { break }
            reply.blocks.append(block)
            height += 1
        }
        return reply
    }

    private static var usualBlocks: UInt32 { 16 }
    private static var mostBlocks: UInt32 { 64 }
    private static var bytesOfReply: Int { 4 << 20 }
}

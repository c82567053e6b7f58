internal import Foundation
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import VmCore

/// Answers `spacenode.vm.v1` with a ledger.
struct VmHandlers: Sendable {
    let ledger: Ledger

    /// Registers every method.
    /// - Parameter committed: told of each block that was applied, once.
    func serve(
        on bus: BusClient, committed: @escaping @Sendable (Spacenode_Vm_V1_BlockCommitted) async -> Void
    ) {
        bus.serve(VmContract.info) { _, _ in try await ledger.info() }
        bus.serve(VmContract.checkTx) { request, _ in
            guard (1...VmLimit.candidates).contains(request.candidates.count) else {
                throw LedgerFault.refused(
                    "\(request.candidates.count) candidates: 1 to \(VmLimit.candidates) are allowed")
            }
            var reply = Spacenode_Vm_V1_CheckTxReply()
            reply.verdicts = try await ledger.check(request.candidates)
            return reply
        }
        bus.serve(VmContract.prepareProposal) { request, _ in try await ledger.prepare(request) }
        bus.serve(VmContract.processProposal) { request, _ in
            var reply = Spacenode_Vm_V1_ProcessProposalReply()
            let refusal = try await ledger.process(try BlockInput(request.block))
            reply.accepted = refusal == nil
            reply.reason = refusal ?? ""
            return reply
        }
        bus.serve(VmContract.finalizeBlock) { request, _ in
            var (reply, event) = try await ledger.finalize(
                try BlockInput(request.block), isDeferred: request.deferred)
            if request.committees { reply.committees = try await ledger.committees() }
            if let event { await committed(event) }
            return reply
        }
        bus.serve(VmContract.acceptRecovery) { request, _ in
            let recovery: Recovery
            do {
                recovery = try Recovery(wire: [UInt8](request.recovery))
            } catch {
                throw LedgerFault.refused("the recovery cannot be read: \(error)")
            }
            try await ledger.accept(recovery)
            return Spacenode_Vm_V1_AcceptRecoveryReply()
        }
        bus.serve(VmContract.query) { request, _ in try await query(request) }
        bus.serve(VmContract.committees) { _, _ in try await ledger.committees() }
        serveCheckpoints(on: bus)
    }

    // MARK: - Questions

    private func query(_ request: Spacenode_Vm_V1_QueryRequest) async throws -> Spacenode_Vm_V1_QueryReply {
        let answer: LedgerAnswer
        switch request.path {
        case "receipt":
            guard let id = Bytes32(request.key) else {
                throw LedgerFault.refused("the id of a transaction has 32 bytes, not \(request.key.count)")
            }
            answer = try await ledger.receipt(id)
        case "network": answer = try await ledger.networkFile()
        default:
            guard let tag = StateKey.tag(named: request.path), let key = StateKey(bytes: [tag] + request.key)
            else {
                let names = (StateKey.names + ["receipt", "network"]).joined(separator: ", ")
                throw LedgerFault.refused(
                    "there is no \(request.path) at a key of \(request.key.count) bytes: paths are \(names), and keys their fields"
                )
            }
            answer = try await ledger.query(key, height: request.height, proves: request.prove)
        }
        var reply = Spacenode_Vm_V1_QueryReply()
        reply.found = answer.value != nil
        reply.value = Data(answer.value ?? [])
        reply.height = answer.height
        reply.appHash = Data(answer.appHash.bytes)
        reply.proof = Data(answer.proof)
        return reply
    }

    // MARK: - Checkpoints

    private func serveCheckpoints(on bus: BusClient) {
        bus.serve(VmContract.snapshot) { request, writer, _ in
            let head = try await ledger.checkpointHead(request.height)
            var item = Spacenode_Vm_V1_SnapshotItem()
            item.head = head.wire
            try await writer.send(item)
            try await ledger.leaves(of: head.height) { run in
                var item = Spacenode_Vm_V1_SnapshotItem()
                item.leaves = Data(run)
                try await writer.send(item)
            }
        }
        bus.serve(VmContract.restore) { reader, _ in
            guard let first = try await reader.next(), first.hasHead else {
                throw LedgerFault.refused("the first item of a checkpoint has its head")
            }
            let head = try CheckpointHead(first.head)
            let count = try await ledger.restore(head, replacing: first.replace) {
                try await reader.next().map { [UInt8]($0.leaves) }
            }
            var reply = Spacenode_Vm_V1_RestoreReply()
            reply.height = head.height
            reply.appHash = Data(head.appHash.bytes)
            reply.leaves = count
            return reply
        }
    }
}

/// Limits of what is asked for.
enum VmLimit {
    /// Candidates of one CheckTx.
    static let candidates = 256
    /// Transactions of a proposal, or of a block.
    static let transactions = 65_536
    /// Items of a block besides its transactions.
    static let items = 1024
}

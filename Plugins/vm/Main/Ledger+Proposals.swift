internal import Foundation
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import VmCore

extension Ledger {
    // MARK: - CheckTx

    /// Whether the newest state would take each candidate.
    func check(_ candidates: [Spacenode_Vm_V1_Candidate]) async throws -> [Spacenode_Vm_V1_CheckTxVerdict] {
        let (_, network) = try current()
        let transactions = candidates.map {
            $0.kind == .transaction ? LedgerTransaction(raw: [UInt8]($0.raw)) : nil
        }
        var state = LedgerState()
        try await fill(&state, LedgerTransaction.needs(of: transactions.compactMap(\.self)))
        var verdicts: [Spacenode_Vm_V1_CheckTxVerdict] = []
        var hopeful: [(place: Int, transaction: LedgerTransaction)] = []
        for (place, candidate) in candidates.enumerated() {
            guard let transaction = transactions[place] else {
                verdicts.append(try await judge(candidate, on: &state, network))
                continue
            }
            let judged = try await on(&state) { try rules(network).judge(transaction, on: $0) }
            if case .success = judged { hopeful.append((place, transaction)) }
            verdicts.append(verdict(transaction, judged))
        }
        // What is refused anyway costs no look at its signatures.
        let signed = try await signed(
            hopeful.map(\.transaction), on: &state, network.parameters.genesisID)
        for ((place, transaction), isSigned) in zip(hopeful, signed) where !isSigned {
            verdicts[place] = verdict(transaction, .failure(.ineffective(.signature)))
        }
        return verdicts
    }

    /// By which the newest state takes transactions in.
    private func rules(_ network: Network) -> AdmissionRules {
        AdmissionRules(
            genesis: network.parameters.genesisID,
            layer: network.parameters.layer(at: head?.time ?? 0) ?? 0, blockGas: network.parameters.blockGas)
    }

    private func verdict(
        _ transaction: LedgerTransaction, _ judged: Result<Admission, AdmissionRefusal>
    ) -> Spacenode_Vm_V1_CheckTxVerdict {
        var verdict = Spacenode_Vm_V1_CheckTxVerdict()
        verdict.id = Data(transaction.id.bytes)
        if let body = transaction.signed?.body {
            verdict.principal = body.principal.data
            verdict.nonce = body.nonce
            verdict.gasPrice = body.gasPrice
        }
        switch judged {
        case .success(let admission):
            verdict.valid = true
            verdict.nextNonce = admission.nextNonce
            verdict.maxGas = admission.gas
            verdict.fee = admission.fee
            verdict.spends = admission.amount
            verdict.balance = admission.balance
        case .failure(let refusal): verdict.reason = refusal.description
        }
        return verdict
    }

    /// An item that is no transaction: by the chain's rules, and by whoever can judge its proofs.
    private func judge(
        _ candidate: Spacenode_Vm_V1_Candidate, on state: inout LedgerState, _ network: Network
    ) async throws -> Spacenode_Vm_V1_CheckTxVerdict {
        var verdict = Spacenode_Vm_V1_CheckTxVerdict()
        do {
            let item = try BlockItem(bytes: [UInt8](candidate.raw))
            verdict.id = Data(item.id.bytes)
            try await fill(&state, network.rules.needs(of: item))
            let checks: [ChainCheck]
            switch (item, candidate.kind) {
            case (.activation(let activation), .activation):
                verdict.operator = Data(activation.operator.bytes)
                verdict.units = activation.plots.reduce(0) { $0 + UInt64($1.units) }
                checks = try await on(&state) { try network.rules.review(activation, in: $0) }
            case (.malfeasance(let evidence), .malfeasance):
                verdict.operator = Data(evidence.operator.bytes)
                checks = try await on(&state) { try network.rules.review(evidence, in: $0) }
            case (.poetProof(let proof), .poetProof):
                checks = try await on(&state) { try network.rules.review(proof, in: $0) }
            default:
                verdict.reason = "this is an item of another kind than it is said to be"
                return verdict
            }
            verdict.reason = try await judges.refusal(checks, network) ?? ""
            verdict.valid = verdict.reason.isEmpty
        } catch let fault as ScaleFault {
            verdict.reason = "these bytes are no item of a block: \(fault)"
        } catch let refusal as ChainRefusal {
            verdict.reason = refusal.description
        }
        return verdict
    }

    // MARK: - Proposals

    /// Which transactions of the mempool make the next block.
    func prepare(
        _ request: Spacenode_Vm_V1_PrepareProposalRequest
    ) async throws -> Spacenode_Vm_V1_PrepareProposalReply {
        let (head, network) = try current()
        guard request.height == head.height + 1 else {
            throw LedgerFault.refused("height \(request.height) is not the next: that is \(head.height + 1)")
        }
        guard request.transactions.count <= VmLimit.transactions else {
            throw LedgerFault.refused(
                "\(request.transactions.count) transactions: at most \(VmLimit.transactions) are allowed")
        }
        let candidates = request.transactions.map { LedgerTransaction(raw: [UInt8]($0)) }
        var state = LedgerState()
        try await fill(&state, LedgerTransaction.needs(of: candidates))
        let signed = try await signed(candidates, on: &state, network.parameters.genesisID)
        let limit = network.parameters.blockGas
        let room = ProposalSelection.Room(
            gas: request.maxGas == 0 ? limit : min(limit, request.maxGas),
            bytes: Int(clamping: request.maxBytes))
        let layer = network.parameters.layer(at: request.timeMs) ?? 0
        let chosen = try await on(&state) {
            try ProposalSelection.choose(from: candidates, signed: signed, on: $0, layer: layer, room: room)
        }
        var reply = Spacenode_Vm_V1_PrepareProposalReply()
        reply.chosen = chosen.map { UInt32($0) }
        reply.bytes = chosen.reduce(0) { $0 + UInt64(candidates[$1].size) }
        return reply
    }

    /// Why a proposed block must not be voted for; nil: it may be.
    ///
    /// It is executed on the newest state and the result dropped; every proof in it is judged.
    func process(_ input: BlockInput) async throws -> String? {
        let (head, network) = try current()
        guard input.height == head.height + 1 else {
            return "its height is \(input.height): the next is \(head.height + 1)"
        }
        do {
            var run = BlockRun()
            let outcome = try await execute(try read(input, network), on: head.height, &run)
            if let fault = outcome.proposalFault { return fault }
            return try await judges.refusal(outcome.checks, network)
        } catch let fault as LedgerFault {
            guard case .refused(let reason) = fault else { throw fault }
            return reason
        }
    }

    // MARK: - Figures

    /// Figures under Prometheus names.
    func figures() async -> [(String, Double)] {
        [
            ("vm_height", Double(head?.height ?? 0)), ("vm_oldest_height", Double(head?.oldest ?? 0)),
            ("vm_tree_cache_bytes", Double(await tree.bytes)),
            ("vm_record_cache_records", Double(records.count)),
            ("vm_checked_signatures", Double(checked.count)), ("vm_restoring", restoring == nil ? 0 : 1),
            ("vm_block_transactions_total", Double(transactionsApplied)),
            ("vm_block_seconds_total", secondsOfBlocks),
        ]
    }
}

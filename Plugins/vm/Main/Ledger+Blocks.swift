internal import Foundation
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import StorageWire
internal import SwiftProtobuf
internal import VmCore

extension Ledger {
    /// Applies a decided block, or answers again for the newest one.
    ///
    /// All of it is on the disk before it answers, unless `isDeferred` says that a later block brings it there. Proofs of space and of work are not judged again: a committee decided the block.
    /// - Returns: the answer, and an event when the block was applied now.
    /// - Throws: `LedgerFault` when it is not the next block, or no valid one.
    func finalize(_ input: BlockInput, isDeferred: Bool = false) async throws -> (
        Spacenode_Vm_V1_FinalizeBlockReply, Spacenode_Vm_V1_BlockCommitted?
    ) {
        try await exclusively {
            let (head, network) = try current()
            if input.height == head.height, input.hash == head.blockHash, head.height > 0 {
                return (try again(), nil)
            }
            guard input.height == head.height + 1 else {
                throw LedgerFault.refused(
                    """
                    block \(input.height) (\(input.hash)) cannot be applied: height \(head.height) with block \
                    \(head.blockHash) is applied, the next is \(head.height + 1)
                    """)
            }
            try checkRecovery(before: input.height, head, network)
            var run = BlockRun()
            let execution = try read(input, network)
            let outcome = try await execute(execution, on: head.height, &run)
            try decided(outcome.checks)
            let update = try await update(head, outcome.changes, &run)
            return try await commit(input, outcome, update, on: head, isDeferred: isDeferred, &run)
        }
    }

    private func again() throws -> Spacenode_Vm_V1_FinalizeBlockReply {
        guard !lastReply.isEmpty else {
            throw LedgerFault.refused(
                "the state was restored at this height, and what became of the block is not known: go on with the next"
            )
        }
        return try Spacenode_Vm_V1_FinalizeBlockReply(serializedBytes: lastReply)
    }

    func read(_ input: BlockInput, _ network: Network) throws -> BlockExecution {
        do throws(BlockFault) {
            return try BlockExecution(input, network.rules)
        } catch {
            throw LedgerFault.refused("block \(input.height) is invalid: \(error)")
        }
    }

    // MARK: - Execution

    /// Reads what the block needs, checks its signatures, and executes it.
    ///
    /// While signatures are checked, the tree is read for what the block may change.
    func execute(
        _ execution: BlockExecution, on height: UInt64, _ run: inout BlockRun
    ) async throws -> BlockOutcome {
        var state = LedgerState()
        let needs = execution.needs
        run.reads += try await fill(&state, needs)
        run.lap(\.readUs)
        let touched = state.touched(by: needs)
        async let warmed = warm(height, touched)
        let signed = try await signed(
            execution.transactions, on: &state, execution.rules.parameters.genesisID)
        run.lap(\.signaturesUs)
        // What is still to be read when the last signature is checked.
        run.reads += try await warmed
        run.lap(\.treeReadUs)
        defer { run.lap(\.executionUs) }
        do {
            return try await on(&state) { try execution.run(on: $0, signed: signed) }
        } catch let fault as BlockFault {
            throw LedgerFault.refused("the block is invalid: \(fault)")
        }
    }

    /// Reads into memory what an update of a version will need of the tree.
    ///
    /// With a cache that could not hold it until then, nothing is read: it would be read twice.
    /// - Returns: how often storage was asked.
    private func warm(_ height: UInt64, _ touched: [TreeTouch]) async throws -> Int {
        guard touched.count * TreeWarming.bytesOfKey <= settings.treeCacheBytes / 2 else { return 0 }
        try pin(height)
        defer { unpin(height) }
        return try await tree.warm(TreeWarming(version: height, touched: touched))
    }

    /// Whether each transaction is signed; checked on all cores, and once only.
    func signed(
        _ transactions: [LedgerTransaction], on state: inout LedgerState, _ genesis: [UInt8]
    ) async throws -> [Bool] {
        let jobs = try await on(&state) { [checked] state in
            try SignatureJobs(of: transactions, on: state, genesis: genesis, checked: checked)
        }
        let signed = jobs.verdicts(await pool.answers(jobs.checks) { $0.holds })
        for (transaction, isSigned) in zip(transactions, signed) where isSigned {
            checked.insert(transaction.id)
        }
        return signed
    }

    /// The next version of the tree.
    private func update(
        _ head: LedgerHead, _ changes: [StateChange], _ run: inout BlockRun
    ) async throws -> TreeUpdateResult {
        let update = try TreeUpdate(
            base: head.height, version: head.height + 1, changes: changes.inTreeOrder)
        let (done, rounds) = try await tree.work(update)
        run.reads += rounds
        run.lap(\.treeReadUs)
        defer { run.lap(\.treeUs) }
        return try done.finish()
    }

    /// What even a decided block must keep to.
    private func decided(_ checks: [ChainCheck]) throws {
        for check in checks where check.isCheap {
            guard check.holds else {
                throw LedgerFault.refused(
                    "the block was decided and is invalid: \(ChainRefusal.failed(check))")
            }
        }
    }

    // MARK: - Commit

    private func commit(
        _ input: BlockInput, _ outcome: BlockOutcome, _ update: TreeUpdateResult, on last: LedgerHead,
        isDeferred: Bool, _ run: inout BlockRun
    ) async throws -> (Spacenode_Vm_V1_FinalizeBlockReply, Spacenode_Vm_V1_BlockCommitted) {
        var head = last
        head.height = input.height
        head.time = input.time
        head.blockHash = input.hash
        head.appHash = update.root
        var reply = reply(input, outcome, update.root)
        var commit = LedgerCommit()
        try commit.put(outcome.changes)
        try commit.put(update.written)
        for (place, result) in reply.results.enumerated() {
            try commit.put(
                receipt: ReceiptRecord(
                    height: input.height, place: UInt32(place), result: try result.serializedBytes()
                )
                .bytes, of: outcome.receipts[place].id)
        }
        let leftovers = Leftovers(stale: StaleList(update).bytes, receipts: outcome.receipts.map(\.id))
        try commit.put(.leftovers(input.height), leftovers.bytes)
        try commit.put(
            .block(input.height), BlockRecord(time: input.time, hash: input.hash, appHash: update.root).bytes)
        try await prune(&head, &commit)
        try commit.put(.head, head.bytes)
        let answer: [UInt8] = try reply.serializedBytes()
        try commit.put(.lastReply, answer)
        run.lap(\.treeUs)
        // A write that fails is the end of this process, so the cache may follow it before it is done.
        async let followed: Void = tree.apply(update)
        try await write(commit.batch, durable: !isDeferred)
        self.head = head
        lastReply = answer
        for change in outcome.changes { records.put(change.key, change.value) }
        await followed
        run.lap(\.writeUs)
        reply.timing = run.finished()
        transactionsApplied += outcome.receipts.count
        secondsOfBlocks += Double(reply.timing.totalUs) / 1e6
        return (reply, event(input, outcome, update.root))
    }

    /// Drops versions that are not kept any longer, some at a time.
    private func prune(_ head: inout LedgerHead, _ commit: inout LedgerCommit) async throws {
        guard let network,
            let kept = settings.keptHeights(blockInterval: network.parameters.blockInterval),
            head.height > kept
        else { return }
        let oldest = min(head.height - kept, lowestPin)
        for _ in 0..<Self.prunedAtOnce where head.oldest < oldest {
            let height = head.oldest + 1
            if let leftovers = try await store.history(.leftovers(height), as: Leftovers.self) {
                try commit.drop(leftovers, stale: try StaleList(bytes: leftovers.stale), of: height)
            }
            head.oldest = height
        }
    }

    private static var prunedAtOnce: Int { 4 }
}

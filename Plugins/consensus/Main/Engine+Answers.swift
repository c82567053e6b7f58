internal import ConsensusCore
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

/// What consensus asks of others, and the events that come of it.
extension Engine {
    /// Asks the signer until it answers or the height is over; a refusal is for ever.
    func sign(_ word: SignedWord) async -> ConsensusEvent? {
        guard let key else { return .refused(word) }
        while isCurrent(word.order.height) {
            do {
                return .signed(try await signer.sign(word, key, chain))
            } catch let error as BusError where !error.isFinal {
                await bus.pause(50)
            } catch {
                logger.warning("the signer refuses: \(error)")
                return .refused(word)
            }
        }
        return nil
    }

    private func isCurrent(_ height: UInt64) -> Bool { core?.context.height == height && !Task.isCancelled }

    /// Makes the body of a block; nil in the event when it cannot be made in time.
    func prepare(_ round: UInt32, _ time: UInt64) async -> ConsensusEvent? {
        guard let key, let context = core?.context else { return nil }
        do {
            let system = try await signer.systemRecord(context.height, last: beacon, key, chain)
            // A mempool that hangs must not cost the round its block.
            let waiting = try await mempool.select(
                context.height, time: time, proposer: key,
                within: .milliseconds(rules.span(of: .propose, round: round) / 4))
            let items = try await acceptable(waiting.items, system, time, context, by: key)
            let room = UInt64(BlockLimit.bodyBytes - system.count - items.reduce(0) { $0 + $1.count + 4 })
            let chosen = try await ledger.choose(
                waiting.transactions, height: context.height, time: time, proposer: key, bytes: room)
            return .prepared(
                round: round,
                ProposalBody(items: [system] + items, transactions: chosen.map { [UInt8]($0) }))
        } catch {
            logger.warning("no block can be made for height \(context.height), round \(round): \(error)")
            return .prepared(round: round, nil)
        }
    }

    /// The items that the ledger takes in this very block.
    ///
    /// Those that wait were judged one by one behind the last block. The first block of an epoch takes nothing of the one before, and two may
    /// exclude each other: one that is refused would cost the block, and the next one, and every other after it.
    private func acceptable(
        _ items: [[UInt8]], _ system: [UInt8], _ time: UInt64, _ context: HeightContext, by key: Bytes32
    ) async throws -> [[UInt8]] {
        guard !items.isEmpty else { return [] }
        let trial = { (chosen: [[UInt8]]) in
            try await self.ledger.judge(
                Spacenode_Vm_V1_Block([system] + chosen, time: time, by: key, context)
            ).accepted
        }
        if try await trial(items) { return items }
        var chosen: [[UInt8]] = []
        for item in items where try await trial(chosen + [item]) { chosen.append(item) }
        logger.info(
            "\(items.count - chosen.count) of \(items.count) items that wait do not go into block \(context.height)"
        )
        return chosen
    }

    /// Asks the ledger what it thinks of a block: no answer is no consent.
    func judge(_ reference: BlockReference, _ block: Block) async -> ConsensusEvent? {
        while let context = core?.context, isCurrent(block.header.height) {
            do {
                let verdict = try await ledger.judge(try Spacenode_Vm_V1_Block(block, reference, context))
                if !verdict.accepted {
                    logger.warning("block \(reference.hash) is not voted for: \(verdict.reason)")
                }
                return .judged(reference, isAccepted: verdict.accepted)
            } catch let error as BusError where !error.isFinal {
                await bus.pause(50)
            } catch {
                logger.warning("block \(reference.hash) is not voted for: \(error)")
                return .judged(reference, isAccepted: false)
            }
        }
        return nil
    }

    // MARK: - Peers

    /// Sends a message: to a peer, to one of the network's choice, or to all members.
    func publish(_ message: ConsensusMessage, peer: UInt64, anyone: Bool) async {
        var outgoing = Spacenode_Consensus_V1_Outgoing()
        outgoing.peer = peer
        outgoing.anyone = anyone
        outgoing.message = Data(message.wire)
        _ = try? await bus.publish(ConsensusContract.outbox, outgoing)
    }

    /// Sends a decided block to a peer that lacks it.
    func serve(_ height: UInt64, to peer: UInt64) async {
        guard let decided = try? await store.block(height) else { return }
        var outgoing = Spacenode_Consensus_V1_Outgoing()
        outgoing.peer = peer
        outgoing.block = .init(decided)
        _ = try? await bus.publish(ConsensusContract.outbox, outgoing)
    }

    /// Tells the node of a decision.
    func announce(
        _ block: Block, _ reference: BlockReference, _ certificate: Certificate, _ context: HeightContext
    ) async {
        var decision = Spacenode_Consensus_V1_Decision()
        decision.height = context.height
        decision.hash = Data(reference.hash.bytes)
        decision.timeMs = block.header.time.milliseconds
        decision.round = certificate.round
        if let proposer = context.validators.member(block.header.proposer) {
            decision.proposer = Data(proposer.key.bytes)
        }
        decision.transactions = UInt32(clamping: block.transactions.count)
        decision.bytes = UInt64(block.wire.count)
        decision.signers = UInt32(clamping: certificate.signatures.count)
        _ = try? await bus.publish(ConsensusContract.decisions, decision)
    }
}

internal import NodeDomain
internal import NodeEncoding

/// Which of the waiting transactions a block takes, in which order.
package enum ProposalSelection {
    /// What a block has room for.
    package struct Room: Hashable, Sendable {
        /// Gas of all transactions together.
        package let gas: UInt64
        /// Bytes of all transactions together.
        package let bytes: Int
        /// Bytes that one takes in the block besides its own.
        package let overhead: Int

        /// Of these.
        package init(gas: UInt64, bytes: Int, overhead: Int = 0) {
            self.gas = gas
            self.bytes = bytes
            self.overhead = overhead
        }
    }

    /// Those candidates that will be effective in the order in which they are returned, by their places among the candidates.
    ///
    /// Candidates come best first. A place that belongs to an account is taken by that account's lowest nonce that was not taken
    /// yet; an account whose turn does not fit into what is left of the block drops out. What would be ineffective is passed over.
    /// - Parameters:
    ///   - candidates: in the mempool's order.
    ///   - signed: whether each one's signatures hold.
    ///   - state: before the transactions of the block.
    ///   - layer: of the block.
    ///   - room: what the block has room for.
    /// - Throws: `StateMiss` when an account was not read.
    package static func choose(
        from candidates: [LedgerTransaction], signed: [Bool], on state: LedgerState, layer: UInt64, room: Room
    ) throws(StateMiss) -> [Int] {
        var queues = queues(candidates)
        var state = state
        var lane = TransactionLane(layer: layer, gas: room.gas)
        var bytesLeft = room.bytes
        var chosen: [Int] = []
        for candidate in candidates {
            guard let principal = candidate.signed?.body.principal, let place = queues[principal]?.popLast()
            else { continue }
            if lane.gasLeft < Gas.least { break }
            let size = candidates[place].size + room.overhead
            guard size <= bytesLeft else {
                queues[principal] = nil
                continue
            }
            let isSigned = place < signed.count && signed[place]
            let receipt = try lane.run(candidates[place], isSigned: isSigned, on: &state)
            if receipt.outcome.isEffective {
                bytesLeft -= size
                chosen.append(place)
            } else if case .ineffective(.gas) = receipt.outcome {
                queues[principal] = nil
            }
        }
        return chosen
    }

    /// Each account's candidates, the lowest nonce last; of one nonce the better candidate.
    private static func queues(_ candidates: [LedgerTransaction]) -> [Address: [Int]] {
        var queues: [Address: [(nonce: UInt64, place: Int)]] = [:]
        for (place, candidate) in candidates.enumerated() {
            guard let body = candidate.signed?.body else { continue }
            queues[body.principal, default: []].append((body.nonce, place))
        }
        return queues.mapValues { queue in
            queue.sorted { ($0.nonce, $0.place) > ($1.nonce, $1.place) }.map(\.place)
        }
    }
}

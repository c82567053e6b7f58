internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import SwiftProtobuf

/// Gives a transaction to the node, and follows it until a block has it.
struct Sending: Sendable {
    let plan: Plan
    let follows: Bool
    /// Seconds.
    let wait: UInt64

    /// How often the node is asked.
    private static let pause: UInt64 = 250

    func run(_ bus: BusClient) async throws -> Outcome {
        if let reason = try await submit(bus) { return plan.outcome("refused", reason: reason) }
        return follows ? try await follow(bus) : plan.outcome("waits")
    }

    /// - Returns: why the mempool does not take it; nil: it waits there.
    private func submit(_ bus: BusClient) async throws -> String? {
        var candidate = Spacenode_Mempool_V1_Candidate()
        candidate.kind = .transaction
        candidate.raw = Data(plan.raw)
        var request = Spacenode_Mempool_V1_SubmitRequest()
        request.candidates = [candidate]
        guard let verdict = try await bus.call(MempoolContract.submit, request).verdicts.first else {
            throw CommandFault("the mempool gives no verdict: see `spacenode status`")
        }
        return verdict.waits ? nil : verdict.reason
    }

    private func follow(_ bus: BusClient) async throws -> Outcome {
        let start = await bus.now()
        var (height, told): (UInt64, UInt64) = (0, 0)
        while true {
            if let outcome = try await receipt(bus) { return outcome }
            if try await isGone(bus) {
                // Between the two questions a block may have come.
                return try await receipt(bus)
                    ?? plan.outcome(
                        "dropped",
                        reason:
                            "the mempool has put it out, and no block has it: send it again, with a higher fee"
                    )
            }
            let seconds = (await bus.now() &- start) / 1000
            guard seconds < wait else {
                throw CommandFault(
                    "after \(wait) s no block has it; it still waits in the mempool: `spacenode wallet send --nonce \(plan.nonce)` "
                        + "with a higher --gas-price replaces it")
            }
            let now = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest()).height
            if now != height || seconds >= told + 5 {
                note("waits in the mempool, the ledger is at height \(now) (\(seconds) s)")
                (height, told) = (now, seconds)
            }
            await bus.pause(Self.pause)
        }
    }

    private func isGone(_ bus: BusClient) async throws -> Bool {
        var request = Spacenode_Mempool_V1_ContentRequest()
        request.ids = [try id()]
        return try await bus.call(MempoolContract.content, request).candidates.isEmpty
    }

    /// What a block made of it; nil: no block has it.
    private func receipt(_ bus: BusClient) async throws -> Outcome? {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = "receipt"
        request.key = try id()
        let reply = try await bus.call(VmContract.query, request)
        guard reply.found else { return nil }
        // Height, place and a TransactionResult (docs/protocol/vm.md).
        var reader = ScaleReader([UInt8](reply.value))
        let height = try reader.compact()
        _ = try reader.compact32()
        let result = try Spacenode_Vm_V1_TransactionResult(
            serializedBytes: try reader.slice(limit: 64 << 10))
        switch result.outcome {
        case .done: return plan.outcome("applied", height: height)
        case .failed: return plan.outcome("failed", height: height, reason: result.reason)
        default: return plan.outcome("ineffective", height: height, reason: result.reason)
        }
    }

    private func id() throws -> Data {
        guard let id = Bytes32(hexadecimal: plan.id) else { throw CommandFault("\(plan.id) is no id") }
        return Data(id.bytes)
    }
}

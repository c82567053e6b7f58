internal import Foundation
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import PoetCore

/// What the PoET asks the node.
struct ChainCalls: Sendable {
    let bus: BusClient

    /// When rounds of the node's network work, and whether this node launched it.
    func terms() async throws -> (terms: RoundTerms, isOwn: Bool) {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = "network"
        let reply = try await bus.call(VmContract.query, request)
        let file = try NetworkFile.parse(String(decoding: reply.value, as: UTF8.self), file: "network")
        var isOwn = false
        if case .afterLaunch = file.genesis { isOwn = true }
        return (RoundTerms(file.parameters), isOwn)
    }

    /// Where the chain stands.
    func view() async throws -> ChainView {
        let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
        guard info.restoring.isEmpty, !info.appHash.isEmpty else {
            throw BusError(.notReady, "the ledger has no state yet", retryAfterMilliseconds: 100)
        }
        guard let epoch = try await self.epoch(info.epoch, at: info.height) else {
            throw BusError(.failed, "the ledger has no record of epoch \(info.epoch)")
        }
        let next =
            epoch.isProved && info.epoch < .max ? try await self.epoch(info.epoch + 1, at: info.height) : nil
        return ChainView(
            epoch: info.epoch, start: max(epoch.start, info.genesisTimeMs), challenge: epoch.challenge,
            nextChallenge: next?.challenge)
    }

    /// Gives a proof to the mempool.
    /// - Returns: why it does not wait there; nil: it does.
    func post(_ proof: PoetProof) async throws -> String? {
        var candidate = Spacenode_Mempool_V1_Candidate()
        candidate.kind = .poetProof
        candidate.raw = Data(BlockItem.poetProof(proof).bytes)
        var request = Spacenode_Mempool_V1_SubmitRequest()
        request.candidates = [candidate]
        let reply = try await bus.call(MempoolContract.submit, request)
        guard let verdict = reply.verdicts.first else { return "the mempool gave no verdict" }
        return verdict.waits ? nil : verdict.reason
    }

    private struct Epoch {
        let start: UInt64
        let challenge: Bytes32
        let isProved: Bool
    }

    private func epoch(_ number: UInt32, at height: UInt64) async throws -> Epoch? {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = "epoch"
        request.key = withUnsafeBytes(of: number.bigEndian) { Data($0) }
        request.height = height
        let reply = try await bus.call(VmContract.query, request)
        guard reply.found else { return nil }
        // Its record is the original of these fields, in this order (docs/protocol/vm.md).
        var reader = ScaleReader([UInt8](reply.value))
        _ = try reader.compact()
        let start = try reader.compact()
        _ = (try reader.number128(), try reader.number128(), try reader.compact())
        let challenge = try reader.bytes32()
        return Epoch(start: start, challenge: challenge, isProved: try reader.flag())
    }
}

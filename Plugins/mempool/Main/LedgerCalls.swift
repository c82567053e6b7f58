internal import Foundation
internal import MempoolCore
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

/// What the mempool asks the ledger.
struct LedgerCalls: Sendable {
    /// An account as the newest state has it.
    struct AccountState: Sendable {
        var nextNonce: UInt64 = 0
        var balance: UInt64 = 0
        var isSpawned = false
        var height: UInt64 = 0
    }

    let bus: BusClient

    /// Height and epoch of the newest state.
    func info() async throws -> (height: UInt64, epoch: UInt32) {
        let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
        guard info.restoring.isEmpty, !info.appHash.isEmpty else {
            throw BusError(.notReady, "the ledger has no state yet", retryAfterMilliseconds: 100)
        }
        return (info.height, info.epoch)
    }

    /// What the network's blocks have room for.
    func room() async throws -> ItemPool.Room {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = "network"
        let reply = try await bus.call(VmContract.query, request)
        let file = try NetworkFile.parse(String(decoding: reply.value, as: UTF8.self), file: "network")
        return ItemPool.Room(
            plotProofs: file.parameters.laneProofs, laneBytes: file.parameters.laneBytes)
    }

    /// What the newest state says of each.
    func verdicts(_ candidates: [Candidate]) async throws -> [Verdict] {
        var request = Spacenode_Vm_V1_CheckTxRequest()
        request.candidates = candidates.map { candidate in
            var wire = Spacenode_Vm_V1_Candidate()
            wire.kind = .init(rawValue: Int(candidate.kind.rawValue)) ?? .unspecified
            wire.raw = Data(candidate.raw)
            return wire
        }
        let reply = try await bus.call(VmContract.checkTx, request)
        guard reply.verdicts.count == candidates.count else {
            throw BusError(
                .failed, "the ledger gave \(reply.verdicts.count) verdicts of \(candidates.count) candidates")
        }
        return zip(candidates, reply.verdicts).map { Verdict($0.kind, $1) }
    }

    /// An account of the newest state; nobody has heard of it: zeros.
    func account(_ address: Address) async throws -> AccountState {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = "account"
        request.key = Data(address.bytes)
        let reply = try await bus.call(VmContract.query, request)
        var state = AccountState()
        state.height = reply.height
        guard reply.found else { return state }
        // Its record begins with next nonce, balance, and whether it was spawned (docs/protocol/vm.md).
        var reader = ScaleReader([UInt8](reply.value))
        state.nextNonce = try reader.compact()
        state.balance = try reader.compact()
        state.isSpawned = try reader.flag()
        return state
    }
}

extension Verdict {
    fileprivate init(_ kind: CandidateKind, _ wire: Spacenode_Vm_V1_CheckTxVerdict) {
        guard wire.valid else {
            self = .refused(wire.reason)
            return
        }
        guard kind == .transaction else {
            self = .item
            return
        }
        guard let principal = Address([UInt8](wire.principal)) else {
            self = .refused("the ledger names no account that pays")
            return
        }
        self = .transaction(
            Terms(
                principal: principal, nonce: wire.nonce, nextNonce: wire.nextNonce, fee: wire.fee,
                spends: wire.spends, balance: wire.balance))
    }
}

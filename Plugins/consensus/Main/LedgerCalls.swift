internal import ConsensusCore
internal import Foundation
internal import NodeBus
internal import NodeConfiguration
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

/// What consensus asks of the ledger.
struct LedgerCalls: Sendable {
    let bus: BusClient

    /// The network as the ledger keeps it, and where the ledger stands.
    func network() async throws -> (file: NetworkFile, info: Spacenode_Vm_V1_InfoReply) {
        let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
        guard info.restoring.isEmpty, !info.network.isEmpty, !info.appHash.isEmpty else {
            throw ConsensusFault.refused(
                info.restoring.isEmpty ? "the ledger is not open yet" : info.restoring)
        }
        var query = Spacenode_Vm_V1_QueryRequest()
        query.path = "network"
        let reply = try await bus.call(VmContract.query, query)
        let text = String(decoding: reply.value, as: UTF8.self)
        return (try NetworkFile.parse(text, file: "the network in the state"), info)
    }

    /// Who decides, and R of the last block.
    func committees() async throws -> Committees {
        try Committees(try await bus.call(VmContract.committees, Spacenode_Vm_V1_CommitteesRequest()))
    }

    /// Whether the ledger would take a block.
    func judge(_ block: Spacenode_Vm_V1_Block) async throws -> (accepted: Bool, reason: String) {
        var request = Spacenode_Vm_V1_ProcessProposalRequest()
        request.block = block
        let reply = try await bus.call(VmContract.processProposal, request)
        return (reply.accepted, reply.reason)
    }

    /// Applies a decided block; asked again for the same it says the same.
    ///
    /// - Parameter durable: whether it is on the disk when this returns; else a later one brings it there.
    func apply(_ block: Spacenode_Vm_V1_Block, durable: Bool = true) async throws -> AppliedBlock {
        var request = Spacenode_Vm_V1_FinalizeBlockRequest()
        request.block = block
        request.deferred = !durable
        request.committees = true
        let reply = try await bus.call(VmContract.finalizeBlock, request)
        guard let root = Bytes32(reply.appHash) else {
            throw ConsensusFault.refused("the ledger gave no root for height \(block.height)")
        }
        return AppliedBlock(
            appHash: root, resultsHash: MerkleTree.root(of: reply.results.map(\.leaf)),
            transactions: reply.results.map(\.id),
            committees: reply.hasCommittees ? try Committees(reply.committees) : try await committees())
    }

    /// What became of the newest block that is applied, once more.
    func again(_ decided: DecidedBlock, _ reference: BlockReference) async throws -> AppliedBlock {
        var block = Spacenode_Vm_V1_Block()
        block.height = decided.block.header.height
        block.timeMs = decided.block.header.time.milliseconds
        block.hash = Data(reference.hash.bytes)
        block.parentHash = Data(Bytes32.zero.bytes)
        block.proposer = Data(Bytes32.zero.bytes)
        return try await apply(block)
    }

    /// Gives the ledger a recovery, to keep for ever; the same again changes nothing.
    func accept(_ recovery: Recovery) async throws {
        var request = Spacenode_Vm_V1_AcceptRecoveryRequest()
        request.recovery = Data(recovery.wire)
        _ = try await bus.call(VmContract.acceptRecovery, request)
    }

    /// The transactions that fit into a block.
    func choose(
        _ transactions: [Data], height: UInt64, time: UInt64, proposer: Bytes32, bytes: UInt64
    ) async throws -> [Data] {
        guard !transactions.isEmpty else { return [] }
        var request = Spacenode_Vm_V1_PrepareProposalRequest()
        request.height = height
        request.timeMs = time
        request.proposer = Data(proposer.bytes)
        request.transactions = transactions
        request.maxBytes = bytes
        let reply = try await bus.call(VmContract.prepareProposal, request)
        return reply.chosen.compactMap {
            transactions.indices.contains(Int($0)) ? transactions[Int($0)] : nil
        }
    }
}

/// What became of a block.
struct AppliedBlock: Sendable {
    let appHash: Bytes32
    /// RFC 6962's root over the results, as the next header has it.
    let resultsHash: Bytes32
    /// Ids, in the block's order.
    let transactions: [Data]
    /// Who decides on the next heights.
    let committees: Committees
}

extension Spacenode_Vm_V1_TransactionResult {
    /// What of a result all nodes agree on: id, outcome, gas and fee.
    fileprivate var leaf: [UInt8] {
        var writer = ScaleWriter()
        writer.writeSlice([UInt8](id))
        writer.writeCompact(UInt64(clamping: outcome.rawValue))
        writer.writeCompact(gas)
        writer.writeCompact(fee)
        return writer.bytes
    }
}

/// Who decides the last block, the next and the one after it, as the ledger says.
struct Committees: Sendable {
    let height: UInt64
    /// Of the chain at the next height.
    let revision: UInt32
    /// At `height`.
    let lastRevision: UInt32
    /// The last height before the newest recovery, which may be ahead; 0: there was none.
    let recoveryHeight: UInt64
    /// Who would have decided the height after that; nil: it is not known, or ahead.
    let replaced: ValidatorSet?
    /// VRF keys of the current committee by consensus keys.
    let vrfKeys: [Bytes32: Bytes32]
    let beacon: Bytes32
    let last: ValidatorSet?
    let current: ValidatorSet
    let next: ValidatorSet
    /// The first height of the current term.
    let termStart: UInt64

    /// What the ledger said.
    /// - Throws: `ConsensusFault` when it is nothing that a ledger says.
    init(_ wire: Spacenode_Vm_V1_CommitteesReply) throws {
        height = wire.height
        revision = wire.revision
        lastRevision = wire.lastRevision
        recoveryHeight = wire.recoveryHeight
        replaced = wire.hasReplaced ? try Self.set(wire.replaced) : nil
        vrfKeys = Dictionary(
            wire.current.members.compactMap { member in
                guard let key = Bytes32(member.operator), let vrfKey = Bytes32(member.vrfKey) else {
                    return nil
                }
                return (key, vrfKey)
            }, uniquingKeysWith: { first, _ in first })
        guard let beacon = Bytes32(wire.beacon) else {
            throw ConsensusFault.refused("the ledger gave no beacon")
        }
        self.beacon = beacon
        last = wire.hasLast ? try Self.set(wire.last) : nil
        current = try Self.set(wire.current)
        next = try Self.set(wire.next)
        termStart = wire.current.fromHeight
    }

    private static func set(_ wire: Spacenode_Vm_V1_Committee) throws -> ValidatorSet {
        try ValidatorSet(
            wire.members.map { member in
                guard let key = Bytes32(member.operator) else {
                    throw ConsensusFault.refused("the ledger named a member without a key")
                }
                return Validator(key: key, power: Int64(clamping: member.power))
            })
    }

    /// The rotation at the height that is decided next: one step for each height of its term.
    var rotation: ProposerRotation {
        var rotation = ProposerRotation(of: current)
        for _ in 0..<((height + 1) - min(termStart, height + 1)) { rotation.increment() }
        return rotation
    }
}

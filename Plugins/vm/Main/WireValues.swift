internal import Foundation
internal import NodeDomain
internal import NodeProtocol
internal import VmCore

extension BlockInput {
    /// What a message says, within its limits.
    /// - Throws: `LedgerFault` when it is no block.
    init(_ wire: Spacenode_Vm_V1_Block) throws(LedgerFault) {
        guard wire.transactions.count <= VmLimit.transactions, wire.items.count <= VmLimit.items else {
            throw .refused(
                """
                \(wire.transactions.count) transactions and \(wire.items.count) other items: at most \
                \(VmLimit.transactions) and \(VmLimit.items) are allowed
                """)
        }
        self.init(
            height: wire.height, time: wire.timeMs, hash: try Bytes32(wire.hash, "hash"),
            parent: try Bytes32(wire.parentHash, "parent_hash"),
            proposer: try Bytes32(wire.proposer, "proposer"), items: wire.items.map { [UInt8]($0) },
            transactions: wire.transactions.map { [UInt8]($0) }, present: [UInt8](wire.present))
    }
}

extension Bytes32 {
    /// A field of 32 bytes.
    init(_ bytes: Data, _ field: String) throws(LedgerFault) {
        guard let value = Bytes32(bytes) else {
            throw .refused("`\(field)` has \(bytes.count) bytes: 32 are needed")
        }
        self = value
    }
}

extension CheckpointHead {
    var wire: Spacenode_Vm_V1_CheckpointHead {
        var wire = Spacenode_Vm_V1_CheckpointHead()
        wire.version = UInt32(Self.version)
        wire.genesisID = Data(genesisID)
        wire.genesisTimeMs = genesisTime
        wire.height = height
        wire.timeMs = time
        wire.blockHash = Data(blockHash.bytes)
        wire.appHash = Data(appHash.bytes)
        return wire
    }

    init(_ wire: Spacenode_Vm_V1_CheckpointHead) throws(LedgerFault) {
        guard wire.version == Self.version, wire.genesisID.count == GenesisID.count else {
            throw .refused("a checkpoint of version \(wire.version): only \(Self.version) is known")
        }
        self.init(
            genesisID: [UInt8](wire.genesisID), genesisTime: wire.genesisTimeMs, height: wire.height,
            time: wire.timeMs, blockHash: try Bytes32(wire.blockHash, "block_hash"),
            appHash: try Bytes32(wire.appHash, "app_hash"))
    }
}

extension TransactionReceipt {
    /// As the bus and storage have it.
    var wire: Spacenode_Vm_V1_TransactionResult {
        var wire = Spacenode_Vm_V1_TransactionResult()
        wire.id = Data(id.bytes)
        wire.gas = gas
        wire.fee = fee
        switch outcome {
        case .done(let event):
            wire.outcome = .done
            wire.events = [event.wire]
        case .failed(let reason):
            wire.outcome = .failed
            wire.reason = reason.description
        case .ineffective(let reason):
            wire.outcome = .ineffective
            wire.reason = reason.description
        }
        return wire
    }
}

extension LedgerEvent {
    var wire: Spacenode_Vm_V1_Event {
        switch self {
        case .spawned(let address, let template):
            .make("spawned", [("account", .raw(address.data)), ("template", .text(template.name))])
        case .sent(let from, let to, let amount):
            .make("sent", [("from", .raw(from.data)), ("to", .raw(to.data)), ("amount", .number(amount))])
        case .drained(let vault, let to, let amount):
            .make(
                "drained", [("vault", .raw(vault.data)), ("to", .raw(to.data)), ("amount", .number(amount))])
        }
    }
}

extension Spacenode_Vm_V1_Event {
    static func make(_ kind: String, _ values: [(String, Spacenode_Vm_V1_Attribute.OneOf_Value)]) -> Self {
        var event = Self()
        event.kind = kind
        event.attributes = values.map { name, value in
            var attribute = Spacenode_Vm_V1_Attribute()
            attribute.name = name
            attribute.value = value
            return attribute
        }
        return event
    }
}

extension Address {
    var data: Data { Data(bytes) }
}

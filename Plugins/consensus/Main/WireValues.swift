internal import ConsensusCore
internal import Foundation
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

extension Spacenode_Vm_V1_Block {
    /// A block as the ledger takes it.
    ///
    /// - Parameter context: of the block's height.
    init(_ block: Block, _ reference: BlockReference, _ context: HeightContext) throws {
        self.init()
        guard let proposer = context.validators.member(block.header.proposer) else {
            throw ConsensusFault.refused("block \(block.header.height) was made by somebody without a seat")
        }
        height = block.header.height
        timeMs = block.header.time.milliseconds
        hash = Data(reference.hash.bytes)
        parentHash = Data((context.lastBlock?.hash ?? .zero).bytes)
        self.proposer = Data(proposer.key.bytes)
        items = block.items.map { Data($0) }
        transactions = block.transactions.map { Data($0) }
        present = Data(Self.bits(context.presence(in: block.lastCommit)))
    }

    /// A block that is not made yet, to ask what the ledger thinks of its items.
    init(_ items: [[UInt8]], time: UInt64, by proposer: Bytes32, _ context: HeightContext) {
        self.init()
        height = context.height
        timeMs = time
        hash = Data(Bytes32.zero.bytes)
        parentHash = Data((context.lastBlock?.hash ?? .zero).bytes)
        self.proposer = Data(proposer.bytes)
        self.items = items.map { Data($0) }
        present = Data(Self.bits(context.presence(in: context.lastCommit)))
    }

    /// A bit for each, the first in the lowest place.
    private static func bits(_ flags: [Bool]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: (flags.count + 7) / 8)
        for (place, flag) in flags.enumerated() where flag { bytes[place / 8] |= 1 << UInt8(place % 8) }
        return bytes
    }
}

extension Spacenode_Consensus_V1_DecidedBlock {
    init(_ decided: DecidedBlock) {
        self.init()
        height = decided.block.header.height
        block = Data(decided.block.wire)
        certificate = Data(decided.commit.wire)
    }
}

extension Spacenode_Consensus_V1_DeliverRequest {
    /// What a peer sent, but for an answer.
    ///
    /// - Throws: `ScaleFault` when it cannot be read: no honest peer sends it.
    var event: ConsensusEvent {
        get throws {
            guard hasBlock else {
                return .message(try ConsensusMessage(wire: [UInt8](message)), from: peer)
            }
            let commit = try Certificate(wire: [UInt8](block.certificate))
            return .decided(try Block(wire: [UInt8](block.block)), commit, from: peer)
        }
    }
}

extension Spacenode_Consensus_V1_DeliverReply {
    init(_ opinion: Opinion) {
        self.init()
        blame = opinion.blame
        verdict = opinion.blame.isEmpty ? (opinion.isTaken ? .accept : .ignore) : .reject
    }
}

extension Spacenode_Signer_V1_Target {
    init(_ target: VotedBlock) {
        self.init()
        hash = Data(target.block.hash.bytes)
        partsTotal = target.block.partsTotal
        partsHash = Data(target.block.partsHash.bytes)
        seconds = target.time.seconds
        nanoseconds = target.time.nanoseconds
    }
}

extension ConsensusRules {
    /// The numbers of a network.
    init(_ network: NetworkNumbers) {
        self.init()
        interval = network.interval
        precision = network.precision
        messageDelay = network.messageDelay
        // A round's timers grow by half a second, or by half of themselves where they are shorter.
        func timeout(_ first: UInt64) -> Timeout {
            Timeout(first: first, growth: min(500, max(first / 2, 1)))
        }
        propose = timeout(network.propose)
        prevote = timeout(network.prevote)
        precommit = timeout(network.precommit)
    }
}

/// What of a network's file consensus goes by.
struct NetworkNumbers: Sendable {
    var interval: UInt64 = 0
    var precision: UInt64 = 0
    var messageDelay: UInt64 = 0
    var propose: UInt64 = 0
    var prevote: UInt64 = 0
    var precommit: UInt64 = 0

    /// All numbers in canonical bytes: what headers' `consensusHash` is over.
    var bytes: [UInt8] {
        var writer = ScaleWriter()
        for number in [interval, precision, messageDelay, propose, prevote, precommit] {
            writer.writeCompact(number)
        }
        return writer.bytes
    }
}

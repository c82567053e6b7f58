internal import Foundation
internal import NodeDomain
internal import NodeProtocol
internal import VmCore

extension Ledger {
    /// What a block gives to whoever asked for it.
    func reply(
        _ input: BlockInput, _ outcome: BlockOutcome, _ root: Bytes32
    ) -> Spacenode_Vm_V1_FinalizeBlockReply {
        var reply = Spacenode_Vm_V1_FinalizeBlockReply()
        reply.height = input.height
        reply.appHash = Data(root.bytes)
        reply.results = outcome.receipts.map(\.wire)
        reply.events = outcome.events.map(\.wire)
        for case .committee(let term, let members) in outcome.events {
            reply.committee.fromHeight = UInt64(term) * (network?.parameters.termHeights ?? 0) + 1
            reply.committee.members = members.map(\.wire)
        }
        return reply
    }

    /// What the whole node is told of a block.
    func event(
        _ input: BlockInput, _ outcome: BlockOutcome, _ root: Bytes32
    ) -> Spacenode_Vm_V1_BlockCommitted {
        var event = Spacenode_Vm_V1_BlockCommitted()
        event.height = input.height
        event.hash = Data(input.hash.bytes)
        event.appHash = Data(root.bytes)
        event.timeMs = input.time
        event.transactions = UInt32(clamping: outcome.receipts.count)
        event.ineffective = UInt32(clamping: outcome.receipts.filter { !$0.outcome.isEffective }.count)
        return event
    }
}

extension Voter {
    var wire: Spacenode_Vm_V1_Member {
        var wire = Spacenode_Vm_V1_Member()
        wire.operator = Data(`operator`.bytes)
        wire.vrfKey = Data(vrfKey.bytes)
        wire.power = power
        return wire
    }
}

extension ChainEvent {
    var wire: Spacenode_Vm_V1_Event {
        switch self {
        case .epochEnded(let epoch): .make("epoch_ended", [("epoch", .number(UInt64(epoch)))])
        case .epochStarted(let epoch, let weight, let voters):
            .make(
                "epoch_started",
                [
                    ("epoch", .number(UInt64(epoch))), ("units", .number(weight)),
                    ("voters", .number(UInt64(voters))),
                ])
        case .windowOpened(let epoch, let post, let next):
            .make(
                "window_opened",
                [("epoch", .number(UInt64(epoch))), ("challenge", .id(post)), ("poet_challenge", .id(next))])
        case .minted(let layer, let subsidy, let seatPart):
            .make(
                "minted",
                [("layer", .number(layer)), ("subsidy", .number(subsidy)), ("seat_part", .number(seatPart))])
        case .committee(let term, let members):
            .make(
                "committee", [("term", .number(UInt64(term))), ("members", .number(UInt64(members.count)))])
        case .jailed(let key): .make("jailed", [("operator", .id(key))])
        case .released(let key): .make("released", [("operator", .id(key))])
        case .barred(let key): .make("barred", [("operator", .id(key))])
        case .seatsPaid(let key, let account, let amount):
            .make(
                "seats_paid",
                [("operator", .id(key)), ("account", .raw(account.data)), ("amount", .number(amount))])
        default: plotEvent
        }
    }

    private var plotEvent: Spacenode_Vm_V1_Event {
        switch self {
        case .plotProved(let plot, let epoch, let units, let progress):
            .make(
                "plot_proved",
                [
                    ("plot", .id(plot)), ("epoch", .number(UInt64(epoch))), ("units", .number(UInt64(units))),
                    ("progress", .text("\(progress)")),
                ])
        case .plotLapsed(let plot, let epoch):
            .make("plot_lapsed", [("plot", .id(plot)), ("last_epoch", .number(UInt64(epoch)))])
        case .plotDropped(let plot): .make("plot_dropped", [("plot", .id(plot))])
        case .rewardPaid(let epoch, let plot, let coinbase, let amount):
            .make(
                "reward_paid",
                [
                    ("epoch", .number(UInt64(epoch))), ("plot", .id(plot)), ("coinbase", .raw(coinbase.data)),
                    ("amount", .number(amount)),
                ])
        case .rewardBurnt(let epoch, let plot, let key, let amount):
            .make(
                "reward_burnt",
                [
                    ("epoch", .number(UInt64(epoch))), ("plot", .id(plot)), ("operator", .id(key)),
                    ("amount", .number(amount)),
                ])
        default: .make("unknown", [])
        }
    }
}

extension Spacenode_Vm_V1_Attribute.OneOf_Value {
    static func id(_ id: Bytes32) -> Self { .raw(Data(id.bytes)) }
}

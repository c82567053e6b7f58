internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

/// Answers `spacenode.miner.v1`.
struct MinerHandlers: Sendable {
    let desk: MinerDesk
    let works: MinerWorks
    let bus: BusClient

    /// Most events of an answer.
    private static let mostEvents = 1_000

    /// Registers every method, and what workers tell.
    func serve() {
        bus.serve(ScanHitsContract.hits) { [works] request, _ in
            try request.reply { try works.take($0, of: $1, before: $2) }
        }
        bus.serve(MinerContract.status) { [desk] _, _ in await desk.status() }
        bus.serve(MinerContract.events) { [desk] request, _ in try await events(request, desk) }
        bus.serve(MinerContract.control) { [desk] request, _ in
            if request.hasStopped { await desk.take(.stopped(request.stopped)) }
            var reply = Spacenode_Miner_V1_ControlReply()
            guard let mining = await desk.mining else {
                throw BusError(.notReady, "the ledger has not answered yet: try again in a moment")
            }
            reply.stopped = mining.isStopped
            return reply
        }
        bus.serve(MinerContract.add) { [desk] request, _ in
            var reply = Spacenode_Miner_V1_AddReply()
            reply.known = try await !desk.add(try PlotBook.Added(request, hrp: desk.shown.hrp))
            return reply
        }
    }

    private func events(
        _ request: Spacenode_Miner_V1_EventsRequest, _ desk: MinerDesk
    ) async throws -> Spacenode_Miner_V1_EventsReply {
        let mining = await desk.mining
        var name: String?
        if !request.identity.isEmpty {
            name = mining?.lives.first { Data($0.plot.identity.bytes) == request.identity }?.plot.name
            guard name != nil else {
                throw BusError(.failed, "no plot has this identity: `spacenode identities` lists them")
            }
        }
        let limit = request.limit == 0 ? Self.mostEvents : min(Int(request.limit), Self.mostEvents)
        var reply = Spacenode_Miner_V1_EventsReply()
        reply.events = await desk.events(limit, after: request.after, plot: name).map {
            Spacenode_Miner_V1_Event($0, mining)
        }
        return reply
    }
}

extension MinerDesk {
    /// Everything at a glance.
    func status() -> Spacenode_Miner_V1_StatusReply {
        var reply = Spacenode_Miner_V1_StatusReply()
        guard let mining, let sight = mining.sight else {
            reply.trouble = unmined + ["the ledger has not answered yet: see that vm and signer run"]
            return reply
        }
        let now = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
        reply.network = shown.network
        reply.hrp = shown.hrp
        reply.height = sight.height
        reply.timeMs = sight.time
        reply.layer = shown.layer
        reply.epoch = mining.wireEpoch(sight)
        reply.operator = Data(mining.keys.operator.bytes)
        reply.votes = mining.votes
        (reply.seats, reply.totalSeats) = (shown.seats.own, shown.seats.all)
        reply.jailed = sight.operator?.isJailed ?? false
        reply.barred = sight.operator?.isBarred ?? false
        reply.stopped = mining.isStopped
        reply.plots = mining.lives.map { mining.wire($0) }
        reply.poets = poets
        reply.trouble = unmined + mining.trouble(at: now) + (fault.map { [$0] } ?? [])
        return reply
    }
}

extension Mining {
    fileprivate func wireEpoch(_ sight: ChainSight) -> Spacenode_Miner_V1_Epoch {
        var wire = Spacenode_Miner_V1_Epoch()
        wire.number = sight.epoch.number
        wire.startMs = sight.epoch.start
        wire.lengthMs = terms.epochTime
        wire.units = sight.epoch.weight
        wire.nextUnits = sight.nextWeight
        wire.poetEndsMs = poetEnd
        wire.openedHeight = sight.epoch.opening?.height ?? 0
        wire.windowHeights = terms.windowHeights
        wire.earned = sight.epoch.earned
        return wire
    }

    fileprivate func wire(_ life: PlotLife) -> Spacenode_Miner_V1_Plot {
        let standing = standing(of: life)
        var wire = Spacenode_Miner_V1_Plot()
        wire.name = life.plot.name
        wire.identity = Data(life.plot.identity.bytes)
        wire.units = life.plot.plan.units
        wire.coinbase = Data(life.plot.coinbase.bytes)
        wire.stage = Spacenode_Miner_V1_Stage(standing.stage)
        wire.text = standing.text
        wire.next = standing.next
        wire.share = life.work == nil ? 0 : life.share
        wire.marginMs = standing.margin ?? 0
        wire.activeUnits = UInt32(clamping: activeUnits(life))
        wire.accrued = accrued(life)
        wire.unpaid = unpaid(life)
        wire.paid = life.paid
        wire.trouble = life.trouble
        let row = sight.flatMap { $0.plots[life.plot.identity]?.rows[$0.epoch.number] }
        wire.voting = row?.isVoting ?? false
        return wire
    }
}

extension Spacenode_Miner_V1_Stage {
    fileprivate init(_ stage: PlotStanding.Stage) {
        switch stage {
        case .waiting: self = .waiting
        case .making: self = .making
        case .proving: self = .proving
        case .proved: self = .proved
        case .submitted: self = .submitted
        case .done: self = .done
        }
    }
}

extension Spacenode_Miner_V1_Event {
    /// An entry of the journal; the identity is that of the plot of its name.
    init(_ entry: MinerJournal.Entry, _ mining: Mining?) {
        self.init()
        number = entry.number
        timeMs = entry.time
        epoch = entry.note.epoch
        let life = mining?.lives.first { $0.plot.name == entry.note.plot }
        identity = Data(life?.plot.identity.bytes ?? [])
        kind = entry.note.kind.rawValue
        text = entry.note.text
        cause = entry.note.cause
        attempt = entry.note.attempt
        next = entry.note.next
    }
}

extension PlotBook.Added {
    /// A plot that an operator adds.
    /// - Parameter hrp: what addresses of the network begin with.
    init(_ request: Spacenode_Miner_V1_AddRequest, hrp: String) throws {
        guard let identity = Bytes32(request.identity), let atx = Bytes32(request.commitmentAtx) else {
            throw BusError(.failed, "identity and commitment have 32 bytes")
        }
        guard request.directory.hasPrefix("/"), request.directory.utf8.count <= 4096, request.units > 0 else {
            throw BusError(.failed, "a directory is named from / on, and a plot has units")
        }
        let coinbase = Address([UInt8](request.coinbase))
        guard request.coinbase.isEmpty || coinbase != nil else {
            throw BusError(.failed, "a coinbase has \(Address.count) bytes")
        }
        let name = request.directory.split(separator: "/").last.map(String.init) ?? "plot"
        self.init(
            name: "\(name)-\("\(identity)".prefix(8))", directory: request.directory,
            worker: request.worker.isEmpty ? PlotBook.worker : request.worker, identity: "\(identity)",
            commitmentATX: "\(atx)", units: request.units, maxFileSize: request.maxFileSize,
            coinbase: coinbase?.text(prefix: hrp) ?? "")
    }
}

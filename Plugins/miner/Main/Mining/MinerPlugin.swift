internal import Foundation
internal import Logging
internal import MinerCore
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import ServiceLifecycle
internal import Synchronization

/// The miner on the bus: it follows the chain's blocks, hands out work, and gives activations to the mempool.
struct MinerPlugin: Service {
    private static let longestWait: UInt64 = 1_000
    /// Milliseconds between two looks at the chain when no block tells of itself.
    private static let lookEvery: UInt64 = 5_000
    /// When a worker that got nothing asks again, in milliseconds.
    private static let poll: UInt32 = 500

    private let bus: BusClient
    private let settings: MinerFile
    private let desk: MinerDesk
    private let owner: TaskOwner
    private let store: FleetStore
    private let works: MinerWorks
    private let errands: AsyncStream<MinerDesk.Errand>
    private let end: AsyncStream<MinerDesk.Errand>.Continuation
    private let logger: Logger

    /// Takes the folder, and registers the handlers.
    /// - Throws: when another process has the folder, or it cannot be used.
    init(_ options: BusOptions, _ settings: MinerFile, _ paths: NodePaths, logger: Logger) throws {
        let journal = try MinerJournal(folder: paths.miner)
        store = try FleetStore("\(paths.miner)/tasks", fingerprint: "miner")
        self.settings = settings
        self.logger = logger
        (errands, end) = AsyncStream.makeStream()
        desk = MinerDesk(
            journal, try PlotBook(paths, settings), nonces: settings.nonces, logger: logger, errands: end)
        bus = BusClient(options: options, logger: logger)
        var rules = TaskQueue.Rules()
        rules.leaseMilliseconds = FleetDriver.lease
        rules.pollMilliseconds = Self.poll
        owner = TaskOwner(bus: bus, store: store, rules: rules)
        works = MinerWorks(bus: bus, owner: owner, store: store, desk: desk)
        MinerHandlers(desk: desk, works: works, bus: bus).serve()
        bus.setState(.starting)
    }

    func run() async throws {
        try await bus.run(beside: [owner.run, open, carryOut, measure])
        end.finish()
    }

    // MARK: - Parts

    /// Begins when ledger and signer answer, then follows the chain.
    private func open() async throws {
        guard let network = try await begin() else { return }
        bus.setState(.ready)
        let errand = PoetErrands(bus: bus, settings.poets, network)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follow() }
            group.addTask { await look() }
            group.addTask { await tick() }
            group.addTask { await errand.run(desk) }
            try await group.waitForAll()
        }
    }

    /// The network; nil: the session ended before.
    private func begin() async throws -> PlotBook.Network? {
        var (wait, told): (UInt64, String) = (50, "")
        while !Task.isCancelled {
            do {
                return try await beginNow()
            } catch {
                let text = "ledger or signer do not answer (\(error)): see that vm and signer run"
                if wait == Self.longestWait, text != told {
                    logger.warning("\(text)")
                    bus.setState(.degraded(text))
                    told = text
                }
            }
            await bus.pause(wait)
            wait = min(2 * wait, Self.longestWait)
        }
        return nil
    }

    private func beginNow() async throws -> PlotBook.Network {
        let eyes = ChainEyes(bus: bus)
        let info = try await eyes.info()
        let network = PlotBook.Network(file: try await eyes.network(), genesisID: [UInt8](info.genesisID))
        let keys = try await bus.call(SignerContract.keys, Spacenode_Signer_V1_KeysRequest())
        guard let `operator` = Bytes32(keys.operator), let vrfKey = Bytes32(keys.vrfKey) else {
            throw BusError(.notReady, "the signer has no keys yet", retryAfterMilliseconds: 100)
        }
        var identities = keys.identities.compactMap { Bytes32($0) }
        let needed = await desk.keysNeeded(network)
        if identities.count < needed {
            var request = Spacenode_Signer_V1_MakeIdentityRequest()
            request.least = UInt32(clamping: needed)
            identities = try await bus.call(SignerContract.makeIdentity, request).identities.compactMap {
                Bytes32($0)
            }
        }
        let isSeated = network.file.committee.contains { $0.operator == `operator` }
        try await desk.open(
            network, keys: OperatorKeys(operator: `operator`, vrfKey: vrfKey),
            votes: settings.votes ?? isSeated,
            identities: identities)
        return network
    }

    /// Looks at the chain after each block.
    private func follow() async throws {
        let blocks = try await bus.subscribe(VmContract.blocks)
        await see()
        while try await blocks.next() != nil { await see() }
    }

    /// Looks at the chain now and then, for blocks of which nobody told.
    private func look() async {
        while !Task.isCancelled {
            await bus.pause(Self.lookEvery)
            await see()
        }
    }

    private func tick() async {
        while !Task.isCancelled {
            await bus.pause(500)
            await desk.take(.tick)
        }
    }

    private func see() async {
        guard let mining = await desk.mining else { return }
        do {
            let eyes = ChainEyes(bus: bus)
            let info = try await eyes.info()
            let sight = try await eyes.sight(
                info, operator: mining.keys.operator, plots: mining.lives.map(\.plot.identity),
                owed: mining.owedEpochs)
            let seats = try await eyes.seats(
                of: mining.keys.operator, height: info.height, termHeights: mining.terms.termHeights)
            await desk.see(sight, layer: info.layer, seats: seats)
        } catch {
            // The next look is soon.
            logger.debug("the chain cannot be seen: \(error)")
        }
    }

    /// Does what the desk wants, everything beside everything else.
    private func carryOut() async {
        await withDiscardingTaskGroup { group in
            for await errand in errands { group.addTask { await works.run(errand) } }
        }
    }

    private func measure() async {
        await bus.publishFigures { [desk] in
            guard let mining = await desk.mining else { return [] }
            let units = mining.lives.reduce(0) { $0 + mining.activeUnits($1) }
            return [
                ("miner_plots", Double(mining.lives.count)),
                ("miner_active_units", Double(units)),
                ("miner_paid_smidge", Double(mining.lives.reduce(0) { $0 + $1.paid })),
                ("miner_proving", Double(mining.lives.filter { $0.work != nil }.count)),
                ("miner_epoch", Double(mining.sight?.epoch.number ?? 0)),
            ]
        }
        end.finish()
    }
}

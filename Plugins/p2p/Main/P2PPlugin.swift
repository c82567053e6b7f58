internal import Logging
internal import NodeBus
internal import NodeProtocol
internal import P2PCore
internal import ServiceLifecycle

/// The network on the bus: opened when the ledger has said which chain it is, then carrying what consensus and mempool have to say.
struct P2PPlugin: Service {
    private static let longestWait: UInt64 = 1_000
    /// Words of peers that are judged at once.
    private static let judges = 64

    private let bus: BusClient
    private let settings: P2PSettings
    private let identity: PeerIdentity
    private let network: Network
    private let logger: Logger

    init(_ options: BusOptions, _ settings: P2PSettings, _ identity: PeerIdentity, logger: Logger) {
        bus = BusClient(options: options, logger: logger)
        self.settings = settings
        self.identity = identity
        self.logger = logger
        network = Network(settings, identity, logger)
        P2PHandlers(network: network).serve(on: bus)
        bus.setState(.starting)
    }

    func run() async throws {
        let outcome: Result<Void, any Error>
        do {
            try await bus.run(beside: [carry, membership, measure])
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await network.close()
        try outcome.get()
    }

    /// Opens the network, and carries words between it and the node until the end.
    private func carry() async throws {
        guard let genesis = await genesis(), let hub = try await network.open(genesis) else { return }
        if let fault = network.fault { bus.setState(.degraded(fault)) } else { bus.setState(.ready) }
        let words = NodeWords(bus: bus, hub: hub, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await words.carryOutbox() }
            group.addTask { try await words.carryAnnouncements() }
            group.addTask { try await words.carryPulls() }
            group.addTask { try await words.judge(at: Self.judges) }
            group.addTask { await words.carryRequests() }
            group.addTask { [bus, network] in
                while !Task.isCancelled {
                    await bus.pause(60_000)
                    await network.keep()
                }
            }
            group.addTask { [bus, network] in
                while !Task.isCancelled {
                    await bus.pause(5_000)
                    // A port that another process had may be free by now.
                    if network.fault != nil, await network.listen() { bus.setState(.ready) }
                }
                hub.end()
            }
            defer { hub.end() }
            try await group.next()
            group.cancelAll()
        }
    }

    /// The chain that the ledger has, as soon as it answers; nil: this process ends.
    private func genesis() async -> [UInt8]? {
        var wait: UInt64 = 50
        while !Task.isCancelled {
            do {
                let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
                if info.restoring.isEmpty, !info.genesisID.isEmpty { return [UInt8](info.genesisID) }
                network.waiting = info.restoring.isEmpty ? "the ledger has no chain yet" : info.restoring
            } catch {
                network.waiting = "the ledger does not answer (\(error)): see that vm runs"
            }
            if wait == Self.longestWait { bus.setState(.degraded(network.waiting)) }
            await bus.pause(wait)
            wait = min(2 * wait, Self.longestWait)
        }
        return nil
    }

    /// Who decides, and whether this node is one of them.
    private func membership() async { await Membership(bus: bus, network: network).watch() }

    private func measure() async {
        await bus.publishSamples { [network] in await network.samples() }
    }
}

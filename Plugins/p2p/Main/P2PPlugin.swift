internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol
internal import P2PCore
internal import P2PTransport
internal import ServiceLifecycle
internal import Synchronization

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

    /// Whether this node votes: only then it is of the votes' mesh.
    private func membership() async {
        var was: Bool?
        while !Task.isCancelled {
            let status = try? await bus.call(ConsensusContract.status, Spacenode_Consensus_V1_StatusRequest())
            if let status, let hub = network.hub, was != status.member {
                was = status.member
                hub.post(.member(status.member))
            }
            await bus.pause(was == nil ? 200 : 2_000)
        }
    }

    private func measure() async {
        await bus.publishFigures { [network] in await network.figures() }
    }
}

/// The open network, or why there is none.
final class Network: Sendable {
    private struct State {
        var hub: NetworkHub?
        var transport: Transport?
        var name = ""
        var listening: [Multiaddress] = []
        var fault: String?
        var waiting = "the ledger has not been asked yet"
    }

    let settings: P2PSettings
    let identity: PeerIdentity
    private let logger: Logger
    private let state = Mutex(State())

    init(_ settings: P2PSettings, _ identity: PeerIdentity, _ logger: Logger) {
        self.settings = settings
        self.identity = identity
        self.logger = logger
    }

    var hub: NetworkHub? { state.withLock { $0.hub } }
    var transport: Transport? { state.withLock { $0.transport } }
    /// The first hexadecimal digits of the genesis id.
    var name: String { state.withLock { $0.name } }
    var listening: [Multiaddress] { state.withLock { $0.listening } }
    /// Why nobody can call; nil: they can, or need not.
    var fault: String? { state.withLock { $0.fault } }
    /// Why it is not open; empty when it is.
    var waiting: String {
        get { state.withLock { $0.waiting } }
        set { state.withLock { $0.waiting = newValue } }
    }

    /// Opens it for a chain.
    /// - Returns: nil when the system gives no random bytes.
    func open(_ genesis: [UInt8]) async throws -> NetworkHub? {
        let name = Hexadecimal.text(of: Array(genesis.prefix(4)))
        var own = P2PNode.Settings(own: identity.id, network: name)
        own.mostPeers = settings.maxPeers
        own.isPrivate = settings.isPrivate
        let hub = NetworkHub(own, seed: UInt64.random(in: 0 ... .max))
        var about = Identify(peer: identity.id, protocolVersion: "spacenode/1", agentVersion: "spacenode")
        about.listenAddresses = settings.announce.isEmpty ? settings.listen : settings.announce
        about.protocols = hub.protocols
        var transport = TransportSettings(prologue: genesis, protocols: hub.protocols, about: about)
        transport.limits.lasting = Set(hub.lastingProtocols)
        guard let transport = Transport(transport, identity: identity, onEvent: { hub.take($0) }) else {
            return nil
        }
        hub.begin(transport)
        state.withLock {
            $0.hub = hub
            $0.transport = transport
            $0.name = name
            $0.waiting = ""
        }
        for address in settings.peers { hub.post(.order(.add(address))) }
        _ = await listen()
        logger.info("this node is \(identity.id.text) on network \(name)")
        return hub
    }

    /// Listens where it should.
    /// - Returns: whether that succeeded.
    func listen() async -> Bool {
        guard let transport else { return false }
        var listening = listening
        for address in settings.listen where !listening.contains(where: { $0.host == address.host }) {
            do {
                listening.append(try await transport.listen(on: address))
            } catch {
                let fault =
                    "nobody can call this node: \(address) is not to be had (\(error)): another node may have the port, `up --port-base N` takes others"
                if self.fault == nil { logger.warning("\(fault)") }
                state.withLock { $0.fault = fault }
                return false
            }
        }
        state.withLock { [listening] in
            $0.listening = listening
            $0.fault = nil
        }
        return true
    }

    /// Ends all connections.
    func close() async {
        hub?.end()
        try? await transport?.stop()
    }

    /// For the node's figures.
    func figures() async -> [(String, Double)] {
        guard let transport, let counts = try? await transport.counts() else { return [] }
        let peers = (try? await hub?.ask { node, now in node.peers(now: now) }) ?? []
        let refused = counts.refusedOfOne + counts.refusedOfAll + counts.refusedByGate
        let dropped = peers.reduce(UInt64(0)) { $0 + $1.dropped }
        return [
            ("p2p_peers", Double(peers.count)),
            ("p2p_received_bytes", Double(counts.traffic.received)),
            ("p2p_sent_bytes", Double(counts.traffic.sent)),
            ("p2p_pending", Double(counts.pending)),
            ("p2p_refused", Double(refused)),
            ("p2p_dropped", Double(dropped)),
        ]
    }
}

internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol
internal import P2PCore
internal import P2PTransport
internal import Synchronization

/// The open network, or why there is none.
final class Network: Sendable {
    /// Calls of `keep` between two writings while no ban changes.
    private static let keepEvery = 10

    private struct State {
        var hub: NetworkHub?
        var transport: Transport?
        var file: PeerMemoryFile?
        var name = ""
        var genesis: [UInt8] = []
        var listening: [Multiaddress] = []
        var fault: String?
        var waiting = "the ledger has not been asked yet"
        /// Calls of `keep`, and the bans that the file has.
        var keeps = 0
        var kept: [PeerID: BanList.Ban] = [:]
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
    /// The genesis id; empty while it is not known.
    var genesis: [UInt8] { state.withLock { $0.genesis } }
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
    /// - Throws: `FileFault` when the folder of its files is not to be had.
    func open(_ genesis: [UInt8]) async throws -> NetworkHub? {
        let name = Hexadecimal.text(of: Array(genesis.prefix(4)))
        let own = nodeSettings(name, genesis)
        let file = try PeerMemoryFile(folder: settings.folder)
        let hub = NetworkHub(own, identity, memory: memory(own, file), seed: UInt64.random(in: 0 ... .max))
        let transport = Transport(
            hub.transportSettings(genesis), identity: identity, onEvent: { hub.take($0) })
        guard let transport else { return nil }
        hub.begin(transport)
        state.withLock {
            ($0.hub, $0.transport, $0.file) = (hub, transport, file)
            ($0.name, $0.genesis, $0.waiting) = (name, genesis, "")
        }
        for address in settings.peers { hub.post(.order(.add(address))) }
        _ = await listen()
        logger.info("this node is \(identity.id.text) on network \(name)")
        return hub
    }

    private func nodeSettings(_ name: String, _ genesis: [UInt8]) -> P2PNode.Settings {
        var own = P2PNode.Settings(own: identity.id, network: name)
        own.genesis = genesis
        own.key = KeyedHash(key0: UInt64.random(in: 0 ... .max), key1: UInt64.random(in: 0 ... .max))
        own.mostPeers = settings.maxPeers
        own.isPrivate = settings.isPrivate
        own.allowsLocal = settings.isLocal
        own.announced = settings.announce
        own.port = settings.listen.first.flatMap { $0.port == 0 ? nil : $0.port }
        own.traffic = settings.traffic
        // Who sends as much as it likes answers as much as it likes.
        own.answerRate = settings.traffic.up == 0 ? 16 << 20 : settings.traffic.up / 4
        return own
    }

    private func memory(_ own: P2PNode.Settings, _ file: PeerMemoryFile) -> PeerMemory? {
        do {
            return try file.read(own, seed: UInt64.random(in: 0 ... .max), now: NetworkHub.now)
        } catch {
            logger.warning("this node begins without the peers that it knew and its bans, as \(error)")
            return nil
        }
    }

    /// Writes down who others are: now and then, and soon when a ban is new or lifted.
    func keep() async {
        guard let hub, let memory = try? await hub.ask({ node, _ in node.kept }) else { return }
        let isDue = state.withLock { state in
            state.keeps += 1
            return state.keeps % Self.keepEvery == 0 || state.kept != memory.bans.bans
        }
        if isDue { await write(memory) }
    }

    private func write(_ memory: PeerMemory) async {
        guard let file = state.withLock({ $0.file }) else { return }
        do {
            try await file.write(memory, now: NetworkHub.now)
            state.withLock { $0.kept = memory.bans.bans }
        } catch {
            logger.warning("peers and bans are not kept for the next start: \(error)")
        }
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
        if let memory = try? await hub?.ask({ node, _ in node.kept }) { await write(memory) }
        hub?.end()
        try? await transport?.stop()
    }
}

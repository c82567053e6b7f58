internal import ConsensusCore
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeProtocol
internal import ServiceLifecycle

/// Consensus on the bus.
struct ConsensusPlugin: Service {
    private let bus: BusClient
    private let engine: Engine

    /// Registers the handlers; nothing is read before `run`.
    ///
    /// - Parameter haltAfter: milliseconds without a decision after which the chain stands still.
    init(
        _ options: BusOptions, folder: String, haltAfter: UInt64, acceptance: Acceptance?, logger: Logger
    ) {
        bus = BusClient(options: options, logger: logger)
        let engine = Engine(
            bus, folder: folder, haltAfter: haltAfter, acceptance: acceptance, logger: logger)
        self.engine = engine
        bus.serve(ConsensusContract.status) { _, _ in await engine.status() }
        bus.serve(ConsensusContract.blocks) { request, _ in try await engine.blocks(request) }
        bus.serve(ConsensusContract.deliver) { request, _ in
            Spacenode_Consensus_V1_DeliverReply(await engine.deliver(request))
        }
        bus.setState(.starting)
    }

    func run() async throws {
        try await bus.run(beside: [work, watch, measure])
    }

    private func work() async throws {
        try await engine.run { [bus] in bus.setState(.ready) }
    }

    /// Says when the chain stands still, and when it goes on.
    private func watch() async {
        // What was said last; a state that is said again stands in the router's log.
        var said: PluginState?
        while !Task.isCancelled {
            await bus.pause(1000)
            guard !Task.isCancelled else { return }
            await engine.exportHalt()
            let text = await engine.halted
            let isOpen = await engine.isOpen
            guard !text.isEmpty || isOpen else { continue }
            let state: PluginState = text.isEmpty ? .ready : .degraded(text)
            if state != said { bus.setState(state) }
            said = state
        }
    }

    private func measure() async {
        await bus.publishFigures { [engine] in await engine.figures() }
    }
}

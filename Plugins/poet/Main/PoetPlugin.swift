internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeDomain
internal import NodeProtocol
internal import PoetCore
internal import ServiceLifecycle
internal import Synchronization

/// The PoET on the bus: it follows the chain's blocks, and gives its proofs to the mempool.
struct PoetPlugin: Service {
    private static let longestWait: UInt64 = 1_000
    /// Milliseconds between two looks at the chain when no block tells of itself.
    private static let lookEvery: UInt64 = 5_000

    private let bus: BusClient
    private let settings: PoetSettings
    private let folder: PoetFolder
    private let speed: Double
    private let logger: Logger
    private let proofs: AsyncStream<PoetProof>
    private let toPost: AsyncStream<PoetProof>.Continuation
    private let opened = Opened()

    /// The desk, once there is one.
    private final class Opened: Sendable {
        let desk = Mutex<Desk?>(nil)
    }

    /// Takes the folder, and measures the processor.
    /// - Throws: when another process has the folder, or it cannot be used.
    init(_ options: BusOptions, _ settings: PoetSettings, folder: String, logger: Logger) throws {
        // The folder first: a second process must not take the first one's session before it is refused.
        self.folder = try PoetFolder(folder)
        self.settings = settings
        self.logger = logger
        speed = WorkSpeed.leavesPerSecond(seconds: 0.5)
        (proofs, toPost) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        bus = BusClient(options: options, logger: logger)
        bus.setState(.starting)
    }

    func run() async throws {
        let outcome: Result<Void, any Error>
        do {
            try await bus.run(beside: [serve, post, measure])
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        if let desk = opened.desk.withLock({ $0 }) { await desk.close() }
        try outcome.get()
    }

    // MARK: - Parts

    private func serve() async throws {
        guard let (terms, isOwn) = await terms() else { return }
        guard settings.works ?? isOwn else {
            logger.info("no PoET works here: say `work: true` in poet.yaml for one")
            return bus.setState(.ready)
        }
        try Speed(leavesPerSecond: speed).check(terms)
        let rounds = Rounds(
            server: folder.server, terms: terms, rules: settings.admission, stored: try folder.stored())
        let desk = Desk(
            folder, rounds: rounds, interval: settings.checkpointSeconds, logger: logger
        ) { [toPost] in toPost.yield($0) }
        opened.desk.withLock { $0 = desk }
        desk.start()
        let face = RestFace(desk: desk, certifierURL: settings.certifierURL)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follow(desk) }
            group.addTask { await look(desk) }
            group.addTask { [settings, logger] in
                let server = RestServer { await face.answer($0) }
                try await server.run(host: settings.host, port: settings.port) { port in
                    logger.info("PoET listens on \(settings.host):\(port)")
                }
            }
            bus.setState(.ready)
            try await group.waitForAll()
        }
    }

    /// The network's terms as soon as the ledger answers; nil: the session ended before.
    private func terms() async -> (RoundTerms, Bool)? {
        let calls = ChainCalls(bus: bus)
        var (wait, told): (UInt64, String) = (50, "")
        while !Task.isCancelled {
            do {
                return try await calls.terms()
            } catch {
                let text = "the ledger does not answer (\(error)): see that vm runs"
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

    /// Looks at the chain after each block.
    private func follow(_ desk: Desk) async throws {
        let blocks = try await bus.subscribe(VmContract.blocks)
        await see(desk)
        while try await blocks.next() != nil { await see(desk) }
    }

    /// Looks at the chain now and then, for blocks of which nobody told.
    private func look(_ desk: Desk) async {
        while !Task.isCancelled {
            await bus.pause(Self.lookEvery)
            await see(desk)
        }
    }

    private func see(_ desk: Desk) async {
        do {
            desk.take(.chain(try await ChainCalls(bus: bus).view()))
        } catch {
            // Rounds go on by what was seen last; the next look is soon.
            logger.debug("the chain cannot be seen: \(error)")
        }
    }

    /// Gives proofs to the mempool, again and again until the chain has one.
    private func post() async {
        var told: String?
        for await proof in proofs {
            do {
                let reason = try await ChainCalls(bus: bus).post(proof)
                let text = reason ?? "the proof of epoch \(proof.epoch) waits for a block"
                if text != told { logger.info("\(text)") }
                told = text
            } catch {
                logger.warning("the proof of epoch \(proof.epoch) was not given to the mempool: \(error)")
            }
        }
    }

    private func measure() async {
        await bus.publishFigures { [opened, speed] in
            guard let desk = opened.desk.withLock({ $0 }) else { return [] }
            let (rounds, leaves) = desk.state
            return [
                ("poet_leaves", Double(leaves)),
                ("poet_leaves_per_second_at_start", speed),
                ("poet_round_working", rounds.busy.map { Double($0.epoch) } ?? -1),
                ("poet_members", Double(rounds.open?.registered.count ?? 0)),
            ]
        }
        toPost.finish()
    }
}

/// How fast this processor is, and whether that will do.
struct Speed {
    let leavesPerSecond: Double

    /// - Throws: `CommandFault` when its proofs would be of too few leaves.
    func check(_ terms: RoundTerms) throws {
        guard !terms.isFastEnough(leavesPerSecond: leavesPerSecond) else { return }
        let needed = RoundTerms.room * Double(terms.fewestLeaves) * 1000 / Double(max(terms.work, 1))
        throw CommandFault(
            """
            this processor makes \(Int(leavesPerSecond)) leaves a second, and proofs of this network need \
            \(Int(needed)): run the PoET on a faster machine, with SHA extensions, or use another's
            """)
    }
}

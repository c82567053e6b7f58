internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeCommand
internal import NodeConfiguration
internal import NodeDomain
internal import PoetClient
internal import PoetCore

/// `spacenode poet run`.
struct ToolRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a PoET of its own, without a node, on a clock.",
        discussion: """
            Rounds start at the same distance from genesis on, as the original's do, and work for whoever \
            registers. A chain takes their \
            proofs, only early or late; the PoET of a node follows its blocks instead, and needs no command.
            """)

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/poet.yaml).") var config: String?
    @Option(help: "Network that the rounds are for: devnet, testnet, mainnet, or a file.") var network =
        "mainnet"
    @Option(help: "Genesis, such as 2026-01-01T00:00:00Z (default: the network's).") var genesis: String?
    @Option(help: "Address to listen on, HOST:PORT.") var listen: String?

    func run() async throws {
        let paths = try NodePaths(data: data, run: "/run")
        var settings = try PoetSettings(try PoetFile.read(config ?? paths.poetFile))
        if let listen { try settings.listen(listen) }
        let file = try NetworkFile.read(network)
        let (terms, start) = (RoundTerms(file.parameters), try start(of: file))
        try Speed(leavesPerSecond: WorkSpeed.leavesPerSecond(seconds: 0.5)).check(terms)
        let folder = try PoetFolder(paths.poet)
        let stop = StopFlag.onSignals()
        var logger = Logger(label: "poet") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .info
        let rounds = Rounds(
            server: folder.server, terms: terms, rules: settings.admission, stored: try folder.stored())
        let desk = Desk(
            folder, rounds: rounds, interval: settings.checkpointSeconds, logger: logger,
            clock: { now in
                .clock(at: now, genesis: start, epochTime: terms.epochTime, phase: terms.phase)
            }, post: { _ in })
        desk.start()
        try await serve(desk, settings, stop)
        await desk.close()
    }

    private func serve(_ desk: Desk, _ settings: PoetSettings, _ stop: StopFlag) async throws {
        let face = RestFace(desk: desk, certifierURL: settings.certifierURL)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let server = RestServer { await face.answer($0) }
                try await server.run(host: settings.host, port: settings.port) { port in
                    say("listening on \(settings.host):\(port)")
                }
            }
            group.addTask {
                while !stop.isRaised { try await Task.sleep(for: .milliseconds(50)) }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func start(of file: NetworkFile) throws -> UInt64 {
        if let genesis {
            guard let moment = MomentText.milliseconds(genesis) else {
                throw CommandFault("poet: --genesis must be a moment such as 2026-01-01T00:00:00Z")
            }
            return moment
        }
        guard case .moment(let moment) = file.genesis else {
            throw CommandFault("poet: \(network) begins when its node is started: say when with --genesis")
        }
        return moment
    }
}

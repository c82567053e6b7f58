import Foundation
import Logging
import NodeBus
import NodeProtocol
import Testing

/// A router, a signer of its own, and clients of any role.
final class TestSigner {
    let router: TestRouter
    let data: String
    private(set) var process: Process
    private let log: String

    /// - Parameters:
    ///   - router: nil: one of its own.
    ///   - copying: a data directory whose signer folder this one gets a copy of.
    ///   - network: as vm.yaml says; nil: there is no vm.yaml.
    init(router: TestRouter? = nil, copying other: String? = nil, network: String? = "devnet") throws {
        self.router = try router ?? TestRouter()
        data = "\(self.router.folder)/signer-\(UUID().uuidString.prefix(8))"
        log = "\(data)/signer.log"
        try FileManager.default.createDirectory(atPath: "\(data)/config", withIntermediateDirectories: true)
        if let network {
            try "network: \(network)\n".write(
                toFile: "\(data)/config/vm.yaml", atomically: true, encoding: .utf8)
        }
        if let other { try FileManager.default.copyItem(atPath: "\(other)/signer", toPath: "\(data)/signer") }
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process = Process()
    }

    deinit { stop() }

    var folder: String { "\(data)/signer" }

    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode-signer")
        process.arguments = ["--bus", "ipc:\(router.run)", "--data", data]
        let file = FileHandle(forWritingAtPath: log)
        file?.seekToEndOfFile()
        process.standardError = file
        try process.run()
    }

    /// Ends it, by a signal, and waits.
    func stop(_ signal: Int32 = SIGKILL) {
        guard process.isRunning else { return }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }

    /// The status with which it ended by itself; nil: it runs on.
    func ended(within seconds: TimeInterval = 20) -> Int32? {
        let end = Date() + seconds
        while process.isRunning, Date() < end { usleep(10_000) }
        return process.isRunning ? nil : process.terminationStatus
    }

    func text() -> String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    /// Runs `spacenode signer`.
    func tool(_ words: String...) throws -> (status: Int32, output: String) {
        try Programs.run("spacenode", ["signer"] + words + ["--data", data])
    }

    /// Runs `body` with a session of a role, once a signer answers that has keys, or has none.
    func with<Value: Sendable>(
        _ role: BusRole, hasKeys: Bool = true,
        _ body: @escaping @Sendable (BusClient, Spacenode_Signer_V1_KeysReply) async throws -> Value
    ) async throws -> Value {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let bus = BusClient(
            options: BusOptions(
                address: .ipc(directory: router.run), name: "test-\(UInt32.random(in: 0 ... .max))",
                role: role),
            logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await bus.run() }
            try await bus.waitUntilReady()
            let keys = try await Self.keys(bus, hasKeys)
            let value = try await body(bus, keys)
            bus.drain()
            try await group.waitForAll()
            return value
        }
    }

    private static func keys(_ bus: BusClient, _ hasKeys: Bool) async throws -> Spacenode_Signer_V1_KeysReply
    {
        let end = Date() + 30
        while true {
            do {
                let keys = try await bus.call(SignerContract.keys, .init())
                if keys.operator.isEmpty != hasKeys { return keys }
            } catch  where Date() < end {
                // Not there yet.
            }
            try #require(Date() < end, "the signer is not there")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension BusClient {
    /// What a vote's signer answers; the text of its refusal instead.
    func vote(
        _ height: UInt64, _ round: UInt32 = 0, kind: Spacenode_Signer_V1_VoteKind = .prevote, block: UInt8,
        by key: Data, chain: String = "devnet"
    ) async throws -> Result<Spacenode_Signer_V1_SignReply, BusError> {
        var request = Spacenode_Signer_V1_SignVoteRequest()
        request.operator = key
        request.chain.name = chain
        request.kind = kind
        request.height = height
        request.round = round
        request.target.hash = Data(repeating: block, count: 32)
        request.target.partsTotal = 1
        request.target.partsHash = Data(repeating: 9, count: 32)
        request.target.seconds = 1_700_000_000
        do {
            return .success(try await call(SignerContract.signVote, request))
        } catch let error as BusError {
            return .failure(error)
        }
    }
}

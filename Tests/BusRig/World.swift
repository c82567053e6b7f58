import Foundation
import Logging
import NodeBus
import NodeProtocol
import TestSupport

/// One process of the run, over its lives.
final class Member {
    let kind: String
    let name: String
    let usesProxy: Bool
    var process: Process?
    var life = 0
    var isSlow = false
    /// Journals of lives that ended by kill -9.
    var killed: Set<String> = []

    init(_ kind: String, _ name: String, usesProxy: Bool = false) {
        self.kind = kind
        self.name = name
        self.usesProxy = usesProxy
    }

    func journal(_ folder: String, life: Int) -> String { "\(folder)/\(name).\(life)" }
}

/// All processes of one run.
final class World {
    private let folder: String
    private let binaries: String
    private let preload: String?
    private var router: Process?
    private let port: UInt16
    private let proxies: [CuttingProxy]
    private let key: MachineKey
    private var serverKey = ""
    private let members = [
        Member("provider", "provider-1"), Member("provider", "provider-2"), Member("caller", "caller-1"),
        Member("caller", "caller-2", usesProxy: true), Member("publisher", "publisher-1"),
        Member("publisher", "publisher-2"), Member("subscriber", "subscriber-1"),
        Member("subscriber", "subscriber-2"),
        Member("streamer", "streamer-1"),
    ]
    private var watcher: BusClient?
    private var watching: Task<Void, any Error>?

    init(preload: String?) throws {
        self.preload = preload
        folder = NSTemporaryDirectory() + "busrig-\(UUID().uuidString.prefix(8))"
        binaries =
            URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: "\(folder)/data/config", withIntermediateDirectories: true)
        port = UInt16.random(in: 20_000...50_000) & ~7
        proxies = [
            CuttingProxy(port: port + 4, target: port), CuttingProxy(port: port + 5, target: port + 1),
        ]
        key = try MachineKey()
        let list =
            "machines:\n  - {name: proxied, role: example, key: '\(key.publicKey.replacingOccurrences(of: "'", with: "''"))'}\n"
        try list.write(toFile: "\(folder)/data/config/machines.yaml", atomically: true, encoding: .utf8)
    }

    private var run: String { "\(folder)/run" }

    // MARK: - Processes

    func startAll() async throws {
        try startRouter()
        for _ in 0..<100 where serverKey.isEmpty {
            try await Task.sleep(for: .milliseconds(50))
            let text = try? String(contentsOfFile: "\(folder)/data/keys/router.pub", encoding: .utf8)
            serverKey = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        }
        for member in members { try start(member) }
        var logger = Logger(label: "watcher")
        logger.logLevel = .critical
        let client = BusClient(
            options: BusOptions(address: .ipc(directory: run), name: "watcher", role: .operator),
            logger: logger)
        watcher = client
        watching = Task { try await client.run() }
        try await waitUntilReady(within: 20)
    }

    private func startRouter() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(binaries)/spacenode-router")
        process.arguments = ["--run-dir", run, "--data", "\(folder)/data", "--tcp", "127.0.0.1:\(port)"]
        if let preload {
            process.environment = ProcessInfo.processInfo.environment.merging(["LD_PRELOAD": preload]) { $1 }
        }
        process.standardError = FileHandle(forWritingAtPath: log("router"))
        try process.run()
        router = process
    }

    private func log(_ name: String) -> String {
        let path = "\(folder)/\(name).log"
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        return path
    }

    private func start(_ member: Member) throws {
        member.life += 1
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(binaries)/BusRig")
        var arguments = ["actor", member.kind, "--journal", member.journal(folder, life: member.life)]
        if member.usesProxy {
            arguments += [
                "--bus", "tcp://127.0.0.1:\(port + 4)", "--key=\(key.secretKey)", "--server-key=\(serverKey)",
            ]
        } else {
            arguments += ["--bus", "ipc:\(run)"]
        }
        arguments += ["--name", member.name]
        if member.isSlow { arguments += ["--slow", "20"] }
        process.arguments = arguments
        process.standardError = FileHandle(forWritingAtPath: log(member.name))
        try process.run()
        member.process = process
    }

    func killAll() {
        for member in members { if let id = member.process?.processIdentifier { kill(id, SIGKILL) } }
        if let id = router?.processIdentifier { kill(id, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: - Faults

    /// Carries out one fault.
    /// - Returns: milliseconds until all were READY again, for a killed router; else 0.
    func inject(_ fault: Fault, _ random: inout SplitMix) async throws -> Int {
        switch fault {
        case .killRouter: return try await killRouter()
        case .killProvider: try restart(pick("provider", &random))
        case .killSubscriber: try restart(pick("subscriber", &random))
        case .killCaller: try restart(pick("caller", &random))
        case .pause: try await pause(&random)
        case .disconnect: for proxy in proxies { proxy.cut() }
        case .slowConsumer:
            let member = pick("subscriber", &random)
            member.isSlow.toggle()
            try restart(member)
        }
        return 0
    }

    private func pick(_ kind: String, _ random: inout SplitMix) -> Member {
        members.filter { $0.kind == kind }.randomElement(using: &random) ?? members[0]
    }

    private func restart(_ member: Member) throws {
        if let process = member.process {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            member.killed.insert(member.journal(folder, life: member.life))
        }
        try start(member)
    }

    private func pause(_ random: inout SplitMix) async throws {
        let isRouter = random.next() % 4 == 0
        guard let process = isRouter ? router : members.randomElement(using: &random)?.process else { return }
        kill(process.processIdentifier, SIGSTOP)
        // Now and then longer than the ten seconds that end a session.
        let milliseconds = random.next() % 8 == 0 && !isRouter ? 11_000 : 500 + Int(random.next() % 2500)
        try await Task.sleep(for: .milliseconds(milliseconds))
        kill(process.processIdentifier, SIGCONT)
    }

    private func killRouter() async throws -> Int {
        try await waitUntilReady(within: 20)
        if let process = router {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let start = ContinuousClock.now
        try startRouter()
        try await waitUntilReady(within: 20)
        let elapsed = ContinuousClock.now - start
        return Int(elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000)
    }

    /// Waits until every member has a session that takes part.
    private func waitUntilReady(within seconds: Int) async throws {
        let names = Set(members.map(\.name))
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            let list = try? await watcher?.call(
                RouterContract.listSessions, Spacenode_Bus_V1_ListSessionsRequest(), ttl: .milliseconds(200))
            let ready = list?.sessions.filter {
                $0.state == 2 || String(decoding: $0.name, as: UTF8.self).hasPrefix("publisher")
            }
            if names.isSubset(of: Set((ready ?? []).map { String(decoding: $0.name, as: UTF8.self) })) {
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw RigError(description: "not all processes were READY within \(seconds) s")
    }

    // MARK: - The end

    /// Lets everything come to rest and audits the journals.
    func finish() async throws -> Audit {
        try await waitUntilReady(within: 30)
        try await Task.sleep(for: .seconds(1))
        // Those who send stop first; those who receive get all of it.
        await stop(members.filter { $0.kind == "caller" || $0.kind == "streamer" })
        let publishers = members.filter { $0.kind == "publisher" }
        for member in publishers { kill(member.process?.processIdentifier ?? 0, SIGUSR1) }
        try await Task.sleep(for: .seconds(2))
        let settled = published(publishers)
        await stop(members.filter { $0.kind == "subscriber" })
        watcher?.drain()
        return audit(settled)
    }

    private func stop(_ group: [Member]) async {
        for member in group { member.process?.terminate() }
        let end = ContinuousClock.now + .seconds(20)
        while group.contains(where: { $0.process?.isRunning == true }), ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Last number by `publisher epoch key`, of each publisher's last session.
    private func published(_ publishers: [Member]) -> [String: UInt64] {
        var result: [String: UInt64] = [:]
        for member in publishers {
            let lines = readJournal(member.journal(folder, life: member.life)).filter {
                $0.first == "P" && $0.count == 5
            }
            guard let epoch = lines.last?[2] else { continue }
            for words in lines where words[2] == epoch {
                result[words[1...3].joined(separator: " ")] = UInt64(words[4])
            }
        }
        return result
    }

    private func audit(_ published: [String: UInt64]) -> Audit {
        var audit = Audit()
        for member in members {
            for life in 1...max(1, member.life) {
                let path = member.journal(folder, life: life)
                let lines = readJournal(path)
                let name = "\(member.name).\(life)"
                let wasKilled = member.killed.contains(path)
                switch member.kind {
                case "caller": audit.caller(name, lines, wasKilled: wasKilled)
                case "streamer": audit.streamer(name, lines, wasKilled: wasKilled)
                case "subscriber":
                    audit.subscriber(
                        name, lines, isAliveAtEnd: life == member.life && !member.isSlow, published: published
                    )
                default: break
                }
            }
        }
        return audit
    }
}

/// Why a run could not be made.
struct RigError: Error, CustomStringConvertible {
    let description: String
}

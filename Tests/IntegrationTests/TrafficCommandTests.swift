import Foundation
import Testing

/// `tap`, `top`, `record` and `metrics` against a real router with plugins in Swift and Python.
@Suite("Seeing the traffic", .serialized)
struct TrafficCommandTests {
    private static let contract = """
        contracts:
          - number: 16384
            name: acme.vault.v1.Vault
            providers: [example]
            types:
              - {number: 1, name: Put, sensitive: true, callers: [example], ttl_ms: 2000, max_bytes: 65536}
              - {number: 2, name: Look, callers: [example], ttl_ms: 2000, max_bytes: 65536}

        """

    private func spacenode(_ router: TestRouter, _ words: [String]) throws -> (status: Int32, output: String)
    {
        try Programs.run("spacenode", words + ["--run-dir", router.run, "--data", router.data], timeout: 30)
    }

    /// Starts a program that writes into a file of the router's folder.
    private func start(
        _ program: String, _ words: [String], log: String, environment: [String: String] = [:]
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: log)
        process.standardError = process.standardOutput
        try process.run()
        return process
    }

    private func example(_ router: TestRouter, _ name: String) throws -> Process {
        try start(
            "\(Programs.folder)/spacenode-example", ["--bus", "ipc:\(router.run)", "--name", name],
            log: "\(router.folder)/\(name).log")
    }

    private func wait(_ seconds: Double, until condition: () throws -> Bool) rethrows -> Bool {
        let end = Date() + seconds
        while Date() < end {
            if try condition() { return true }
            usleep(50_000)
        }
        return try condition()
    }

    private func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    @Test("tap shows calls decoded and counts them; a tree of causes; top and metrics agree")
    func examples() throws {
        let router = try TestRouter()
        let plugins = try ["one", "two"].map { try example(router, $0) }
        defer { for plugin in plugins { kill(plugin.processIdentifier, SIGKILL) } }
        #expect(try wait(5) { try spacenode(router, ["bus", "ls"]).output.contains("two") })
        let log = "\(router.folder)/tap.log"
        let tap = try start(
            "\(Programs.folder)/spacenode",
            ["tap", "-n", "2", "--type", "Echo", "--json", "--run-dir", router.run, "--data", router.data],
            log: log)
        defer { kill(tap.processIdentifier, SIGKILL) }
        usleep(700_000)
        #expect(try spacenode(router, ["bus", "echo", "hello"]).status == 0)
        #expect(wait(5) { !tap.isRunning })
        let lines = text(log).split(separator: "\n")
        #expect(lines.first?.contains("\"payload\":{\"body\":\"68656c6c6f\"}") == true)
        #expect(lines.last?.hasPrefix("2 shown, ") == true && lines.last?.hasSuffix(" 0 missed") == true)
        let past = try spacenode(
            router, ["tap", "--past", "-n", "1", "--type", "Echo", "--field", "body=hello"])
        #expect(past.output.contains("REQUEST Example/Echo") && past.output.contains("body: \"hello\""))
        let id = try #require(past.output.firstMatch(of: /operator-\d+\/\d+/)).output
        let tree = try spacenode(router, ["tap", "--cause", String(id)])
        #expect(tree.status == 0 && tree.output.contains("└─ REPLY after"))
        let gone = try spacenode(router, ["tap", "--cause", "one/999999"])
        #expect(gone.status == 2 && gone.output.contains("is not among the"))
        let top = try spacenode(router, ["top", "--once", "--json"])
        #expect(top.output.contains("\"plugin\":\"one\"") && top.output.contains("\"messagesPerSecond\""))
        let metrics = try spacenode(router, ["metrics"])
        let echoes = #"spacenode_bus_answer_seconds_count{type="spacenode.example.v1.Example/Echo"} 1"#
        #expect(metrics.output.contains(echoes))
    }

    @Test(
        "a contract added while all runs shows decoded; a secret is in no tap, recording, log or core file",
        .enabled(if: PythonExample.isPossible))
    func canary() throws {
        let router = try TestRouter()
        let secret = "canary-\(UUID().uuidString)"
        let log = "\(router.folder)/tap.log"
        let tap = try start(
            "\(Programs.folder)/spacenode", ["tap", "--run-dir", router.run, "--data", router.data], log: log)
        defer { kill(tap.processIdentifier, SIGKILL) }
        try Self.contract.write(
            toFile: "\(router.data)/config/router.yaml", atomically: true, encoding: .utf8)
        sleep(2)
        let vault = try start(
            PythonExample.interpreter,
            [
                "\(Programs.root)/Tests/python/vault/vault.py", "--bus", "ipc:\(router.run)", "--name",
                "vault",
            ],
            log: "\(router.folder)/vault.log",
            environment: [
                "SPACENODE_PROTOS": "\(Programs.root)/Protos:\(Programs.root)/Tests/python/vault",
                "VAULT_SECRET": secret,
            ])
        defer { kill(vault.processIdentifier, SIGKILL) }
        #expect(wait(20) { text("\(router.folder)/vault.log").contains("done") })
        usleep(300_000)
        let seen = text(log)
        #expect(seen.contains("REQUEST Vault/Look") && seen.contains("{name: \"blue\", shelves: [9, 300]}"))
        #expect(seen.contains("REQUEST Vault/Put") && seen.contains("sensitive: "))
        let recording = "\(router.folder)/all.mcap"
        let summary = try spacenode(router, ["record", "-o", recording, "--last", "60", "--json"])
        #expect(summary.status == 0 && summary.output.contains("\"missed\" : 0"))
        let tail = try spacenode(router, ["tap", "--past", "--json", "-n", "40"])
        #expect(tail.output.contains("\"shelves\":[9,300]"))
        // What the router writes when it dies would have it all.
        kill(router.process.processIdentifier, SIGSYS)
        #expect(wait(5) { !router.process.isRunning })
        try expectNoTrace(of: secret, in: router.folder, besides: tail.output)
    }

    /// Searches all files of a folder, compressed ones unpacked.
    private func expectNoTrace(of secret: String, in folder: String, besides output: String) throws {
        #expect(!output.contains(secret))
        let found = try Programs.run("/usr/bin/grep", ["-rla", secret, folder])
        #expect(found.output == "")
        let hex = secret.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(try Programs.run("/usr/bin/grep", ["-rla", hex, folder]).output == "")
        let unpacked = try Programs.run(
            PythonExample.interpreter,
            ["\(Programs.root)/Tests/python/read_mcap.py", "\(folder)/all.mcap", "--find", secret])
        #expect(unpacked.status == 0, "\(unpacked.output)")
        let cores = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.contains("core") }
        #expect(cores.isEmpty)
    }

    @Test(
        "a recording under load opens with the mcap package, every message decodes, none is missing",
        .enabled(if: PythonExample.isPossible))
    func recording() throws {
        let router = try TestRouter()
        let plugins = try ["one", "two"].map { try example(router, $0) }
        defer { for plugin in plugins { kill(plugin.processIdentifier, SIGKILL) } }
        #expect(try wait(5) { try spacenode(router, ["bus", "ls"]).output.contains("two") })
        let path = "\(router.folder)/load.mcap"
        let record = try start(
            "\(Programs.folder)/spacenode",
            ["record", "-o", path, "--json", "--run-dir", router.run, "--data", router.data],
            log: "\(router.folder)/record.log")
        defer { kill(record.processIdentifier, SIGKILL) }
        usleep(700_000)
        let load = try Programs.run(
            "BusRig", ["traffic", "--bus", "ipc:\(router.run)", "--seconds", "4"], timeout: 30)
        #expect(load.status == 0, "\(load.output)")
        let sent = try #require(Int(load.output.firstMatch(of: /"sent":(\d+)/)?.output.1 ?? ""))
        #expect(sent > 10_000)
        usleep(300_000)
        record.terminate()
        #expect(wait(10) { !record.isRunning })
        #expect(text("\(router.folder)/record.log").contains("\"missed\" : 0"))
        let read = try Programs.run(
            PythonExample.interpreter,
            ["\(Programs.root)/Tests/python/read_mcap.py", path, "--count", "spacenode.example.v1.Example/"],
            timeout: 120)
        #expect(read.status == 0, "\(read.output)")
        #expect(read.output.contains("\"counted\": \(sent)"), "\(read.output) for \(sent) sent")
    }

    @Test(
        "promtool accepts the metrics",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/promtool")))
    func promtool() throws {
        let router = try TestRouter()
        let plugin = try example(router, "one")
        defer { kill(plugin.processIdentifier, SIGKILL) }
        #expect(try wait(5) { try spacenode(router, ["bus", "ls"]).output.contains("one") })
        #expect(try spacenode(router, ["bus", "echo", "hello"]).status == 0)
        let file = "\(router.folder)/metrics.prom"
        #expect(try spacenode(router, ["metrics", "--file", file]).status == 0)
        let check = try Programs.run("/bin/sh", ["-c", "/usr/bin/promtool check metrics < \(file)"])
        #expect(check.status == 0 && check.output.isEmpty, "\(check.output)")
    }
}

import Foundation
import Testing

/// Router, example plugins and command line together, as the README starts them.
@Suite("Command line", .serialized)
struct CommandTests {
    private func start(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func spacenode(_ router: TestRouter, _ words: String...) throws -> (status: Int32, output: String)
    {
        try Programs.run("spacenode", words + ["--run-dir", router.run, "--data", router.data], timeout: 20)
    }

    private func waitFor(_ name: String, _ router: TestRouter) throws -> Bool {
        for _ in 0..<30 {
            if try spacenode(router, "bus", "ls").output.contains(name) { return true }
            usleep(100_000)
        }
        return false
    }

    @Test("an example plugin is listed, answers, and drains on request with status 0")
    func lifeOfAPlugin() throws {
        let router = try TestRouter()
        let plugin = try start(
            "\(Programs.folder)/spacenode-example", ["--bus", "ipc:\(router.run)", "--name", "one"])
        defer { kill(plugin.processIdentifier, SIGKILL) }
        #expect(try waitFor("one", router))
        let echo = try spacenode(router, "bus", "echo", "hello")
        #expect(echo.status == 0 && echo.output.hasPrefix("hello"))
        let json = try spacenode(router, "bus", "stats", "--json")
        #expect(json.output.contains("\"routedMessages\""))
        let drain = try spacenode(router, "bus", "drain", "one")
        #expect(drain.status == 0)
        let end = Date() + 5
        while plugin.isRunning, Date() < end { usleep(10_000) }
        #expect(!plugin.isRunning && plugin.terminationStatus == 0)
    }

    @Test(
        "machines are allowed, listed and revoked; a revoked one loses its session",
        arguments: CExample.isPossible ? ["Swift", "C"] : ["Swift"])
    func machines(_ language: String) throws {
        let example =
            try language == "C"
            ? CExample.program("sanitized/example") : "\(Programs.folder)/spacenode-example"
        let router = try TestRouter(tcp: true)
        let box = NSTemporaryDirectory() + "box-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: box) }
        let key = try Programs.run("spacenode", ["machine", "key", "--json", "--data", box])
        let fields = try JSONSerialization.jsonObject(with: Data(key.output.utf8)) as? [String: Any]
        let publicKey = try #require(fields?["machine"] as? String)
        #expect(
            try spacenode(router, "machine", "allow", "box", "--role", "example", "--key=\(publicKey)").status
                == 0)
        #expect(try spacenode(router, "machine", "list").output.contains(publicKey))
        usleep(1_300_000)
        let plugin = try start(
            example,
            [
                "--bus", "tcp://127.0.0.1:\(router.port)", "--server-key=\(router.publicKey)", "--key",
                "\(box)/keys/machine.key", "--name", "box",
            ])
        defer { kill(plugin.processIdentifier, SIGKILL) }
        #expect(try waitFor("box", router))
        #expect(try spacenode(router, "machine", "revoke", "box").status == 0)
        let end = Date() + 4
        while plugin.isRunning, Date() < end { usleep(10_000) }
        #expect(!plugin.isRunning && plugin.terminationStatus == 2)
    }

    @Test(
        "the Python example answers, streams, and drains on SIGTERM", .enabled(if: PythonExample.isPossible))
    func python() throws {
        let router = try TestRouter()
        let plugin = try start(
            PythonExample.interpreter,
            [
                "\(Programs.root)/SDK/python/examples/example.py", "--bus", "ipc:\(router.run)", "--name",
                "snake",
            ])
        defer { kill(plugin.processIdentifier, SIGKILL) }
        #expect(try waitFor("snake", router))
        let echo = try spacenode(router, "bus", "echo", "hello")
        #expect(echo.status == 0 && echo.output.hasPrefix("hello"))
        plugin.terminate()
        let end = Date() + 5
        while plugin.isRunning, Date() < end { usleep(10_000) }
        #expect(!plugin.isRunning && plugin.terminationStatus == 0)
    }
}

/// Where Python with pyzmq and protobuf is.
enum PythonExample {
    static let interpreter: String = {
        let own = "\(Programs.root)/.build/venv/bin/python3"
        return FileManager.default.isExecutableFile(atPath: own) ? own : "/usr/bin/env"
    }()

    static let isPossible: Bool = {
        guard interpreter.hasSuffix("python3") else { return false }
        return (try? Programs.run(interpreter, ["-c", "import zmq, google.protobuf"]).status) == 0
    }()
}

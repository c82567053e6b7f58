import Foundation
import Testing

/// The plugin kit in C on a real router: as a provider, and as one that asks others.
@Suite("C SDK", .serialized, .enabled(if: CExample.isPossible))
struct CExampleTests {
    private func start(_ program: String, _ router: TestRouter, _ name: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["--bus", "ipc:\(router.run)", "--name", name]
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func waitFor(_ name: String, _ router: TestRouter) throws -> Bool {
        for _ in 0..<30 {
            let list = try Programs.run(
                "spacenode", ["bus", "ls", "--run-dir", router.run, "--data", router.data])
            if list.output.contains(name) { return true }
            usleep(100_000)
        }
        return false
    }

    private func status(_ process: Process) -> Int32? {
        let end = Date() + 5
        while process.isRunning, Date() < end { usleep(10_000) }
        return process.isRunning ? nil : process.terminationStatus
    }

    @Test("the C client has calls, streams and events of the C and of the Swift example")
    func client() throws {
        let router = try TestRouter()
        for program in [try CExample.program("sanitized/example"), "\(Programs.folder)/spacenode-example"] {
            let plugin = try start(program, router, "provider")
            defer { kill(plugin.processIdentifier, SIGKILL) }
            #expect(try waitFor("provider", router))
            let client = try Programs.run(
                CExample.program("sanitized/client"), ["--bus", "ipc:\(router.run)"], timeout: 30)
            #expect(client.status == 0, "\(client.output)")
            #expect(client.output.split(separator: "\n").filter { $0.hasPrefix("ok ") }.count == 4)
            plugin.terminate()
            #expect(status(plugin) == 0)
        }
    }

    @Test("it answers, drains on request with status 0, and gives way to a second one of its name")
    func life() throws {
        let router = try TestRouter()
        let program = try CExample.program("sanitized/example")
        let first = try start(program, router, "kit")
        defer { kill(first.processIdentifier, SIGKILL) }
        #expect(try waitFor("kit", router))
        let second = try start(program, router, "kit")
        defer { kill(second.processIdentifier, SIGKILL) }
        #expect(status(first) == 2)
        let place = ["--run-dir", router.run, "--data", router.data]
        #expect(try Programs.run("spacenode", ["bus", "echo", "hello"] + place).output.hasPrefix("hello"))
        #expect(try Programs.run("spacenode", ["bus", "drain", "kit"] + place).status == 0)
        #expect(status(second) == 0)
    }
}

/// The examples of SDK/c, built by make: as they are, with the sanitizers, and with a bug to choose.
enum CExample {
    static let isPossible: Bool = {
        let tools = ["make", "gcc", "protoc", "protoc-c"]
        return tools.allSatisfy { (try? Programs.run("/usr/bin/env", [$0, "--version"]).status) == 0 }
    }()

    private static let built = Result {
        try Programs.run(
            "/usr/bin/env", ["make", "-C", "\(Programs.root)/SDK/c", "-j2", "all", "mutants", "sanitized"],
            timeout: 300)
    }

    /// Path of a program below SDK/c/build.
    static func program(_ name: String) throws -> String {
        let result = try built.get()
        try #require(result.status == 0, "\(result.output)")
        return "\(Programs.root)/SDK/c/build/\(name)"
    }
}

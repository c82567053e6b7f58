import Foundation
import NodeBus
import Testing

/// Each refusal is distinct, readable and there within a second; real processes throughout.
@Suite("Refusals", .serialized)
struct RefusalTests {
    /// Runs the example plugin and returns what it said when it gave up, and after how long.
    private func refused(_ arguments: [String]) throws -> (status: Int32, text: String, seconds: TimeInterval)
    {
        let start = Date()
        let (status, output) = try Programs.run("spacenode-example", arguments, timeout: 5)
        return (status, output, Date().timeIntervalSince(start))
    }

    private func write(_ text: String) throws -> String {
        let path = NSTemporaryDirectory() + "key-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test("over CURVE: unknown key, wrong server key, another role's key")
    func curve() throws {
        let known = try MachineKey()
        let worker = try MachineKey()
        let router = try TestRouter(
            tcp: true,
            machines: [("known", "example", known.publicKey), ("worker", "post-worker", worker.publicKey)])
        let bus = ["--bus", "tcp://127.0.0.1:\(router.port)", "--server-key=\(router.publicKey)"]

        let unknown = try refused(bus + ["--key", write(try MachineKey().secretKey)])
        #expect(
            unknown.status == 2
                && unknown.text.contains("does not know this machine's key: spacenode machine allow"))
        #expect(unknown.seconds < 1)

        let other = try refused([
            "--bus", "tcp://127.0.0.1:\(router.port)", "--server-key=\(try MachineKey().publicKey)", "--key",
            write(known.secretKey),
        ])
        #expect(
            other.status == 2 && other.text.contains("--server-key is not that router's"), "\(other.text)")
        #expect(other.seconds < 1)

        let role = try refused(bus + ["--key", write(worker.secretKey)])
        #expect(
            role.status == 2 && role.text.contains("listed for role post-worker, not example"), "\(role.text)"
        )
        #expect(role.seconds < 1)
    }

    @Test("over ipc: another role's token")
    func token() throws {
        let router = try TestRouter()
        let wrong = try refused(["--bus", "ipc:\(router.run)", "--token", "\(router.run)/tokens/miner"])
        #expect(
            wrong.status == 2 && wrong.text.contains("UNAUTHORIZED: the token is not that of role example"))
        #expect(wrong.seconds < 1)
    }

    @Test("a second process of one name: the newer wins, the older is told")
    func duplicate() throws {
        let router = try TestRouter()
        let arguments = ["--bus", "ipc:\(router.run)", "--name", "twin"]
        let older = Process()
        older.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode-example")
        older.arguments = arguments
        let output = Pipe()
        older.standardError = output
        try older.run()
        usleep(500_000)
        let newer = Process()
        newer.executableURL = older.executableURL
        newer.arguments = arguments
        newer.standardError = FileHandle.nullDevice
        let start = Date()
        try newer.run()
        defer { newer.terminate() }
        older.waitUntilExit()
        #expect(Date().timeIntervalSince(start) < 1)
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(older.terminationStatus == 2)
        #expect(text.contains("SUPERSEDED: another process said HELLO with this name"), "\(text)")
        #expect(newer.isRunning)
    }

    @Test("a second router in one folder, and one without a free port")
    func secondRouter() throws {
        let router = try TestRouter(tcp: true)
        let second = try Programs.run(
            "spacenode-router", ["--run-dir", router.run, "--data", router.data], timeout: 5)
        #expect(second.status == 2 && second.output.contains("another router runs in"))
        let other = NSTemporaryDirectory() + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: other) }
        let port = try Programs.run(
            "spacenode-router",
            ["--run-dir", "\(other)/run", "--data", other, "--tcp", "127.0.0.1:\(router.port)"],
            timeout: 5)
        #expect(port.status == 2 && port.output.contains("another process has the port"), "\(port.output)")
    }

    @Test("commands name the fix")
    func commands() throws {
        let none = try Programs.run("spacenode", ["bus", "ls", "--data", "/nonexistent"], timeout: 10)
        #expect(none.status == 2 && none.output.contains("spacenode up starts the node"))
        let slip = try Programs.run("spacenode", ["machin"])
        #expect(slip.status == 2 && slip.output.contains("did you mean `spacenode machine`?"))
        let key = try Programs.run(
            "spacenode", ["machine", "allow", "x", "--role", "miner", "--key", "short"])
        #expect(key.status == 2 && key.output.contains("40 characters"))
    }
}

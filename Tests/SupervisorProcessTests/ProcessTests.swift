import Foundation
import NodeConfiguration
import SupervisorProcess
import Testing

@Suite("Marked processes")
struct MarkTests {
    /// A process with a mark of ours, in a shell that does as `script` says.
    private func start(_ data: String, place: Int, drain: Int = 5, _ script: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        process.environment = [
            ProcessMark.variable: ProcessMark(data: data, place: place, drainSeconds: drain).text,
            "SPACENODE_NAME": "p\(place)",
        ]
        try process.run()
        return process
    }

    @Test("a mark is read as it is written; what is none is none")
    func text() {
        let mark = ProcessMark(data: "/srv/a:b", place: 3, drainSeconds: 12)
        #expect(ProcessMark(mark.text) == mark)
        for text in ["", "3:12", "x:12:/srv", "3:99999999999999999999:/srv", "3:-1:/srv"] {
            #expect(ProcessMark(text) == nil, "\(text)")
        }
    }

    @Test("those of a node are found in their order, others are left alone, and the last started ends first")
    func end() throws {
        let data = "/nowhere/\(UUID().uuidString)"
        let loop = "while :; do sleep 0.05; done"
        let first = try start(data, place: 0, loop)
        let second = try start(data, place: 1, loop)
        let other = try start("\(data)-other", place: 0, loop)
        defer { for process in [first, second, other] { kill(process.processIdentifier, SIGKILL) } }
        usleep(100_000)
        let found = MarkedProcess.all(of: data).filter {
            [first, second].map(\.processIdentifier).contains($0.pid)
        }
        #expect(found.map(\.name) == ["p0", "p1"])
        var told: [String] = []
        MarkedProcess.end(found) { told.append($0) }
        #expect(told.map { $0.prefix(2) } == ["p1", "p0"])
        first.waitUntilExit()
        second.waitUntilExit()
        #expect(first.terminationStatus == SIGTERM && other.isRunning)
    }

    @Test("a data directory with two names has one set of processes")
    func twoNames() throws {
        let folder = try Folder()
        let link = "\(folder.path)-link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
        defer { try? FileManager.default.removeItem(atPath: link) }
        let process = try start(link, place: 0, "while :; do sleep 0.05; done")
        defer { kill(process.processIdentifier, SIGKILL) }
        usleep(100_000)
        for name in [link, folder.path] {
            let found = MarkedProcess.all(of: name)
            #expect(found.contains { $0.pid == process.processIdentifier }, "\(name)")
        }
    }

    @Test("one that ignores SIGTERM is killed after its time")
    func stubborn() throws {
        let data = "/nowhere/\(UUID().uuidString)"
        let process = try start(data, place: 0, drain: 1, "trap '' TERM; while :; do sleep 0.05; done")
        defer { kill(process.processIdentifier, SIGKILL) }
        usleep(200_000)
        let start = Date()
        MarkedProcess.end(MarkedProcess.all(of: data).filter { $0.pid == process.processIdentifier }) { _ in }
        process.waitUntilExit()
        #expect(process.terminationStatus == SIGKILL && Date().timeIntervalSince(start) > 0.9)
    }

    @Test("a number that another process has now is another process")
    func recycled() throws {
        let identity = try #require(ProcessIdentity(getpid()))
        #expect(identity.isAlive && identity == ProcessIdentity(getpid()))
        #expect(ProcessIdentity(1) != identity)
    }
}

@Suite("The lock of a data directory")
struct LockTests {
    @Test("it has one holder, who is named while it lives")
    func one() throws {
        let folder = try Folder()
        let paths = try NodePaths(data: folder.path, run: "\(folder.path)/run", environment: [:])
        #expect(!NodeLock.isHeld(paths) && NodeLock.holder(paths) == nil)
        var lock = try NodeLock(paths)
        #expect(lock != nil)
        #expect(try NodeLock(paths) == nil)
        #expect(NodeLock.holder(paths)?.pid == getpid() && NodeLock.holder(paths)?.run == paths.run)
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(!NodeLock.isHeld(paths))
    }
}

@Suite("Before the start")
struct PreflightTests {
    private func paths(_ folder: Folder, node: String? = nil, router: String? = nil) throws -> NodePaths {
        let paths = try NodePaths(
            data: "\(folder.path)/data", run: "\(folder.path)/run", environment: [:])
        #expect(try Preflight.makeFolders(paths))
        for (path, text) in [(paths.nodeFile, node), (paths.routerFile, router)] {
            try text?.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return paths
    }

    @Test("all faults of all files come at once; nothing is planned")
    func faults() throws {
        let folder = try Folder()
        let paths = try paths(folder, node: "port_bse: 1\nprocesses: 3\n", router: "heartbeat_ms: soon\n")
        do {
            _ = try Preflight.plan(paths, portBase: nil)
            Issue.record("planned")
        } catch let error as PreflightError {
            #expect(error.problems.count == 3)
            #expect(
                error.problems[0].hasPrefix("\(paths.nodeFile):1: `port_bse` is not known here: did you mean")
            )
            #expect(error.problems[2].hasPrefix("\(paths.routerFile):1: `heartbeat_ms`"))
        }
    }

    @Test("missing files are written once, with their comments, and left alone afterwards")
    func written() throws {
        let folder = try Folder()
        let paths = try paths(folder)
        #expect(throws: Never.self) { try ConfigurationFiles.writeMissing(paths) }
        try "port_base: 9000\n".write(toFile: paths.nodeFile, atomically: true, encoding: .utf8)
        #expect(try ConfigurationFiles.writeMissing(paths) == [])
        let mode = try FileManager.default.attributesOfItem(atPath: paths.data)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        #expect(try NodePlan(paths, portBase: nil).portBase == 9000)
        #expect(try NodePlan(paths, portBase: 9100).portBase == 9100)
    }

    @Test("a program that is not there is a problem that names the file")
    func missingProgram() throws {
        let folder = try Folder()
        let paths = try paths(
            folder, node: "processes:\n  - {name: own, role: example, program: ./nothing}\n")
        let plan = try NodePlan(paths, portBase: nil)
        #expect(plan.problems.contains { $0.contains("./nothing of own") && $0.contains(paths.nodeFile) })
    }

    @Test("ports shift together, and one that is taken is named with its holder")
    func ports() throws {
        let folder = try Folder()
        let paths = try paths(folder, router: "tcp: 127.0.0.1:7600\n")
        let base = Int.random(in: 20_000...50_000)
        let plan = try NodePlan(paths, portBase: base)
        #expect(plan.tcp?.port == base)
        let listener = Process()
        listener.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        listener.arguments = [
            "python3", "-c",
            "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',\(base + 1))); s.listen(); time.sleep(30)",
        ]
        try listener.run()
        defer { listener.terminate() }
        for _ in 0..<200 where !Ports.isTaken("127.0.0.1", base + 1) { usleep(20_000) }
        let taken = Preflight.ports(plan)
        #expect(taken.count == 1)
        #expect(taken.first?.hasPrefix("port \(base + 1) on 127.0.0.1 is taken by python3 (pid ") == true)
        #expect(taken.first?.contains("--port-base") == true)
    }
}

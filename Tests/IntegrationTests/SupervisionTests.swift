import Foundation
import Testing

/// `up`, `status`, `logs`, `doctor`, `restart`, `down` with real processes.
@Suite("Supervision", .serialized)
struct SupervisionTests {
    @Test(
        "up shows all READY within 2 s; status, top, tap, logs and doctor agree; down drains and leaves nothing"
    )
    func wholeLife() throws {
        let node = try TestNode()
        let start = Date()
        let up = try node.spacenode("up", "--detach")
        let took = Date().timeIntervalSince(start)
        #expect(up.status == 0, "\(up.output)")
        let told = try #require(up.output.firstMatch(of: /all READY after ([0-9.]+) s/)).output.1
        print("all READY after \(told) s by the supervisor's clock, \(took) s with the command")
        #expect(took < 2)
        let status = try node.spacenode("status")
        #expect(status.status == 0 && status.output.contains("NODE  all READY"), "\(status.output)")
        #expect(try node.state("example-1") == "ready" && node.state("router") == "ready")
        let second = try node.spacenode("up")
        #expect(second.status == 0 && second.output.hasPrefix("the node runs already: pid "))
        let tap = try node.spacenode("tap", "-n", "5")
        #expect(tap.status == 0 && tap.output.contains("5 shown"), "\(tap.output)")
        let top = try node.spacenode("top", "--once", "--json")
        #expect(top.status == 0 && top.output.contains(#""plugin":"example-2""#))
        let logs = try node.spacenode("logs", "--json", "-n", "0")
        #expect(logs.output.contains(#""process":"router""#) && logs.output.contains("example-1 starts: pid"))
        let doctor = try node.spacenode("doctor")
        #expect(doctor.output.contains("bad 0") && doctor.status < 2, "\(doctor.output)")
        let down = try node.spacenode("down")
        let order = down.output.matches(of: /(\S+) ended after/).map { String($0.output.1) }
        #expect(
            down.status == 0
                && order == [
                    "example-2", "example-1", "miner", "poet", "p2p", "consensus", "mempool", "post-worker",
                    "vm", "signer",
                    "storage", "router",
                ],
            "\(down.output)")
        #expect(try node.living() == [])
        let after = try node.spacenode("status")
        #expect(after.status == 2 && after.output.contains("spacenode up starts it"))
        #expect(try node.spacenode("down").output.hasPrefix("no node runs"))
    }

    @Test("a process that is killed starts again; status and the bus say why")
    func death() throws {
        let node = try TestNode()
        #expect(try node.spacenode("up", "--detach").status == 0)
        let old = try node.pid("example-2")
        let other = try node.pid("example-1")
        kill(old, SIGKILL)
        #expect(try node.wait(10) { try node.state("example-2") == "ready" && node.pid("example-2") != old })
        #expect(try node.process("example-2")["lastEnd"] as? String == "signal 9 (SIGKILL)")
        #expect(try node.process("example-2")["restarts"] as? Int == 1)
        #expect(try node.pid("example-1") == other)
        #expect(
            try node.wait(5) {
                let tap = try node.spacenode("tap", "--past", "--type", "Events", "--seconds", "1")
                return tap.output.contains("example-2 died: signal 9 (SIGKILL)")
            })
    }

    @Test(
        "the router is killed: states are unknown, not lost, and all are READY again without being restarted")
    func routerDeath() throws {
        let node = try TestNode()
        #expect(try node.spacenode("up", "--detach").status == 0)
        let plugin = try node.pid("example-1")
        let router = try node.pid("router")
        kill(router, SIGSTOP)
        #expect(try node.wait(15) { try node.state("router") == "unknown" })
        let status = try node.spacenode("status")
        #expect(
            status.status == 1 && status.output.contains("the router does not answer"), "\(status.output)")
        #expect(try node.state("example-1") == "unknown" && node.pid("example-1") == plugin)
        kill(router, SIGKILL)
        #expect(try node.wait(15) { try node.status()["isWell"] as? Bool == true })
        #expect(try node.pid("example-1") == plugin && node.pid("router") != router)
    }

    @Test(
        "a crash loop is shown with its reason and longer pauses, the rest runs; SIGTERM drains all in order")
    func crashLoop() throws {
        let node = try TestNode(
            node: TestNode.examples + """
                  - name: broken
                    role: example
                    program: /bin/sh
                    arguments: ["-c", "echo 'fatal: no such table' >&2; exit 3"]

                """)
        let up = try node.start("up", log: "up.log")
        defer { kill(up.processIdentifier, SIGKILL) }
        #expect(node.wait(15) { node.text("up.log").contains("3 times in a row") })
        let text = node.text("up.log")
        #expect(
            text.contains("broken died: exit status 3: fatal: no such table; it starts again in 0.5 s"),
            "\(text)")
        #expect(text.contains("starts again in 1 s") && text.contains("starts again in 2 s"))
        let status = try node.spacenode("status")
        #expect(
            status.status == 1 && status.output.contains("fix: spacenode logs broken"), "\(status.output)")
        #expect(try node.state("example-1") == "ready")
        #expect(try node.spacenode("logs", "broken").output.contains("fatal: no such table"))
        up.terminate()
        #expect(node.wait(15) { !up.isRunning })
        let order = node.text("up.log").matches(of: /(\S+) ended after/).map { String($0.output.1) }
        #expect(
            up.terminationStatus == 0
                && order == [
                    "example-2", "example-1", "miner", "poet", "p2p", "consensus", "mempool", "post-worker",
                    "vm", "signer",
                    "storage", "router",
                ],
            "\(node.text("up.log"))")
        #expect(try node.living() == [])
    }

    @Test("what is not READY in 10 s is named by --detach, with status 1; one that ignores SIGTERM is killed")
    func late() throws {
        let node = try TestNode(
            node: """
                processes:
                  - name: mute
                    role: example
                    program: /bin/sh
                    arguments: ["-c", "trap '' TERM; while :; do sleep 0.1; done"]
                    drain: 1

                """)
        let up = try node.spacenode("up", "--detach")
        #expect(
            up.status == 1 && up.output.contains("not READY after 10 s: mute is STARTING"), "\(up.output)")
        let down = try node.spacenode("down")
        #expect(down.output.contains("mute did not end within 1 s: killed"), "\(down.output)")
        #expect(try node.living() == [])
    }

    @Test("one process is restarted, or replaced; a replacement that fails goes, and the old one is back")
    func restart() throws {
        let node = try TestNode()
        #expect(try node.spacenode("up", "--detach").status == 0)
        let before = try ["router", "example-1", "example-2"].map(node.pid)
        let plain = try node.spacenode("restart", "example-1")
        #expect(plain.status == 0 && plain.output.contains("example-1 is READY"), "\(plain.output)")
        let after = try ["router", "example-1", "example-2"].map(node.pid)
        #expect(after[0] == before[0] && after[1] != before[1] && after[2] == before[2])
        let copy = "\(node.folder)/other-example"
        try FileManager.default.copyItem(atPath: "\(Programs.folder)/spacenode-example", toPath: copy)
        let swap = try node.spacenode("restart", "example-1", "--with", copy)
        #expect(swap.status == 0 && swap.output.contains("to keep it"), "\(swap.output)")
        #expect(try node.process("example-1")["program"] as? String == copy)
        let bad = try node.spacenode("restart", "example-1", "--with", "/bin/false")
        #expect(bad.status == 1 && bad.output.contains("the old program is READY again"), "\(bad.output)")
        #expect(try node.process("example-1")["program"] as? String == copy)
        #expect(try node.state("example-1") == "ready")
        let slip = try node.spacenode("restart", "exmaple-1")
        #expect(slip.status == 2 && slip.output.contains("did you mean example-1?"))
        #expect(try node.spacenode("restart", "example-1", "--with", "/nowhere").status == 2)
    }

    @Test(
        "a supervisor that was killed: status says so, up ends what it left and starts anew, down works without one"
    )
    func supervisorDeath() throws {
        let node = try TestNode()
        #expect(try node.spacenode("up", "--detach").status == 0)
        let old = try node.living()
        kill(try node.supervisor(), SIGKILL)
        #expect(try node.wait(5) { try node.spacenode("status").output.contains("no supervisor runs") })
        #expect(try node.spacenode("status").status == 1)
        let up = try node.spacenode("up", "--detach")
        #expect(up.status == 0, "\(up.output)")
        let new = try node.living()
        #expect(new.count == 12 && Set(old).isDisjoint(with: new))
        kill(try node.supervisor(), SIGKILL)
        usleep(200_000)
        let down = try node.spacenode("down")
        #expect(
            down.status == 0 && down.output.contains("no supervisor runs; its processes are ended"),
            "\(down.output)")
        #expect(try node.living() == [])
    }

    @Test("two that start at the same time: one runs the node, both end well")
    func twoAtOnce() throws {
        let node = try TestNode()
        let both = try ["one.log", "two.log"].map { try node.start("up", "--detach", log: $0) }
        #expect(node.wait(15) { !both.contains(where: \.isRunning) })
        #expect(both.map(\.terminationStatus) == [0, 0], "\(node.text("one.log")) \(node.text("two.log"))")
        #expect(try node.living().count == 12)
    }

    @Test("garbage, endless lines and idle connections at the supervisor's socket harm nobody")
    func hostileSocket() throws {
        let node = try TestNode()
        #expect(try node.spacenode("up", "--detach").status == 0)
        let script = """
            import socket, sys, time
            held = []
            for number in range(40):
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                held.append(s)
                try:
                    if number % 4 == 1: s.sendall(b"\\xff{nonsense}\\n")
                    if number % 4 == 2: s.sendall(b"x" * 100000)
                    if number % 4 == 3: s.sendall(b'{"verb":"restart","name":"' + b"y" * 4000 + b'"}\\n')
                except OSError: pass
            print("held", flush=True)
            time.sleep(30)
            """
        let attacker = Process()
        attacker.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        attacker.arguments = ["python3", "-c", script, "\(node.run)/node.sock"]
        let output = Pipe()
        attacker.standardOutput = output
        try attacker.run()
        defer { attacker.terminate() }
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).hasPrefix("held"))
        let status = try node.spacenode("status", timeout: 10)
        #expect(status.status == 0, "\(status.output)")
        #expect(try node.spacenode("restart", "example-1").status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(node.run)/node.sock")[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("a plugin in Python is one line of node.yaml", .enabled(if: PythonExample.isPossible))
    func python() throws {
        let node = try TestNode(
            node: """
                processes:
                  - name: snake
                    role: example
                    program: \(PythonExample.interpreter)
                    arguments: ["\(Programs.root)/SDK/python/examples/example.py"]

                """)
        let up = try node.spacenode("up", "--detach")
        #expect(up.status == 0, "\(up.output)")
        #expect(try node.spacenode("bus", "echo", "hello").output.hasPrefix("hello"))
        #expect(try node.spacenode("down").output.contains("snake ended after"))
    }
}

/// Each refusal names what is wrong and what mends it, and leaves nothing running.
@Suite("Refusals of up", .serialized)
struct UpRefusalTests {
    @Test("all faults of all files come at once, and nothing is started")
    func configuration() throws {
        let node = try TestNode(
            node: "port_bse: 7600\nprocesses:\n  - {name: storge}\n", router: "heartbeat_ms: soon\n")
        let up = try node.spacenode("up")
        #expect(up.status == 2)
        #expect(
            up.output.contains("config/node.yaml:1: `port_bse` is not known here: did you mean `port_base`?"))
        #expect(up.output.contains("config/node.yaml:3: `role` is missing"))
        #expect(up.output.contains("config/router.yaml:1: `heartbeat_ms` is soon"))
        #expect(try node.living() == [])
        let doctor = try node.spacenode("doctor")
        #expect(doctor.status == 1 && doctor.output.contains("port_bse"))
        let detached = try node.spacenode("up", "--detach")
        #expect(detached.status == 2 && detached.output.contains("port_bse"))
    }

    @Test("a port that is taken is named with who has it; --port-base goes round it")
    func port() throws {
        let port = Int.random(in: 20_000...50_000)
        let node = try TestNode(router: "tcp: 127.0.0.1:\(port)\n")
        let listener = Process()
        listener.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        listener.arguments = [
            "python3", "-c",
            "import socket,time; s=socket.socket(); s.bind(('127.0.0.1',\(port))); s.listen(); time.sleep(60)",
        ]
        try listener.run()
        defer { listener.terminate() }
        #expect(
            node.wait(5) { (try? node.spacenode("doctor").output.contains("is taken by python3")) ?? false })
        for words in [["up"], ["up", "--detach"]] {
            let up = try Programs.run("spacenode", words + node.place)
            #expect(
                up.status == 2 && up.output.contains("port \(port) on 127.0.0.1 is taken by python3 (pid "))
            #expect(up.output.contains("--port-base"), "\(up.output)")
        }
        let shifted = try node.spacenode("up", "--detach", "--port-base", "7700")
        #expect(
            shifted.status == 0 && shifted.output.contains("tcp://127.0.0.1:\(port + 100)"),
            "\(shifted.output)")
    }

    @Test("a data directory that cannot be made is refused")
    func noDirectory() throws {
        let node = try TestNode()
        let file = "\(node.folder)/file"
        _ = FileManager.default.createFile(atPath: file, contents: nil)
        let up = try Programs.run("spacenode", ["up", "--data", "\(file)/data", "--run-dir", node.run])
        #expect(
            up.status == 2 && up.output.contains("cannot make \(file)/data") && up.output.contains("--data"))
    }

    @Test(
        "a disk without room is refused, before and after there is a configuration",
        .enabled(if: geteuid() == 0 && Mount.isPossible, "mounting a small tmpfs needs root"))
    func noRoom() throws {
        let node = try TestNode()
        let disk = "\(node.folder)/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        let mount = try Programs.run("/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk])
        try #require(mount.status == 0)
        defer { _ = try? Programs.run("/bin/umount", ["-l", disk]) }
        _ = try Programs.run("/bin/sh", ["-c", "cat /dev/zero > \(disk)/full"])
        for words in [["up"], ["up", "--detach"]] {
            let up = try Programs.run("spacenode", words + ["--data", "\(disk)/data", "--run-dir", node.run])
            #expect(
                up.status == 2 && up.output.contains("0 MiB free, and 64 MiB are needed: make room"),
                "\(up.output)")
        }
    }

    @Test("a program that is missing is refused with the file that names it")
    func noProgram() throws {
        let node = try TestNode(node: "processes:\n  - {name: own, role: example, program: ./own}\n")
        let up = try node.spacenode("up")
        #expect(up.status == 2 && up.output.contains("program ./own of own is not there"), "\(up.output)")
    }
}

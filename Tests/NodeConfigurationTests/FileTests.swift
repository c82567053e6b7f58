import Foundation
import NodeConfiguration
import Testing

@Suite("Configuration files")
struct FileTests {
    func faults(_ text: String) -> [String] {
        do {
            _ = try RouterFile.parse(text, file: "router.yaml")
            return []
        } catch let error as ConfigurationError {
            return error.faults.map(\.description)
        } catch {
            return ["another error: \(error)"]
        }
    }

    @Test("the shipped file is the default")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try RouterFile.read(root.appendingPathComponent("config/router.yaml").path)
        #expect(file.tcp == nil)
        #expect(file.maxSessions == 256)
        #expect(file.heartbeatMilliseconds == 500)
    }

    @Test("all faults come at once, with line and cure")
    func allFaults() {
        let found = faults(
            """
            tcp: nowhere
            max_sesions: 3
            heartbeat_ms: fast
            roles:
              - {number: 7, name: x}
            """)
        #expect(found.count == 4)
        #expect(found[0].hasPrefix("router.yaml:1: `tcp` is nowhere: write HOST:PORT"))
        #expect(found[1] == "router.yaml:2: `max_sesions` is not known here: did you mean `max_sessions`?")
        #expect(found[2].hasPrefix("router.yaml:3: `heartbeat_ms` is fast: give a whole number from 100"))
        #expect(found.contains { $0.hasPrefix("router.yaml:5: `number` is 7") })
    }

    @Test("what is no YAML is one fault with its line")
    func broken() {
        let found = faults("a: 1\nb: [1, 2\nc: 3\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("router.yaml:") == true)
    }

    @Test("a contract of somebody else is read whole")
    func contract() throws {
        let file = try RouterFile.parse(
            """
            roles:
              - {number: 40, name: indexer}
            contracts:
              - number: 16384
                name: acme.v1.Indexer
                minor: 2
                providers: [indexer]
                types:
                  - {number: 1, name: Lookup, pattern: call, class: bulk, ttl_ms: 9, max_bytes: 10, callers: [api]}
            """, file: "router.yaml")
        #expect(file.roles.map(\.name) == ["indexer"] && file.roles.map(\.number) == [40])
        #expect(file.contracts[0].types[0].trafficClass == "bulk")
        #expect(file.contracts[0].types[0].callers == ["api"])
        #expect(file.contracts[0].minor == 2)
    }

    @Test("machines are listed, replaced and revoked, and the file survives each step")
    func machines() throws {
        let path = NSTemporaryDirectory() + "\(UUID().uuidString)/machines.yaml"
        let key = String(repeating: "a", count: 39)
        var file = try MachineFile(path: path)
        try file.allow(MachineEntry(name: "one", role: "miner", key: key + "1"))
        try file.allow(MachineEntry(name: "two", role: "miner", key: key + "'"))
        try file.allow(MachineEntry(name: "one", role: "poet", key: key + "3"))
        #expect(try MachineFile(path: path).machines.map(\.role) == ["miner", "poet"])
        #expect(try MachineFile(path: path).machines[0].key == key + "'")
        #expect(throws: ConfigurationError.self) {
            try file.allow(MachineEntry(name: "x", role: "poet", key: key + "3"))
        }
        #expect(try file.revoke("one"))
        #expect(try !file.revoke("one"))
        #expect(try MachineFile(path: path).machines.map(\.name) == ["two"])
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("an incomplete machine is refused with its line")
    func badMachine() throws {
        let path = NSTemporaryDirectory() + "\(UUID().uuidString).yaml"
        try "machines:\n  - {name: one, role: miner, key: short}\n  - {name: two}\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        do {
            _ = try MachineFile(path: path)
            Issue.record("accepted")
        } catch let error as ConfigurationError {
            #expect(error.faults.contains { $0.line == 2 && $0.text.contains("40 characters") })
            #expect(error.faults.contains { $0.line == 3 && $0.text.contains("`role` is missing") })
        }
    }

    @Test("paths follow the data directory; one too long for ipc is refused")
    func paths() throws {
        let paths = try NodePaths(data: "/srv/a", environment: [:])
        #expect(paths.machineFile == "/srv/a/config/machines.yaml")
        #expect(try NodePaths(data: "/srv/a", environment: [:]).run == paths.run)
        #expect(try NodePaths(data: "/srv/b", environment: [:]).run != paths.run)
        #expect(throws: ConfigurationError.self) {
            try NodePaths(data: "/srv/a", run: "/" + String(repeating: "x", count: 100), environment: [:])
        }
    }

    @Test("a slip finds its word, another word does not")
    func near() {
        #expect(nearest("machin", among: ["machine", "bus"]) == "machine")
        #expect(nearest("zzzzzz", among: ["machine", "bus"]) == nil)
    }
}

@Suite("Changes of the machine list")
struct MachineChangeTests {
    @Test("changes at the same time are all kept")
    func together() async throws {
        let folder = NSTemporaryDirectory() + "machines-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/config/machines.yaml"
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let key = String(repeating: "a", count: 38) + (number < 10 ? "0" : "") + "\(number)"
                    _ = try? MachineFile.change(path) {
                        try $0.allow(MachineEntry(name: "box-\(number)", role: "example", key: key))
                    }
                }
            }
        }
        #expect(try MachineFile(path: path).machines.count == 16)
    }
}

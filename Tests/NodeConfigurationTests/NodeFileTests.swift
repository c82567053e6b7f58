import Foundation
import NodeConfiguration
import Testing

@Suite("node.yaml")
struct NodeFileTests {
    private func read(_ text: String) throws -> NodeFile {
        try NodeFile.parse(text, file: "node.yaml", roles: ["router", "example", "storage"])
    }

    private func faults(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch let error as ConfigurationError {
            return error.faults.map(\.description)
        } catch {
            return ["another error: \(error)"]
        }
    }

    @Test("the shipped file is the default, and what `up` writes is the shipped file")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let data = NSTemporaryDirectory() + "written-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: data) }
        let paths = try NodePaths(data: data, environment: [:])
        let written = try ConfigurationFiles.writeMissing(paths)
        let shipped = try FileManager.default.contentsOfDirectory(atPath: root.path + "/config")
            .filter { $0.hasSuffix(".yaml") }
        #expect(Set(written) == Set(shipped))
        for name in shipped {
            let text = try String(contentsOfFile: "\(root.path)/config/\(name)", encoding: .utf8)
            #expect(try String(contentsOfFile: "\(paths.config)/\(name)", encoding: .utf8) == text, "\(name)")
        }
        let file = try read(try String(contentsOfFile: paths.nodeFile, encoding: .utf8))
        #expect(file == NodeFile())
        #expect(ConfigurationFiles.faults(paths, roles: ["router"]) == [])
    }

    @Test("the commented example of the shipped file is right")
    func example() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOfFile: root.path + "/config/node.yaml", encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.firstIndex { $0 == "# processes:" })
        let example = lines[begin...].prefix { $0.hasPrefix("#") }.map { $0.dropFirst(2) }.joined(
            separator: "\n")
        #expect(
            try read(example).processes.map(\.name) == [
                "router", "storage", "signer", "vm", "post-worker", "mempool", "consensus", "p2p", "poet",
                "miner",
                "example-1",
            ])
    }

    @Test("entries change what they name, and add what is new, after it")
    func entries() throws {
        let file = try read(
            """
            port_base: 9000
            processes:
              - {name: own, role: example, program: own, arguments: ["{data}/x", "{bus}"], environment: {A: 1}, drain: 3}
              - {name: router, program: /opt/router, environment: {B: two}}
              - {name: off, role: example, program: off, enabled: false}
            """)
        #expect(file.portBase == 9000)
        #expect(
            file.processes.map(\.name) == [
                "router", "storage", "signer", "vm", "post-worker", "mempool", "consensus", "p2p", "poet",
                "miner",
                "own",
            ])
        #expect(file.processes[0].program == "/opt/router" && file.processes[0].environment == ["B": "two"])
        #expect(file.processes[0].arguments == NodeProcess.all[0].arguments)
        let own = file.processes[10]
        #expect(own.arguments(["data": "/d", "bus": "ipc:/r"]) == ["/d/x", "ipc:/r"])
        #expect(own.environment == ["A": "1"] && own.drainSeconds == 3)
    }

    @Test("the router can be left out, and that is for the plan to refuse")
    func noRouter() throws {
        #expect(
            try read("processes: [{name: router, enabled: false}]").processes.map(\.name) == [
                "storage", "signer", "vm", "post-worker", "mempool", "consensus", "p2p", "poet", "miner",
            ])
    }

    @Test("every fault has its line and its cure")
    func allFaults() {
        let found = faults(
            """
            port_base: 80
            processes:
              - {name: Storage, role: storge, program: x}
              - {name: routr, enabled: false}
              - {name: a, role: example, program: a, drain: 0, colour: red}
              - {name: c, role: example, program: a}
              - {name: supervisor, role: example, program: a}
              - {role: example, program: a}
              - {name: b, role: example, program: b, environment: [x], arguments: y}
              - {name: c, role: example, program: a}
            """)
        let expected = [
            "node.yaml:1: `port_base` is 80: give a whole number from 1024 to 65000",
            "node.yaml:3: `name` is Storage: 1 to 48 of a-z",
            "node.yaml:3: `role` storge is not known: did you mean `storage`?",
            "node.yaml:4: `program` is missing, as no process of the node is called routr: did you mean `router`?",
            "node.yaml:4: `role` is missing, as no process of the node is called routr: did you mean `router`?",
            "node.yaml:5: `colour` is not known here",
            "node.yaml:5: `drain` is 0: give a whole number from 1 to 600",
            "node.yaml:10: `name` c is taken by an entry above",
            "node.yaml:7: `name` supervisor is taken",
            "node.yaml:8: `name` is missing",
            "node.yaml:9: `arguments` must be a list",
            "node.yaml:9: `environment` must be names with values",
        ]
        for text in expected { #expect(found.contains { $0.hasPrefix(text) }, "\(text) is not in \(found)") }
    }
}

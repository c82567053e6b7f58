import Foundation
import NodeConfiguration
import Testing

/// What is wrong with lists, and where sockets go without root.
@Suite("Lists and folders")
struct ListTests {
    private func faults(_ text: String) throws -> [String] {
        do {
            _ = try RouterFile.parse(text, file: "r.yaml")
            return []
        } catch let error as ConfigurationError {
            return error.faults.map(\.description)
        }
    }

    @Test("a number or name that is taken is a fault at its line")
    func taken() throws {
        let found = try faults(
            """
            roles:
              - {number: 40, name: indexer}
              - {number: 40, name: other}
              - {number: 41, name: indexer}
            contracts:
              - number: 16384
                name: a
                types:
                  - {number: 1, name: A}
                  - {number: 1, name: B}
            """)
        #expect(found.count == 3)
        #expect(found[0].hasPrefix("r.yaml:3: `number` 40 is taken"))
        #expect(found[1].hasPrefix("r.yaml:4: `name` indexer is taken"))
        #expect(found[2].hasPrefix("r.yaml:10: `number` 1 is taken"))
    }

    @Test("what is missing, no text, or no name for a role is a fault")
    func wrong() throws {
        let found = try faults(
            """
            roles:
              - {number: 40}
              - {number: 41, name: ../x}
            contracts:
              - number: 16384
                providers: [[1]]
                types: 3
            """)
        #expect(found.count == 4)
        #expect(found[0].hasPrefix("r.yaml:2: `name` is missing"))
        #expect(found[1].hasPrefix("r.yaml:3: `name` is ../x"))
        #expect(found[2].hasPrefix("r.yaml:6: `providers` holds what is no text"))
        #expect(found[3].hasPrefix("r.yaml:7: `types` must be a list"))
    }

    @Test("a key listed twice by hand is refused, for it would have two roles")
    func keyTwice() throws {
        let path = NSTemporaryDirectory() + "\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let key = String(repeating: "k", count: 40)
        try """
        machines:
          - {name: one, role: miner, key: \(key)}
          - {name: two, role: signer, key: \(key)}
        """.write(toFile: path, atomically: true, encoding: .utf8)
        let error = try #require(throws: ConfigurationError.self) { try MachineFile(path: path) }
        #expect(error.faults.map(\.line) == [3])
        #expect(error.faults.first?.text.contains("is taken by an entry above") == true)
    }

    @Test("sockets never go below a folder that everybody may write")
    func folders() throws {
        for environment in [[:], ["XDG_RUNTIME_DIR": "/run/user/7"], ["XDG_RUNTIME_DIR": "relative"]] {
            let run = try NodePaths(data: "/srv/a", environment: environment).run
            #expect(run.hasPrefix("/run/") || run == "/srv/a/run", "\(run)")
        }
    }
}

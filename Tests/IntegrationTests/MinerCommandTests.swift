import Foundation
import Testing

/// `spacenode mine`, `identities`, `why` beside a real node that makes a plot; the chain's life of plots is the rigs' matter.
@Suite("Miner commands", .serialized)
struct MinerCommandTests {
    private func write(_ text: String, _ name: String, of node: TestNode) throws {
        try text.write(toFile: "\(node.data)/config/\(name)", atomically: true, encoding: .utf8)
    }

    private func status(_ node: TestNode) throws -> [String: Any] {
        let output = try node.spacenode("mine", "status", "--json").output
        return try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
    }

    @Test("nothing is mined without the operator's word; what stops is remembered; a slip is named")
    func commands() throws {
        let node = try TestNode(node: "processes: []\n")
        let up = try node.spacenode("up", "--detach")
        #expect(up.status == 0, "\(up.output)")
        #expect(node.wait(10) { (try? status(node))?["network"] as? String == "devnet" })
        let empty = try node.spacenode("mine", "status")
        #expect(empty.status == 0 && empty.output.contains("no plots"), "\(empty.output)")
        #expect(try node.spacenode("identities", "--json").output.contains("[\n\n]"))
        let slip = try node.spacenode("why", "attic")
        #expect(slip.status == 2 && slip.output.contains("nothing is mined"), "\(slip.output)")
        #expect(try node.spacenode("mine", "stop").output.contains("stopped"))
        #expect(try node.spacenode("restart", "miner").status == 0)
        #expect(node.wait(10) { (try? status(node))?["stopped"] as? Bool == true }, "it is remembered")
        #expect(try node.spacenode("mine", "start").output.contains("goes on"))
        let fleet = try node.spacenode("post", "fleet", "init", "--plan", "/nowhere.yaml")
        #expect(fleet.status == 2)
    }

    @Test(
        "a plot of the configuration gets a key and its data; one that cannot be mined is named with what to do"
    )
    func plots() throws {
        let node = try TestNode(node: "processes: []\n")
        try write(
            """
            plots:
              - {name: small, directory: \(node.data)/post/small, units: 2}
              - {name: huge, directory: \(node.data)/post/huge, units: 4096}
              - {name: foreign, directory: \(node.data)/post/foreign, coinbase: sm1qqqqqq8mn9hvz3w6j0psg9ax6aymfwhd5lx3hqqsyc86t}

            """, "miner.yaml", of: node)
        #expect(try node.spacenode("up", "--detach").status == 0)
        let made = node.wait(60) {
            let plots = (try? status(node))?["plots"] as? [[String: Any]] ?? []
            return plots.first?["stage"] as? String == "waiting"
                && FileManager.default.fileExists(atPath: "\(node.data)/post/small/postdata_metadata.json")
        }
        #expect(made, "\(node.text("data/logs/miner.log"))")
        let said = try node.spacenode("mine", "status")
        #expect(said.status == 1, "what is in the way is attention")
        #expect(said.output.contains("huge has 4096 units, devnet takes 2 to 64"), "\(said.output)")
        #expect(said.output.contains("of foreign"), "\(said.output)")
        let why = try node.spacenode("why", "small")
        #expect(why.status == 0 && why.output.contains("its data is there"), "\(why.output)")
        let identity = (try status(node)["plots"] as? [[String: Any]])?.first?["identity"] as? String ?? ""
        #expect(try node.spacenode("why", identity, "--json").output.contains("\"kind\" : \"made\""))
        #expect(try node.spacenode("identities").output.contains(identity))
        let key = "\(node.data)/signer/keys/identity-\(identity).key"
        #expect(FileManager.default.fileExists(atPath: key), "the signer has its key")
        #expect(try node.spacenode("restart", "miner").status == 0)
        #expect(
            node.wait(10) {
                ((try? status(node))?["plots"] as? [[String: Any]])?.first?["identity"] as? String == identity
            },
            "it keeps its key")
    }
}

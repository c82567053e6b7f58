import Foundation
import NodeBus
import NodeProtocol
import Testing

/// `spacenode signer`: keys, marks, moving to another machine.
@Suite("Signer commands", .serialized)
struct SignerCommandTests {
    private func json(_ output: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    @Test("init once, keys, status, and an identity of the original node")
    func keys() throws {
        let signer = try TestSigner()
        #expect(try signer.tool("keys").status == 1)
        #expect(try signer.tool("status", "--json").status == 1)
        #expect(try signer.tool("init").status == 0)
        #expect(try signer.tool("init").status == 1, "once")
        let keys = try json(try signer.tool("keys", "--json").output)
        #expect((keys["identities"] as? [String])?.count == 1)
        let status = try signer.tool("status", "--json")
        #expect(status.status == 0)
        #expect(try json(status.output)["operator"] as? String == keys["operator"] as? String)
        // RFC 8032's first test key.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        let file = "\(signer.data)/identity.key"
        try (seed + key).write(toFile: file, atomically: true, encoding: .utf8)
        chmod(file, 0o600)
        let made = try signer.tool("init", "--identity-file", file)
        #expect(made.status == 0 && made.output.contains(key), "\(made.output)")
        try (seed + seed).write(toFile: file, atomically: true, encoding: .utf8)
        chmod(file, 0o600)
        #expect(try signer.tool("init", "--identity-file", file).status == 2)
        #expect(try signer.tool("export", "--nonsense").status == 2)
    }

    @Test("a key without its record does not start; import makes it from a height")
    func lostRecord() async throws {
        let signer = try TestSigner()
        try signer.start()
        try await signer.with(.consensus) { bus, keys in
            _ = try await bus.vote(70, block: 1, by: keys.operator).get()
        }
        #expect(
            try signer.tool("import", "--chain", "devnet", "--assume-height", "5000").status == 2, "it runs")
        signer.stop()
        try FileManager.default.removeItem(atPath: "\(signer.folder)/records")
        try signer.start()
        #expect(signer.ended() == 2)
        #expect(signer.text().contains("spacenode signer import"), "\(signer.text())")
        #expect(try signer.tool("import").status == 2)
        #expect(try signer.tool("import", "--chain", "devnet", "--assume-height", "999").status == 2)
        let made = try signer.tool("import", "--chain", "devnet", "--assume-height", "1070", "--json")
        #expect(made.status == 0, "\(made.output)")
        try signer.start()
        try await signer.with(.consensus) { bus, keys in
            guard case .failure = try await bus.vote(1070, 3, block: 1, by: keys.operator) else {
                Issue.record("signs below the height")
                return
            }
            _ = try await bus.vote(1071, block: 1, by: keys.operator).get()
        }
    }

    @Test("a key moves with its final mark, and the old machine signs no more")
    func move() async throws {
        let old = try TestSigner()
        try old.start()
        try await old.with(.consensus) { bus, keys in
            _ = try await bus.vote(70, block: 1, by: keys.operator).get()
        }
        let mark = "\(old.data)/mark.json"
        #expect(try old.tool("export", "--retire", "--out", mark).status == 2, "it runs")
        old.stop()
        #expect(try old.tool("export", "--out", mark).status == 0)
        let new = try TestSigner(router: old.router, copying: old.data)
        try FileManager.default.removeItem(atPath: "\(new.folder)/records")
        #expect(try new.tool("import", mark).status == 2, "it may be old")
        #expect(try old.tool("export", "--retire", "--out", mark).status == 0)
        try old.start()
        #expect(old.ended() == 2)
        #expect(try old.tool("status").status == 1)
        let made = try new.tool("import", mark)
        #expect(made.status == 0, "\(made.output)")
        try new.start()
        try await new.with(.consensus) { bus, keys in
            guard case .failure = try await bus.vote(70, block: 2, by: keys.operator) else {
                Issue.record("signs at the mark")
                return
            }
            _ = try await bus.vote(71, block: 1, by: keys.operator).get()
        }
        #expect(try new.tool("import", "--revision", "1").status == 2, "it runs")
        new.stop()
        let raised = try new.tool("import", "--chain", "devnet", "--revision", "1")
        #expect(
            raised.status == 0 && raised.output.contains("height 70"),
            "the height that was signed last begins anew: \(raised.output)")
    }
}

import Foundation
import Testing

/// `spacenode wallet`, `tx`, `address` and `economics` as people type them.
@Suite("Wallet and ledger tools", .serialized)
struct WalletCommandTests {
    private let folder = NSTemporaryDirectory() + "wallet-\(UUID().uuidString)"
    private let genesis = "9eebff023abb17ccb775c602daade8ed708f0a50"
    private let words = String(repeating: "abandon ", count: 11) + "about"

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "a good password\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
    }

    private func wallet(_ words: String..., input: String? = nil) throws -> (status: Int32, output: String) {
        let files = ["--file", "\(folder)/wallet.json", "--password-file", "\(folder)/password"]
        guard let input else { return try Programs.run("spacenode", ["wallet"] + words + files) }
        try input.write(toFile: "\(folder)/input", atomically: true, encoding: .utf8)
        let command = (["wallet"] + words + files).map { "'\($0)'" }.joined(separator: " ")
        return try Programs.run(
            "/bin/sh", ["-c", "'\(Programs.folder)/spacenode' \(command) < '\(folder)/input'"])
    }

    /// Reads a transaction from its layout alone, and checks its signature.
    private static let reader = """
        import hashlib, json, sys
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        raw, genesis, key = (bytes.fromhex(word) for word in sys.argv[1:4])
        place = 0
        def take(count):
            global place
            place += count
            assert place <= len(raw)
            return raw[place - count:place]
        def compact():
            first = take(1)[0]
            more = (0, 1, 3, (first >> 2) + 4)[first & 3]
            rest = int.from_bytes(take(more), "little")
            return rest if first & 3 == 3 else first >> 2 | rest << 6
        assert compact() == 0
        seen = {"principal": take(24).hex(), "method": compact()}
        if seen["method"] == 0:
            seen["template"] = take(24).hex()
        seen["nonce"], seen["price"] = compact(), compact()
        if seen["method"] == 0:
            seen["key"] = take(32).hex()
        else:
            seen["to"], seen["amount"] = take(24).hex(), compact()
        body = raw[:place]
        Ed25519PublicKey.from_public_bytes(key).verify(take(64), genesis + body)
        assert place == len(raw)
        print(json.dumps(seen))
        """

    private struct Seen: Decodable {
        let principal: String
        let method: Int
        let nonce, price: UInt64
        let template, key, to: String?
        let amount: UInt64?
    }

    private func read(_ raw: String, _ key: String) throws -> Seen {
        let done = try Programs.run(PythonExample.interpreter, ["-c", Self.reader, raw, genesis, key])
        return try JSONDecoder().decode(Seen.self, from: Data(done.output.utf8))
    }

    @Test(
        "words make the same wallet everywhere; what it signs is read and verified by an independent reading")
    func signed() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let restored = try wallet("restore", "--json", input: words)
        #expect(restored.status == 0)
        let key = "f628d5733ba18640769ea46a24000be53a42fbfef0cd2c826044bbc640d119e2"
        let address = "sm1qqqqqqqlgfpwap59jlwmre4p9xrlk8fenfnlsrqva0uyp"
        #expect(restored.output.contains(key) && restored.output.contains(address))
        let spawn = try wallet("sign", "--genesis-id", genesis, "--nonce", "0").output
            .trimmingCharacters(in: .newlines)
        let seen = try read(spawn, key)
        #expect(seen.method == 0 && seen.nonce == 0 && seen.price == 1 && seen.key == key)
        #expect(seen.template == String(repeating: "00", count: 23) + "01")
        let spend = try wallet(
            "sign", "--genesis-id", genesis, "--nonce", "70000", "--gas-price", "3", "--to", address,
            "--amount", "18446744073709551615"
        ).output.trimmingCharacters(in: .newlines)
        let sent = try read(spend, key)
        #expect(sent.method == 16 && sent.nonce == 70_000 && sent.price == 3 && sent.amount == .max)
        #expect(sent.to == sent.principal && seen.principal == sent.principal)
        let decoded = try Programs.run(
            "spacenode", ["tx", "decode", spend, "--genesis-id", genesis, "--key", key, "--json"])
        #expect(decoded.status == 0 && decoded.output.contains("\"signature\" : \"valid\""))
        let other = try Programs.run(
            "spacenode", ["tx", "decode", spend, "--genesis-id", String(genesis.reversed()), "--key", key])
        #expect(other.status == 1 && other.output.contains("invalid"))
    }

    @Test("what a wallet refuses, each with what to do; nothing is ever written over")
    func refusals() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try wallet("list").output.contains("spacenode wallet new"))
        let made = try wallet("new", "--words", "12")
        #expect(made.status == 0)
        let file = "\(folder)/wallet.json"
        let before = FileManager.default.contents(atPath: file)
        #expect(try wallet("new").status == 2 && wallet("restore", input: words).status == 2)
        #expect(FileManager.default.contents(atPath: file) == before)
        #expect(try wallet("restore", input: "abandon abuot").output.contains("12, 15, 18, 21 or 24"))
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try wallet("address", "--index", "4").status == 0)
        #expect(try wallet("list").output.split(separator: "\n").count == 2)
        #expect(try wallet("address", "--index", "2147483648").output.contains("0 to 2147483647"))
        try "another\n".write(toFile: "\(folder)/password", atomically: true, encoding: .utf8)
        #expect(try wallet("address", "--index", "5").output.contains("the password is wrong"))
        #expect(
            try wallet("sign", "--genesis-id", genesis, "--nonce", "0", "--to", "x").output.contains(
                "--amount"))
        #expect(
            try wallet("sign", "--genesis-id", "00", "--nonce", "0").output.contains("40 hexadecimal digits"))
        // No two words of the wallet that follow each other are in its file; one may be the name of a field.
        let text = String(decoding: before ?? Data(), as: UTF8.self)
        let secret = made.output.split(separator: "\n").first { $0.split(separator: " ").count == 12 } ?? ""
        let list = secret.split(separator: " ")
        #expect(!secret.isEmpty && !zip(list, list.dropFirst()).contains { text.contains("\($0) \($1)") })
    }

    @Test("the table of issuance, and its ends")
    func table() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func economics(_ words: String...) throws -> (status: Int32, output: String) {
            try Programs.run("spacenode", ["economics"] + words)
        }
        let rows = try economics("table", "--from", "8063", "--to", "8064").output.split(separator: "\n")
        #expect(rows.count == 3)
        #expect(rows[1].split(separator: " ") == ["8063", "0", "0", "0", "0"])
        #expect(
            rows[2].split(separator: " ") == ["8064", "477618296206", "955236693799", "0", "955236693799"])
        #expect(try economics("simulate", "--from", "8064", "--to", "8064").output.contains(" 477618397593 "))
        let last = try economics("table", "--from", "199077612", "--to", "199077612", "--json")
        #expect(last.output.contains("\"subsidy\":\"1\""))
        let beyond = try economics("table", "--from", "1", "--to", "199077613")
        #expect(beyond.status == 2 && beyond.output.contains("199077612"))
        #expect(try economics("table", "--from", "2", "--to", "1").status == 2)
    }
}

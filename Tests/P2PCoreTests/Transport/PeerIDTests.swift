import NodeCrypto
import NodeDomain
import P2PCore
import Testing

@Suite("Peer ids")
struct PeerIDTests {
    struct Key: Decodable { let `private`, `public`, peer_id_multihash, peer_id_base58: String }
    struct Example: Decodable { let cid: String?; let base58: String }
    struct File: Decodable {
        let keys: [String: Key]
        let string_examples: [Example]
    }

    private func file() throws -> File { try VectorFile.read("peer-id.json", as: File.self) }

    @Test("the key of Ed25519 is taken in every form, the others are refused as other kinds")
    func kinds() throws {
        let keys = try file().keys
        #expect(keys.count == 4)
        for (kind, key) in keys {
            let (message, hash) = (try hex(key.public), try hex(key.peer_id_multihash))
            if kind == "ed25519" {
                let id = try PeerID(keyMessage: message)
                #expect(id.keyMessage == message)
                #expect(id.bytes == hash)
                #expect(id.text == key.peer_id_base58)
                #expect(try PeerID(bytes: hash) == id)
                #expect(try PeerID(text: key.peer_id_base58) == id)
            } else {
                #expect(throws: PeerIDFault.kind, "\(kind)") { try PeerID(keyMessage: message) }
                #expect(throws: PeerIDFault.kind, "\(kind)") { try PeerID(bytes: hash) }
                #expect(throws: PeerIDFault.kind, "\(kind)") { try PeerID(text: key.peer_id_base58) }
            }
        }
    }

    @Test("base 58 and CIDs of the specification")
    func texts() throws {
        let examples = try file().string_examples
        #expect(examples.count == 2)
        for example in examples {
            if let cid = example.cid {
                // Both name the same key of RSA, so both are refused alike.
                #expect(
                    Base32.bytes(of: cid.dropFirst())?.dropFirst(2)
                        == Base58.bytes(of: example.base58, limit: 64)?[...])
                #expect(throws: PeerIDFault.kind) { try PeerID(text: cid) }
                #expect(throws: PeerIDFault.kind) { try PeerID(text: example.base58) }
            } else {
                #expect(try PeerID(text: example.base58).text == example.base58)
            }
        }
    }

    @Test("a CID of a key of ours is the same peer")
    func cid() throws {
        let id = identity(1).id
        let digits = Array("abcdefghijklmnopqrstuvwxyz234567")
        var (text, waiting, bits) = ("b", 0, 0)
        for byte in [0x01, 0x72] + id.bytes + [0] {
            waiting = waiting << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(digits[waiting >> bits & 31])
            }
        }
        // Forty bytes are sixty-four digits.
        #expect(try PeerID(text: String(text.prefix(65))) == id)
        #expect(throws: PeerIDFault.self) { try PeerID(text: String(text.prefix(64))) }
    }

    @Test("anything before, behind, twice, or in another form is refused")
    func strict() throws {
        let (bytes, message) = (identity(1).id.bytes, identity(1).id.keyMessage)
        for wrong in [
            [], bytes + [0], Array(bytes.dropLast()), [0] + bytes, message, [0x80] + bytes,
            [0x00, 0xa4, 0x00] + message,
        ] {
            #expect(throws: PeerIDFault.self) { try PeerID(bytes: wrong) }
        }
        let key = Array(message.dropFirst(4))
        for wrong in [
            [], message + [0x18, 0x01], Array(message.dropLast()), [0x12, 0x20] + key + [0x08, 0x01],
            [0x08, 0x81, 0x00, 0x12, 0x20] + key, [0x08, 0x01, 0x12, 0xa0, 0x00] + key,
            [0x08, 0x01, 0x08, 0x01, 0x12, 0x20] + key, bytes,
        ] {
            #expect(throws: PeerIDFault.self) { try PeerID(keyMessage: wrong) }
        }
        let text = identity(1).id.text
        for wrong in [
            "", "1", "Qm", "b", "x\(text)", "\(text)1", String(text.dropLast()), text.lowercased(),
            "0\(text)",
            String(repeating: "1", count: 10_000), "z\(text)", "bafzaaj",
        ] {
            #expect(throws: PeerIDFault.self, "\(wrong.prefix(80))") { try PeerID(text: wrong) }
        }
    }

    @Test("an identity of a guarded key signs as its seed does")
    func identities() throws {
        var seed = [UInt8](repeating: 1, count: 32)
        let key = try #require(SigningKey(seed: SecretBytes(taking: &seed)))
        let own = PeerIdentity(key: key)
        #expect(own.id == identity(1).id)
        #expect(own.sign([1, 2]) == identity(1).sign([1, 2]))
        #expect("\(own.id)" == own.id.text)
    }

    @Test("order is that of the bytes")
    func order() {
        let ids = (1...9 as ClosedRange<UInt8>).map { identity($0).id }
        #expect(ids.sorted().map(\.bytes) == ids.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) })
    }
}

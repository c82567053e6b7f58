import NodeCrypto
import NodeDomain
import P2PCore
import Testing

@Suite("Noise XX")
struct NoiseTests {
    struct Message: Decodable { let payload, ciphertext: String }
    struct Vector: Decodable {
        let init_prologue, init_static, init_ephemeral, resp_prologue, resp_static, resp_ephemeral: String
        let handshake_hash: String
        let messages: [Message]
    }
    struct File: Decodable { let vectors: [Vector] }

    private func pair(_ fixed: String, _ ephemeral: String) throws -> KeyPairs {
        var (one, other) = (try hex(fixed), try hex(ephemeral))
        return KeyPairs(
            fixed: try #require(X25519Key(scalar: SecretBytes(taking: &one))),
            ephemeral: try #require(X25519Key(scalar: SecretBytes(taking: &other))))
    }

    @Test("both published transcripts, byte for byte, and read by the other side")
    func vectors() throws {
        let file = try VectorFile.read("noise-xx-25519-chachapoly-sha256.json", as: File.self)
        #expect(file.vectors.count == 2)
        for vector in file.vectors {
            var sides = [
                NoiseHandshake(
                    isInitiator: true, prologue: try hex(vector.init_prologue),
                    keys: try pair(vector.init_static, vector.init_ephemeral)),
                NoiseHandshake(
                    isInitiator: false, prologue: try hex(vector.resp_prologue),
                    keys: try pair(vector.resp_static, vector.resp_ephemeral)),
            ]
            for (place, message) in vector.messages.prefix(3).enumerated() {
                let written = try sides[place % 2].write(try hex(message.payload))
                #expect(Hexadecimal.text(of: written) == message.ciphertext)
                let read = try sides[1 - place % 2].read(written)
                #expect(read == (try hex(message.payload)))
            }
            for side in sides {
                #expect(side.isFinished)
                #expect(Hexadecimal.text(of: side.hash) == vector.handshake_hash)
            }
            let responder = try pair(vector.resp_static, vector.resp_ephemeral).fixed.publicKey
            #expect(sides[0].otherStatic == responder)
            var ciphers = [sides[0].split(), sides[1].split()]
            for (place, message) in vector.messages.enumerated().dropFirst(3) {
                // The responder goes on.
                let side = place % 2
                let payload = try hex(message.payload)
                let sealed = ciphers[side].send.seal(payload) ?? []
                #expect(Hexadecimal.text(of: sealed) == message.ciphertext)
                let opened = ciphers[1 - side].receive.open(sealed)
                #expect(opened == payload)
            }
        }
    }

    @Test("out of turn nothing is written or read")
    func turns() throws {
        var responder = NoiseHandshake(isInitiator: false, prologue: [], keys: keys(1))
        #expect(throws: NoiseFault.ours) { try responder.write([]) }
        var initiator = NoiseHandshake(isInitiator: true, prologue: [], keys: keys(2))
        #expect(throws: NoiseFault.length(32)) { try initiator.read([UInt8](repeating: 9, count: 32)) }
    }

    @Test("the last number of a counter is never used")
    func counter() {
        var cipher = NoiseCipher(key: [UInt8](repeating: 1, count: 32), nonce: .max - 1)
        #expect(cipher.seal([1]) != nil)
        #expect(cipher.seal([1]) == nil)
        #expect(cipher.open([UInt8](repeating: 1, count: 17)) == nil)
    }

    @Test("points of low order as ephemeral or static key end the handshake")
    func lowOrder() throws {
        let weak = [[UInt8](repeating: 0, count: 32), [1] + [UInt8](repeating: 0, count: 31)]
        for point in weak {
            var responder = NoiseHandshake(isInitiator: false, prologue: [], keys: keys(1))
            _ = try responder.read(point)
            #expect(throws: NoiseFault.weakKey) { try responder.write([]) }
            var initiator = NoiseHandshake(isInitiator: true, prologue: [], keys: keys(2))
            _ = try initiator.write([])
            let reply = point + [UInt8](repeating: 0, count: 64)
            #expect(throws: NoiseFault.weakKey) { try initiator.read(reply) }
        }
    }

    @Test("messages that are cut off or changed anywhere are refused")
    func changed() throws {
        var first = NoiseHandshake(isInitiator: true, prologue: prologue, keys: keys(1))
        let second = NoiseHandshake(isInitiator: false, prologue: prologue, keys: keys(2))
        let hello = try first.write([])
        var responder = second
        _ = try responder.read(hello)
        let reply = try responder.write([1, 2, 3])
        for count in 0..<reply.count {
            var initiator = first
            #expect(throws: NoiseFault.self) { try initiator.read(Array(reply[..<count])) }
        }
        for place in reply.indices {
            var (initiator, bytes) = (first, reply)
            bytes[place] ^= 1
            #expect(throws: NoiseFault.self, "byte \(place)") { try initiator.read(bytes) }
        }
    }
}

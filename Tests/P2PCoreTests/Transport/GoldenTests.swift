import NodeCrypto
import NodeDomain
import P2PCore
import Testing

/// Bytes that another implementation of libp2p sends.
@Suite("Golden frames")
struct GoldenTests {
    struct Identity: Decodable { let ed25519_seed, public_protobuf, peer_id, peer_id_bytes: String }
    struct Payload: Decodable {
        let noise_static_private, noise_static_public, signed_data, identity_sig, payload: String
        let payload_with_stream_muxers_ext: String
    }
    struct Signed: Decodable { let topic, data, seqno, signed_bytes, signature, rpc: String }
    struct File: Decodable {
        let alice, bob: Identity
        let noise_payload: Payload
        let pubsub_signed_message: Signed
        let pubsub_rpc, yamux_headers, multistream: [String: String]
    }

    private func file() throws -> File {
        try VectorFile.read("libp2p-wire-golden.json", as: File.self)
    }

    @Test("peer ids and key messages")
    func peers() throws {
        for peer in [try file().alice, try file().bob] {
            let seed = try #require(Bytes32(hexadecimal: peer.ed25519_seed))
            let publicKey = try #require(Ed25519.publicKey(seed: seed))
            let id = PeerID(publicKey: publicKey)
            #expect(Hexadecimal.text(of: id.keyMessage) == peer.public_protobuf)
            #expect(Hexadecimal.text(of: id.bytes) == peer.peer_id_bytes)
            #expect(id.text == peer.peer_id)
            #expect(try PeerID(text: peer.peer_id) == id)
        }
    }

    @Test("payload of the handshake, with and without muxers")
    func payload() throws {
        let golden = try file().noise_payload
        var scalar = try hex(golden.noise_static_private)
        let fixed = try #require(X25519Key(scalar: SecretBytes(taking: &scalar))).publicKey
        #expect("\(fixed)" == golden.noise_static_public)
        #expect(Hexadecimal.text(of: NoisePayload.message(for: fixed)) == golden.signed_data)
        let plain = try #require(NoisePayload(of: identity(1), staticKey: fixed, muxers: []))
        #expect(Hexadecimal.text(of: plain.signature) == golden.identity_sig)
        #expect(Hexadecimal.text(of: plain.bytes) == golden.payload)
        let muxed = try #require(NoisePayload(of: identity(1), staticKey: fixed, muxers: [Yamux.name]))
        #expect(Hexadecimal.text(of: muxed.bytes) == golden.payload_with_stream_muxers_ext)
        for (bytes, payload) in [(golden.payload, plain), (golden.payload_with_stream_muxers_ext, muxed)] {
            let read = try NoisePayload(bytes: try hex(bytes))
            #expect(read == payload)
            #expect(try read.verified(staticKey: fixed) == identity(1).id)
            #expect(throws: NoiseFault.signature) { try read.verified(staticKey: .zero) }
        }
    }

    @Test("headers of yamux, written and read")
    func yamux() throws {
        let frames: [String: YamuxFrame] = [
            "open_stream1_window_syn": YamuxFrame(.window, .open, stream: 1),
            "ack_stream1": YamuxFrame(.window, .acknowledge, stream: 1),
            "data_stream1_len5": YamuxFrame(.data, stream: 1, length: 5),
            "fin_stream1": YamuxFrame(.data, .finish, stream: 1),
            "rst_stream1": YamuxFrame(.data, .reset, stream: 1),
            "ping_syn_7": YamuxFrame(.ping, .open, stream: 0, length: 7),
            "ping_ack_7": YamuxFrame(.ping, .acknowledge, stream: 0, length: 7),
            "goaway_normal": YamuxFrame(.goAway, stream: 0, length: 0),
            "goaway_protocol_error": YamuxFrame(.goAway, stream: 0, length: 1),
        ]
        let golden = try file().yamux_headers
        #expect(golden.count == frames.count)
        for (name, text) in golden {
            let frame = try #require(frames[name], "\(name)")
            #expect(Hexadecimal.text(of: frame.bytes) == text, "\(name)")
            #expect(try YamuxFrame(bytes: (try hex(text))[...]) == frame, "\(name)")
        }
    }

    @Test("what our muxer sends is what the headers say")
    func muxer() throws {
        let golden = try file().yamux_headers
        var yamux = Yamux(isDialer: true, limits: ConnectionLimits())
        let first = yamux.open()
        let stream = try #require(first)
        #expect(Hexadecimal.text(of: yamux.takeOutput()) == golden["open_stream1_window_syn"])
        yamux.write(stream, [1, 2, 3, 4, 5])
        #expect(
            Hexadecimal.text(of: yamux.takeOutput()) == (golden["data_stream1_len5"] ?? "") + "0102030405")
        yamux.finish(stream)
        #expect(Hexadecimal.text(of: yamux.takeOutput()) == golden["fin_stream1"])
        yamux.reset(stream)
        #expect(Hexadecimal.text(of: yamux.takeOutput()) == golden["rst_stream1"])
        yamux.ping(7)
        #expect(Hexadecimal.text(of: yamux.takeOutput()) == golden["ping_syn_7"])
        yamux.goAway(.normal)
        yamux.goAway(.protocolError)
        #expect(
            Hexadecimal.text(of: yamux.takeOutput())
                == (golden["goaway_normal"] ?? "") + (golden["goaway_protocol_error"] ?? ""))
        var other = Yamux(isDialer: false, limits: ConnectionLimits())
        var queue = ByteQueue()
        queue.append(try hex(golden["open_stream1_window_syn"]) + hex(golden["ping_syn_7"]))
        while try other.read(&queue) {}
        #expect(
            Hexadecimal.text(of: other.takeOutput()) == (golden["ack_stream1"] ?? "")
                + (golden["ping_ack_7"] ?? ""))
    }

    @Test("messages of multistream-select, written and read")
    func multistream() throws {
        let golden = try file().multistream
        #expect(golden.count == 8)
        for (text, message) in golden {
            #expect(Hexadecimal.text(of: Multistream.message(text)) == message)
            var queue = ByteQueue()
            queue.append(try hex(message))
            let read = try Multistream.next(&queue)
            #expect(read == text)
            #expect(queue.isEmpty)
        }
    }

    @Test("gossip's messages are read and written field by field")
    func gossip() throws {
        let golden = try file()
        let texts = Array(golden.pubsub_rpc.values) + [golden.pubsub_signed_message.rpc]
        #expect(texts.count == 7)
        for text in texts {
            let bytes = try hex(text)
            let copied = try copy(bytes[...])
            #expect(copied == bytes)
        }
        let message = golden.pubsub_signed_message
        let start = Array("libp2p-pubsub:".utf8)
        let signed = try hex(message.signed_bytes)
        #expect(identity(1).sign(signed) == (try hex(message.signature)))
        var writer = FieldWriter()
        writer.bytes(1, identity(1).id.bytes)
        writer.bytes(2, try hex(message.data))
        writer.bytes(3, try hex(message.seqno))
        writer.text(4, message.topic)
        #expect(start + writer.bytes == signed)
    }

    /// All fields, and the first ones of inner messages, written anew.
    private func copy(_ bytes: ArraySlice<UInt8>) throws -> [UInt8] {
        var (reader, writer) = (FieldReader(bytes), FieldWriter())
        while let field = try reader.next() {
            switch field.value {
            case .number(let number): writer.number(field.number, number)
            case .bytes(let inner): writer.bytes(field.number, inner)
            case .fixed32, .fixed64: Issue.record("there are no such fields")
            }
        }
        return writer.bytes
    }
}

import NodeDomain
import P2PCore
import Testing

@Suite("Addresses of peers")
struct AddressTests {
    @Test("text and bytes come back")
    func roundTrips() throws {
        let id = identity(1).id
        let cases: [(String, String)] = [
            ("/ip4/127.0.0.1/tcp/4001", "047f000001060fa1"),
            ("/ip4/0.0.0.0/tcp/0", "0400000000060000"),
            ("/ip6/::1/tcp/65535", "290000000000000000000000000000000106ffff"),
            ("/ip6/2001:db8::1:0:0:1/tcp/7513", "2920010db8000000000001000000000001061d59"),
            ("/ip6/::/tcp/1", "2900000000000000000000000000000000060001"),
            ("/ip6/1:0:2:3:4:5:6:7/tcp/1", "2900010000000200030004000500060007060001"),
            ("/ip6/1::/tcp/1", "2900010000000000000000000000000000060001"),
            ("/dns4/example.org/tcp/1", "360b6578616d706c652e6f7267060001"),
            ("/dns6/a-b.x_y/tcp/80", "3707612d622e785f79060050"),
        ]
        for (text, bytes) in cases {
            let address = try Multiaddress(text: text)
            #expect(address.text == text)
            #expect(Hexadecimal.text(of: address.bytes) == bytes, "\(text)")
            #expect(try Multiaddress(bytes: try hex(bytes)) == address)
            var named = address
            named.peer = id
            #expect(named.text == "\(text)/p2p/\(id)")
            #expect(try Multiaddress(text: named.text) == named)
            #expect(try Multiaddress(bytes: named.bytes) == named)
            #expect(named.bytes == address.bytes + [0xa5, 0x03, 0x26] + id.bytes)
            for count in 0..<named.bytes.count where count != address.bytes.count {
                #expect(throws: WireFault.self) { try Multiaddress(bytes: named.bytes[..<count]) }
            }
        }
        #expect(try Multiaddress(text: "/dns4/EXAMPLE.org/tcp/1").text == "/dns4/example.org/tcp/1")
        #expect(try Multiaddress(text: "/ip6/2001:DB8:0:0::1/tcp/1").text == "/ip6/2001:db8::1/tcp/1")
        #expect(try Multiaddress(text: "/ip4/1.2.3.4/tcp/1/ipfs/\(id)").peer == id)
    }

    @Test("texts that are none are refused")
    func badTexts() {
        for text in [
            "", "/", "ip4/1.2.3.4/tcp/1", "/ip4/1.2.3/tcp/1", "/ip4/1.2.3.256/tcp/1", "/ip4/01.2.3.4/tcp/1",
            "/ip4/+1.2.3.4/tcp/1", "/ip4/1.2.3.4/tcp/65536", "/ip4/1.2.3.4/tcp/-1", "/ip4/1.2.3.4/tcp/+1",
            "/ip4/1.2.3.4/tcp/01", "/ip4/1.2.3.4/tcp/", "/ip4/1.2.3.4/udp/1", "/ip4/1.2.3.4/tcp/1/",
            "/ip4/1.2.3.4",
            "/ip4/1.2.3.4/tcp/1/p2p", "/ip4/1.2.3.4/tcp/1/p2p/x", "/ip4/1.2.3.4/tcp/1/ws/x",
            "/ip6/1::2::3/tcp/1",
            "/ip6/1:2:3:4:5:6:7/tcp/1", "/ip6/1:2:3:4:5:6:7:8:9/tcp/1", "/ip6/1:2:3:4:5:6:7::8/tcp/1",
            "/ip6/:1/tcp/1", "/ip6/12345::/tcp/1", "/ip6/::+1/tcp/1", "/ip6/::g/tcp/1", "/ip6/::1%eth0/tcp/1",
            "/ip6/:::/tcp/1", "/ip6//tcp/1", "/dns4//tcp/1", "/dns4/a..b/tcp/1", "/dns4/-a/tcp/1",
            "/dns4/a b/tcp/1",
            "/dns4/ü.org/tcp/1", "/dns4/\(String(repeating: "a", count: 64))/tcp/1", "/dns/a/tcp/1",
            "/dns4/\(String(repeating: "a.", count: 130))a/tcp/1", "/unix/a/tcp/1",
            String(repeating: "/", count: 5_000),
        ] {
            #expect(throws: MultiaddressFault.self, "\(text.prefix(60))") { try Multiaddress(text: text) }
        }
    }

    @Test("bytes that are none, or none of ours, are refused")
    func badBytes() {
        for bytes in [
            [], [0x04], [0x84, 0x00, 1, 2, 3, 4, 6, 0, 1], [0x04, 1, 2, 3, 4, 0x91, 0x02, 0, 1],
            [0x04, 1, 2, 3, 4, 6, 0, 1, 6], [0x04, 1, 2, 3, 4, 6, 0, 1, 0xa5, 0x03, 1, 1],
            [0x36, 1, 0x41, 6, 0, 1], [0x36, 0, 6, 0, 1], [0x36, 2, 0xc3, 0x28, 6, 0, 1],
            [0x36, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x35, 1, 0x61, 6, 0, 1],
            [UInt8](repeating: 4, count: 321),
        ] as [[UInt8]] {
            #expect(throws: WireFault.self, "\(bytes.prefix(12))") { try Multiaddress(bytes: bytes) }
        }
    }

    @Test("records of peers: signed, read, and refused when anything is changed")
    func records() throws {
        let addresses = try ["/ip4/192.0.2.1/tcp/1", "/ip6/2001:db8::2/tcp/2"].map {
            try Multiaddress(text: $0)
        }
        let record = try #require(SignedPeerRecord(of: identity(1), number: 77, addresses: addresses))
        let read = try SignedPeerRecord(bytes: record.bytes)
        #expect(read == record)
        #expect((read.peer, read.number) == (identity(1).id, 77))
        #expect(read.addresses == addresses)
        for place in record.bytes.indices {
            var bytes = record.bytes
            bytes[place] ^= 1
            #expect(throws: PeerRecordFault.self, "byte \(place)") { try SignedPeerRecord(bytes: bytes) }
        }
        for count in record.bytes.indices {
            #expect(throws: PeerRecordFault.self) {
                try SignedPeerRecord(bytes: Array(record.bytes[..<count]))
            }
        }
        let many = [Multiaddress](repeating: addresses[0], count: 33)
        #expect(SignedPeerRecord(of: identity(1), number: 1, addresses: many) == nil)
        let mute = PeerIdentity(publicKey: .zero) { _ in nil }
        #expect(SignedPeerRecord(of: mute, number: 1, addresses: []) == nil)
    }

    @Test("a record that another peer signed is refused")
    func foreign() throws {
        var record = FieldWriter()
        record.bytes(1, identity(2).id.bytes)
        record.number(2, 1)
        let kind: [UInt8] = [3, 1]
        let domain = Array("libp2p-peer-record".utf8)
        let message =
            [UInt8(domain.count)] + domain + [2] + kind + Varint.bytes(UInt64(record.bytes.count))
            + record.bytes
        var envelope = FieldWriter()
        envelope.bytes(1, identity(1).id.keyMessage)
        envelope.bytes(2, kind)
        envelope.bytes(3, record.bytes)
        envelope.bytes(5, try #require(identity(1).sign(message)))
        #expect(throws: PeerRecordFault.otherPeer) { try SignedPeerRecord(bytes: envelope.bytes) }
    }
}

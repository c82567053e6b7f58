import NodeDomain
import P2PCore
import Testing

@Suite("Peers: where this node is")
struct OwnAddressTests {
    private let seen = host("8.8.8.8")

    @Test("three parts of the network must see the same, and the port must be open")
    func witnesses() {
        var own = OwnAddresses(announced: [], port: 7_610)
        own.observed(seen, by: host("1.1.0.1"), isOutbound: true, now: 0)
        own.observed(seen, by: host("1.1.9.9"), isOutbound: true, now: 0)
        own.observed(seen, by: host("1.2.0.1"), isOutbound: true, now: 0)
        own.observed(seen, by: host("1.4.0.1"), isOutbound: false, now: 0)
        own.observed(host("10.0.0.1"), by: host("1.5.0.1"), isOutbound: true, now: 0)
        #expect(own.host == nil)
        own.observed(seen, by: host("1.3.0.1"), isOutbound: true, now: 0)
        #expect(own.host == seen && own.advertised.isEmpty)
        own.wasDialled(from: host("9.9.9.9"), now: 1)
        #expect(own.advertised.map(\.text) == ["/ip4/8.8.8.8/tcp/7610"])
        // Who sees another host now says the old one no longer.
        own.observed(host("8.8.4.4"), by: host("1.3.0.1"), isOutbound: true, now: 2)
        #expect(own.host == nil)
    }

    @Test("what the operator announces is what others are told")
    func announced() throws {
        let address = try Multiaddress(text: "/dns4/node.example/tcp/7610")
        let own = OwnAddresses(announced: [address], port: 7_610)
        #expect(own.advertised == [address] && !own.isCheckDue(now: 0))
    }

    @Test("a peer is asked at most once in ten minutes, and only who was asked is heard")
    func check() {
        var own = OwnAddresses(announced: [], port: 7_610)
        let (asked, other) = (PeerHandle(value: 1), PeerHandle(value: 2))
        #expect(own.isCheckDue(now: 0))
        own.asked(asked, now: 0)
        #expect(!own.isCheckDue(now: 599_999) && own.isCheckDue(now: 600_000))
        own.answered(other, .reached, now: 1)
        #expect(own.state == .unknown)
        own.answered(asked, .notReached, now: 2)
        #expect(own.state == .closed(since: 2))
        own.answered(asked, .reached, now: 3)
        #expect(own.state == .closed(since: 2))
        own.asked(asked, now: 700_000)
        own.answered(asked, .reached, now: 700_001)
        #expect(own.state == .open(since: 700_001))
        own.asked(asked, now: 2_000_000)
        own.answered(asked, .notReached, now: 2_060_001)
        #expect(own.state == .open(since: 700_001))
        #expect(!OwnAddresses(announced: [], port: nil).isCheckDue(now: 0))
    }

    @Test("a host is dialled back once in ten minutes, and no other than the one that asks")
    func dialBack() {
        var backs = DialBacks()
        #expect(backs.target(port: 7_610, from: seen, now: 0) == Multiaddress(seen, port: 7_610))
        #expect(backs.target(port: 7_611, from: seen, now: 599_999) == nil)
        #expect(backs.target(port: 7_611, from: seen, now: 600_000) != nil)
        #expect(backs.target(port: 25, from: host("9.9.9.9"), now: 0) == nil)
        #expect(backs.target(port: 7_610, from: host("192.168.0.1"), now: 0) == nil)
        var taken = 0
        for number in 0..<1_000 as Range<UInt32> {
            taken += backs.target(port: 7_610, from: .ip4(20 << 24 + number), now: 700_000) == nil ? 0 : 1
        }
        #expect(taken < 256)
    }

    @Test("the question is read as it was written, and nothing else is")
    func messages() throws {
        let question = Question.reach(port: 7_610)
        let bytes = Array(question.delimited.dropFirst())
        #expect(try Question(.reach, bytes: bytes) == question)
        #expect(throws: WireFault.self) { try Question(.peers, bytes: bytes) }
        // Port 0, port 65,536, no port, two things.
        for bytes in [[0x10, 1], [0x08, 0, 0x10, 1], [0x08, 0x80, 0x80, 4, 0x10, 1], [0x08, 1, 0x10, 2]] {
            #expect(throws: WireFault.self) { try Question(.reach, bytes: bytes.map { UInt8($0) }) }
        }
    }
}

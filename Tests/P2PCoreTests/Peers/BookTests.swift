import NodeDomain
import P2PCore
import TestSupport
import Testing

@Suite("Peers: the book")
struct BookTests {
    @Test("the keyed hash is SipHash-2-4, as libsodium computes it")
    func hash() {
        // Bytes 0, 1, 2, … as words, under the key 0, 1, …, 15.
        let (first, second, third) = (
            0x0706_0504_0302_0100 as UInt64, 0x0f0e_0d0c_0b0a_0908 as UInt64, 0x1716_1514_1312_1110 as UInt64
        )
        #expect(someKey(first, second) == 0x3f2a_cc7f_57c2_9bdb)
        #expect(someKey(first, second, third) == 0xb8ad_50c6_f649_af94)
    }

    @Test("hosts are grouped by /24 and /16, /48 and /32; wrapped addresses of version 4 as what they wrap")
    func groups() {
        #expect(NetworkGroup(host("1.2.3.4"), .large) == NetworkGroup(host("1.2.9.9"), .large))
        #expect(NetworkGroup(host("1.2.3.4"), .small) != NetworkGroup(host("1.2.4.4"), .small))
        #expect(NetworkGroup(host("1.2.3.4"), .large) != NetworkGroup(host("1.3.3.4"), .large))
        let wrapped: [Multiaddress.Host] = [
            .ip6(0, 0xffff_0102_0304), .ip6(0x0064_ff9b_0000_0000, 0x0102_0304),
            .ip6(0x2002_0102_0304_0000, 9),
        ]
        for host in wrapped {
            #expect(NetworkGroup(host, .small) == NetworkGroup(.ip4(0x0102_0304), .small))
        }
        #expect(
            NetworkGroup(.ip6(0x2a00_1111_2222_3333, 1), .large)
                == NetworkGroup(.ip6(0x2a00_1111_9999_0000, 7), .large))
        #expect(
            NetworkGroup(.ip6(0x2a00_1111_2222_3333, 1), .small)
                != NetworkGroup(.ip6(0x2a00_1111_9999_0000, 7), .small))
    }

    @Test("only what the Internet reaches counts as reachable")
    func global() {
        for text in ["8.8.8.8", "1.1.1.1", "100.63.0.1", "172.32.0.1", "223.255.255.255"] {
            #expect(host(text).isGlobal, "\(text)")
        }
        let special = [
            "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.16.0.1", "192.0.2.1",
            "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "255.255.255.255",
        ]
        for text in special { #expect(!host(text).isGlobal, "\(text)") }
        #expect(Multiaddress.Host.ip6(0x2a00_1450_0000_0000, 1).isGlobal)
        for high: UInt64 in [
            0, 0xfe80 << 48, 0xfc00 << 48, 0x2001_0db8 << 32, 0xff02 << 48, 0x2001_0000 << 32,
            0x2001_0010 << 32,
            0x2001_002f << 32, 0x3fff_0123 << 32,
        ] {
            #expect(!Multiaddress.Host.ip6(high, 1).isGlobal)
        }
        #expect(!Multiaddress.Host.ip6(0, 0xffff_0a00_0001).isGlobal)
        #expect(!Multiaddress.Host.dns4("example.org").isGlobal)
    }

    @Test("one part of the network fills no more than its buckets, however many peers it makes up")
    func bounds() {
        var book = emptyBook()
        for number in 0..<20_000 as Range<UInt64> {
            _ = book.add(someContact(number, group: 1), from: someGroup(9), now: 0)
        }
        // One bucket: who told and who is told of are each in one part.
        #expect(book.newCount <= PeerBookParameters.slots)
        for number in 0..<20_000 as Range<UInt64> {
            _ = book.add(someContact(number, group: UInt32(number % 200)), from: someGroup(9), now: 0)
        }
        #expect(book.newCount <= 64 * PeerBookParameters.slots)
        for number in 0..<2_000 as Range<UInt64> {
            let peer = somePeer(100_000 + number)
            _ = book.add(
                PeerContact(peer: peer, addresses: someContact(number, group: 3).addresses),
                from: someGroup(UInt32(number)), now: 0)
            book.reached(peer, now: 1)
        }
        #expect(book.triedCount <= 8 * PeerBookParameters.slots)
    }

    @Test("who stands in the way of a newcomer is tested first, stays if it answers, and goes if it does not")
    func testBeforeEvict() throws {
        var book = emptyBook()
        var number: UInt64 = 0
        while book.testDue(now: 1_000) == nil {
            number += 1
            _ = book.add(someContact(number, group: 5), from: someGroup(UInt32(number)), now: 0)
            book.reached(somePeer(number), now: 1_000)
            if number > 2_000 { break }
        }
        let newcomer = somePeer(number)
        #expect(book.isTried(newcomer) == false)
        // Reached within four hours: it stays.
        var stays = book
        stays.settle(now: 2_000)
        #expect(stays.isTried(newcomer) == false)
        #expect(stays.testDue(now: 2_000) == nil)
        // Later the older one is dialled and does not answer; a minute is left to it.
        let later = 5 * Milliseconds.hour
        var goes = book
        goes.reached(newcomer, now: later)
        let due = goes.testDue(now: later)
        let old = try #require(due)
        #expect(goes.isTried(old.peer) == true)
        goes.dialled(old.peer, now: later)
        goes.settle(now: later + 59_000)
        #expect(goes.isTried(old.peer) == true)
        goes.failed(old.peer, isOnline: true, now: later)
        goes.settle(now: later + 61_000)
        #expect(goes.isTried(newcomer) == true && goes.isTried(old.peer) == false)
        #expect(goes.contact(of: old.peer) != nil)
        // It answers: it stays.
        var answers = book
        answers.reached(newcomer, now: later)
        answers.reached(old.peer, now: later + 1)
        answers.settle(now: later + 2)
        #expect(answers.isTried(old.peer) == true && answers.isTried(newcomer) == false)
    }

    @Test("a peer tells of one other at once and a tenth a second; of a thousand when it was asked")
    func rate() throws {
        var book = emptyBook()
        let peer = PeerHandle(value: 1)
        func tell(_ book: inout PeerBook, _ count: Int, _ now: UInt64) -> Int {
            (0..<count).filter { _ in
                book.receive(someContact(5), from: peer, source: someGroup(3), now: now) != .refused
            }.count
        }
        #expect(tell(&book, 3, 0) == 0)
        book.connected(peer, now: 0)
        #expect(tell(&book, 3, 0) == 1)
        #expect(tell(&book, 100, 60_000) == 6)
        book.asked(peer, now: 60_000)
        #expect(tell(&book, 3_000, 60_000) == 1_000)
        #expect(tell(&book, 3_000, 24 * Milliseconds.hour) == 1_000)
        #expect(throws: PeerBookFault.tooManyRecords(1_001, limit: 1_000)) {
            try book.receive(
                [[UInt8]](repeating: [], count: 1_001), from: peer, at: .ip4(1), now: 24 * Milliseconds.hour)
        }
    }

    @Test("signed records are read, checked and kept; false ones are their teller's fault")
    func records() throws {
        var book = emptyBook()
        let (peer, identity) = (PeerHandle(value: 1), someIdentity(3))
        book.connected(peer, now: 0)
        book.asked(peer, now: 0)
        func record(_ number: UInt64, _ addresses: String...) throws -> [UInt8] {
            let addresses = try addresses.map { try Multiaddress(text: $0) }
            return try #require(SignedPeerRecord(of: identity, number: number, addresses: addresses)).bytes
        }
        let first = try record(
            1, "/ip4/8.8.4.4/tcp/7610", "/ip4/10.0.0.1/tcp/7610", "/dns4/a.example/tcp/7610")
        var intake = try book.receive([first], from: peer, at: host("9.9.9.9"), now: 0)
        #expect(intake.added == 1)
        #expect(book.contact(of: identity.id)?.addresses.map(\.text) == ["/ip4/8.8.4.4/tcp/7610"])
        intake = try book.receive(
            [try record(2, "/ip4/8.8.8.8/tcp/1")], from: peer, at: host("9.9.9.9"), now: 0)
        #expect(book.contact(of: identity.id)?.addresses.map(\.text) == ["/ip4/8.8.8.8/tcp/1"])
        intake = try book.receive([first], from: peer, at: host("9.9.9.9"), now: 0)
        #expect(book.contact(of: identity.id)?.addresses.map(\.text) == ["/ip4/8.8.8.8/tcp/1"])
        let local = try record(3, "/ip4/192.168.0.1/tcp/7610")
        intake = try book.receive([local], from: peer, at: host("9.9.9.9"), now: 0)
        #expect(intake.refused == 1)
        var wrong = first
        wrong[wrong.count - 1] ^= 1
        #expect(throws: PeerBookFault.record(.signature)) {
            try book.receive([wrong], from: peer, at: host("9.9.9.9"), now: 0)
        }
    }

    @Test("a peer is told 23 hundredths, 250 at most, the same for ten minutes, and once in that time")
    func reply() throws {
        var book = emptyBook()
        for number in 0..<400 as Range<UInt64> {
            let contact = someContact(number)
            _ = book.add(
                PeerContact(
                    peer: contact.peer, addresses: contact.addresses, record: [1, UInt8(number & 255)]),
                from: someGroup(UInt32(number)), now: 0)
        }
        for value in 1...3 as ClosedRange<UInt64> { book.connected(PeerHandle(value: value), now: 0) }
        let told = book.reply(to: PeerHandle(value: 1), now: 0)
        let first = try #require(told)
        #expect(first.count == book.count * 23 / 100)
        #expect(book.reply(to: PeerHandle(value: 1), now: 599_999) == nil)
        #expect(book.reply(to: PeerHandle(value: 2), now: 599_999) == first)
        #expect(book.reply(to: PeerHandle(value: 3), now: 600_000) != first)
        #expect(book.reply(to: PeerHandle(value: 9), now: 0) == nil)
        for number in 400..<4_000 as Range<UInt64> {
            let contact = someContact(number)
            _ = book.add(
                PeerContact(peer: contact.peer, addresses: contact.addresses, record: [2]),
                from: someGroup(UInt32(number)), now: 0)
        }
        let large = book.reply(to: PeerHandle(value: 1), now: 2 * Milliseconds.hour)
        #expect(large?.count == 250)
    }

    @Test("addresses that nobody reaches make room, and are drawn less often")
    func terrible() {
        var book = emptyBook()
        _ = book.add(someContact(1), from: someGroup(1), now: 0)
        _ = book.add(someContact(2), from: someGroup(1), now: 0)
        for time in 1...3 as ClosedRange<UInt64> { book.failed(somePeer(1), isOnline: true, now: time) }
        var counts: [PeerID: Int] = [:]
        for _ in 0..<2_000 {
            let peer = book.choose(.new, now: Milliseconds.hour) { _ in true }?.peer
            if let peer { counts[peer, default: 0] += 1 }
        }
        #expect((counts[somePeer(1)] ?? 0) * 2 < counts[somePeer(2)] ?? 0)
        #expect((counts[somePeer(1)] ?? 0) > 0)
    }

    @Test("tables and entries agree after any number of changes")
    func invariants() {
        var random = SplitMix(seed: 4)
        var book = emptyBook()
        var now: UInt64 = 0
        for _ in 0..<30_000 {
            let number = UInt64(random.below(3_000))
            now += UInt64(random.below(60_000))
            switch random.below(8) {
            case 0...3:
                let contact = PeerContact(
                    peer: somePeer(number),
                    addresses: someContact(number + UInt64(random.below(2)), group: 7).addresses,
                    number: UInt64(random.below(3)))
                _ = book.add(contact, from: someGroup(UInt32(random.below(40))), now: now)
            case 4: book.reached(somePeer(number), now: now)
            case 5: book.failed(somePeer(number), isOnline: true, now: now)
            case 6: book.settle(now: now)
            default: if random.below(10) == 0 { book.remove(somePeer(number)) }
            }
        }
        #expect(book.count > 300)
        #expect(book.fault == nil)
    }
}

import P2PCore
import TestSupport
import Testing

@Suite("Peers: the dialler")
struct DiallerTests {
    private let own = somePeer(999_999)

    private func book(_ count: UInt64, group: UInt32? = nil) -> PeerBook {
        var book = emptyBook()
        for number in 0..<count {
            _ = book.add(someContact(number, group: group), from: someGroup(UInt32(number % 40)), now: 0)
        }
        return book
    }

    /// Runs a dialler for a while; `answers` says whether a peer is reached.
    private func run(
        _ dialler: inout Dialler, _ book: inout PeerBook, from start: UInt64, to end: UInt64,
        step: UInt64 = 500, tip: Bool = true, answers: (PeerID) -> Bool = { _ in true }
    ) -> [Dialler.Action] {
        var all: [Dialler.Action] = []
        for now in stride(from: start, to: end, by: Int(step)) {
            if tip { dialler.tip(from: nil, now: now) }
            let actions = dialler.tick(&book, isConnected: { _ in false }, now: now)
            all += actions
            for case .dial(let peer, _, _) in actions {
                if answers(peer) {
                    all += dialler.connected(peer, &book, now: now)
                } else {
                    dialler.failed(peer, &book, now: now)
                }
            }
        }
        return all
    }

    private func purposes(_ dialler: Dialler) -> [Dialler.Purpose: Int] {
        Dictionary(grouping: dialler.connections.compactMap { dialler.purpose(of: $0) }, by: { $0 })
            .mapValues(\.count)
    }

    @Test("twelve connections in twelve parts of the network; those of the last run first")
    func twelve() {
        var book = book(600)
        book.anchors = [someContact(3), someContact(4)]
        var dialler = Dialler(DiallerParameters(), own: own, seed: 1, now: 0)
        _ = run(&dialler, &book, from: 0, to: 10_000)
        #expect(purposes(dialler) == [.relay: 8, .headerOnly: 2, .anchor: 2])
        #expect(Set(dialler.connections.compactMap { book.contact(of: $0)?.group }).count == 12)
        #expect(dialler.purpose(of: somePeer(3)) == .anchor)
        dialler.disconnected(somePeer(3), now: 10_000)
        _ = run(&dialler, &book, from: 10_000, to: 12_000)
        #expect(purposes(dialler) == [.relay: 8, .headerOnly: 3, .anchor: 1])
        #expect(book.anchors.isEmpty)
        _ = run(&dialler, &book, from: 12_000, to: 12_000 + 11 * Milliseconds.minute, step: 5_000)
        #expect(book.anchors.count == 2 && book.anchors.contains { $0.peer == somePeer(4) })
    }

    @Test("all in one part of the network: one connection, or twelve in a lab")
    func lab() {
        var book = book(60, group: 1)
        var dialler = Dialler(DiallerParameters(), own: own, seed: 1, now: 0)
        _ = run(&dialler, &book, from: 0, to: 20_000)
        #expect(dialler.connections.count == 1)
        var parameters = DiallerParameters()
        parameters.isGroupUnique = false
        var inLab = Dialler(parameters, own: own, seed: 1, now: 0)
        _ = run(&inLab, &book, from: 0, to: 20_000)
        #expect(inLab.connections.count == 12)
    }

    @Test("a feeler about every two minutes goes to somebody new, and its connection ends at once")
    func feelers() {
        var book = book(600)
        var dialler = Dialler(DiallerParameters(), own: own, seed: 1, now: 0)
        let actions = run(&dialler, &book, from: 0, to: Milliseconds.hour, step: 1_000)
        let feelers = actions.filter { if case .dial(_, _, .feeler) = $0 { true } else { false } }
        let farewells = actions.filter { if case .release = $0 { true } else { false } }
        #expect((24...36).contains(feelers.count) && farewells.count == feelers.count)
        #expect(book.triedCount == 12 + feelers.count)
    }

    @Test(
        "an address that does not answer is left alone, longer each time, and with it all peers said to be there"
    )
    func pauses() {
        var book = emptyBook()
        _ = book.add(someContact(1), from: someGroup(1), now: 0)
        let place = someContact(2).addresses
        for number in 10..<40 as Range<UInt64> {
            _ = book.add(
                PeerContact(peer: somePeer(number), addresses: place), from: someGroup(UInt32(number)), now: 0
            )
        }
        var dialler = Dialler(DiallerParameters(), own: own, seed: 1, now: 0)
        let actions = run(&dialler, &book, from: 0, to: Milliseconds.hour, step: 1_000) { $0 == somePeer(1) }
        let dials = actions.filter { action in
            if case .dial(let peer, _, _) = action { return peer != somePeer(1) }
            return false
        }
        // 1, 2, 4, 8, 16, 32 minutes, and one or two before it was known to be online.
        #expect((3...12).contains(dials.count), "\(dials.count)")
    }

    @Test("while nobody answers, nobody is blamed")
    func offline() {
        var book = book(50)
        var dialler = Dialler(DiallerParameters(), own: own, seed: 1, now: 0)
        _ = run(&dialler, &book, from: 0, to: Milliseconds.hour, step: 1_000) { _ in false }
        #expect(book.count == 50)
        _ = run(&dialler, &book, from: Milliseconds.hour, to: Milliseconds.hour + 10_000)
        #expect(dialler.connections.count == 12)
    }

    @Test("no new tip: one more connection; a new one: the least useful goes")
    func stale() {
        var book = book(600)
        var dialler = Dialler(DiallerParameters(), own: own, seed: 1, now: 0)
        _ = run(&dialler, &book, from: 0, to: 10_000)
        _ = run(&dialler, &book, from: 10_000, to: 40_000, tip: false)
        #expect(dialler.connections.count == 13 && purposes(dialler)[.extra] == 1)
        let extra = dialler.connections.first { dialler.purpose(of: $0) == .extra } ?? own
        dialler.tip(from: extra, now: 41_000)
        let actions = run(&dialler, &book, from: 41_000, to: 80_000)
        #expect(dialler.connections.count == 12 && dialler.purpose(of: extra) == .relay)
        #expect(actions.contains { if case .release = $0 { true } else { false } })
    }

    @Test("a member keeps its connections to members in a term, whatever part of the network they are in")
    func members() {
        var book = book(100)
        var dialler = Dialler(DiallerParameters(), own: own, seed: 1, now: 0)
        let first = (200..<212 as Range<UInt64>).map { someContact($0, group: 3) }
        dialler.keep(first)
        _ = run(&dialler, &book, from: 0, to: 20_000)
        #expect(purposes(dialler)[.committee] == 12 && dialler.connections.count == 24)
        dialler.keep(Array(first.prefix(5)))
        let actions = run(&dialler, &book, from: 20_000, to: 21_000)
        #expect(actions.count == 7 && purposes(dialler)[.committee] == 5)
    }

    @Test("a dial of which nothing is heard is over after half a minute")
    func silence() {
        var book = book(8)
        var parameters = DiallerParameters()
        (parameters.headerOnly, parameters.anchors) = (0, 0)
        var dialler = Dialler(parameters, own: own, seed: 1, now: 0)
        let first = dialler.tick(&book, isConnected: { _ in false }, now: 0)
        #expect(!first.isEmpty && first.count <= 8)
        #expect(
            dialler.tick(&book, isConnected: { _ in false }, now: 30_000).allSatisfy { !first.contains($0) })
        #expect(dialler.tick(&book, isConnected: { _ in false }, now: 30_001).contains { first.contains($0) })
    }
}

import P2PCore
import P2PTransport
import Testing

@Suite("Strangers at the door")
struct PendingConnectionsTests {
    private let one = PendingConnections.Origin.ip4(1)

    private func limit(_ all: Int, _ ofOne: Int) -> PendingLimit {
        var limit = PendingLimit()
        limit.all = all
        limit.ofOne = ofOne
        limit.patience = 1_000
        return limit
    }

    private func peer(_ number: UInt64) -> PeerHandle { PeerHandle(value: number) }

    @Test("one address has only its share")
    func shares() {
        var pending = PendingConnections(limit(10, 2))
        #expect(pending.arrive(peer(1), from: one, now: 0) == .taken)
        #expect(pending.arrive(peer(2), from: one, now: 0) == .taken)
        #expect(pending.arrive(peer(3), from: one, now: 9_999) == .tooManyOfOne)
        #expect(pending.arrive(peer(4), from: .ip6(1), now: 9_999) == .taken)
        pending.leave(peer(1))
        #expect(pending.arrive(peer(5), from: one, now: 9_999) == .taken)
        #expect(pending.count == 3)
    }

    @Test("a full door opens when somebody has had its time")
    func displacement() {
        var pending = PendingConnections(limit(2, 2))
        #expect(pending.arrive(peer(1), from: .ip4(1), now: 0) == .taken)
        #expect(pending.arrive(peer(2), from: .ip4(2), now: 500) == .taken)
        #expect(pending.arrive(peer(3), from: .ip4(3), now: 999) == .tooMany)
        #expect(pending.arrive(peer(4), from: .ip4(4), now: 1_000) == .insteadOf(peer(1)))
        #expect(pending.arrive(peer(5), from: .ip4(5), now: 1_499) == .tooMany)
        #expect(pending.arrive(peer(6), from: .ip4(6), now: 1_500) == .insteadOf(peer(2)))
        #expect(pending.count == 2)
    }

    @Test("it never holds more than it may, whoever comes")
    func bound() {
        var pending = PendingConnections(limit(64, 5))
        for number in 0..<10_000 as Range<UInt64> {
            _ = pending.arrive(peer(number), from: .ip4(UInt32(number % 777)), now: number * 3)
            #expect(pending.count <= 64)
        }
        #expect(pending.count == 64)
    }
}

import P2PCore
import Testing

@Suite("Peers: the gate")
struct GateTests {
    private func handle(_ number: UInt64) -> PeerHandle { PeerHandle(value: number) }

    /// A caller in a /16 of its own.
    private func enter(_ gate: inout Gate, _ number: UInt64, now: UInt64 = 0) -> Gate.Verdict {
        gate.enter(handle(number), from: .ip4(20 << 24 + UInt32(number) << 16 + 1), now: now)
    }

    @Test(
        "two of a /24 and eight of a /16 are let in; of hosts that only a house reaches as many as have places"
    )
    func groups() {
        var gate = Gate(GateLimits(), key: someKey)
        var answers: [Gate.Verdict] = []
        for number in 0..<30 as Range<UInt64> {
            let place = host("8.8.\(number / 3).\(number % 3 + 1)")
            answers.append(gate.enter(handle(number + 1), from: place, now: 0))
        }
        #expect(answers.filter { $0 == .accept }.count == 8)
        #expect(answers[2] == .refuse(.group(2)) && answers[29] == .refuse(.group(8)))
        var lab = Gate(GateLimits(), key: someKey)
        for number in 1...28 as ClosedRange<UInt64> {
            #expect(lab.enter(handle(number), from: host("127.0.0.1"), now: 0) == .accept)
        }
    }

    @Test(
        "who was there longest, answers fastest or brings blocks stays; the crowd of one part goes first"
    )
    func eviction() {
        var gate = Gate(GateLimits(), key: someKey)
        for number in 1...28 as ClosedRange<UInt64> {
            #expect(enter(&gate, number, now: number) == .accept)
        }
        for number in 20...23 as ClosedRange<UInt64> { gate.ping(handle(number), milliseconds: number) }
        for number in 24...27 as ClosedRange<UInt64> { gate.block(handle(number), now: 5_000) }
        var gone: [UInt64] = []
        for number in 100..<120 as Range<UInt64> {
            guard case .evict(let other) = enter(&gate, number, now: number * 100) else { continue }
            gone.append(other.value)
            gate.closed(other)
        }
        #expect(gone.count == 20 && gate.inbound == 28)
        #expect(gone.allSatisfy { !(20...27).contains($0) })
        // Newcomers go before those that were there, but for the first few that are not safe.
        #expect(gone.filter { $0 < 100 }.count <= 3)
    }

    @Test("a crowd of an attacker never pushes out the honest that were there")
    func crowd() {
        var gate = Gate(GateLimits(), key: someKey)
        for number in 1...12 as ClosedRange<UInt64> { _ = enter(&gate, number, now: number) }
        var honest = Set(1...12 as ClosedRange<UInt64>)
        for number in 1_000..<6_000 as Range<UInt64> {
            let place: Multiaddress.Host = .ip4(
                20 << 24 + UInt32(200 + number % 16) << 16 + UInt32(number * 256) & 0xff00)
            if case .evict(let other) = gate.enter(handle(number), from: place, now: number) {
                honest.remove(other.value)
            }
            gate.ping(handle(number), milliseconds: 1)
        }
        #expect(honest.count >= 10, "\(honest.count)")
    }

    @Test("without anybody who may go there is no place")
    func full() {
        var limits = GateLimits()
        limits.inbound = 2
        var gate = Gate(limits, key: someKey)
        _ = enter(&gate, 1)
        _ = enter(&gate, 2)
        #expect(enter(&gate, 3) == .refuse(.full(2)))
        gate.closed(handle(1))
        #expect(enter(&gate, 3) == .accept)
    }
}

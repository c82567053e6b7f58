import NodeDomain
import PoetClient
import Testing

private let proof = PoetProof(
    epoch: 3, index: 0, path: [], root: .zero, leaves: [], nodes: [], leafCount: 1)

private func errand(_ servers: [String] = ["a", "b"]) -> PoetErrand {
    PoetErrand(epoch: 3, challenge: .largest, servers: servers, now: 100)
}

@Suite("An errand to PoETs")
struct ErrandTests {
    @Test("every server is asked once, and again when its round has ended")
    func life() {
        var errand = errand()
        #expect(errand.tick(now: 99) == [])
        #expect(errand.tick(now: 100) == [.register(server: 0), .register(server: 1)])
        #expect(errand.tick(now: 10_000) == [])
        #expect(errand.take(.registered(round: "7", endsIn: 500), from: 0, now: 200) == [])
        #expect(errand.tick(now: 699) == [])
        #expect(errand.tick(now: 700) == [.fetch(server: 0, round: "7")])
        #expect(errand.take(.proof(proof), from: 0, now: 800) == [.post(proof)])
        // The other's answer comes late, and changes nothing.
        #expect(errand.take(.registered(round: "1", endsIn: 0), from: 1, now: 900) == [])
        #expect(errand.tick(now: 2_799) == [])
        #expect(errand.tick(now: 2_800) == [.post(proof)])
        errand.chainHasProof()
        #expect(errand.tick(now: 100_000) == [])
    }

    @Test("a passing no is asked again later and later, a lasting one never")
    func refusals() {
        var errand = errand()
        _ = errand.tick(now: 100)
        #expect(errand.take(.refused("never", isTransient: false), from: 1, now: 100) == [])
        #expect(errand.servers[1].progress == .failed("never"))
        var (now, waits): (UInt64, [UInt64]) = (100, [])
        for _ in 0..<8 {
            #expect(errand.take(.refused("busy", isTransient: true), from: 0, now: now) == [])
            let start = now
            while errand.tick(now: now) == [] { now += 500 }
            waits.append(now - start)
        }
        #expect(waits == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
        #expect(errand.servers[0].lastRefusal == "busy")
    }

    @Test("answers that nobody asked for are passed over, servers past the limit left out")
    func bounds() {
        var many = errand((0..<20).map { "\($0)" })
        #expect(many.servers.count == 16)
        #expect(many.take(.proof(proof), from: 0, now: 0) == [])
        #expect(many.take(.proof(proof), from: 99, now: 0) == [])
        #expect(many.proof == nil)
    }
}

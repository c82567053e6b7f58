import TestSupport
import Testing

@Suite("Gossip: fuzz")
struct GossipFuzzTests {
    private func run(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { GossipFuzzWorld.run($0) }
    }

    @Test("the seeds run, and so does what is left of them")
    func seeds() {
        for seed in GossipFuzzWorld.seeds() {
            run(seed)
            for end in stride(from: 0, to: seed.count, by: 7) { run(Array(seed[..<end])) }
        }
    }

    @Test("changed seeds run")
    func changed() {
        var random = SplitMix(seed: 11)
        let seeds = GossipFuzzWorld.seeds().filter { $0.count > 3 }
        for _ in 0..<3_000 {
            var bytes = seeds[random.below(seeds.count)]
            for _ in 0...random.below(8) {
                switch random.below(3) {
                case 0: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: random.below(bytes.count))
                default: if bytes.count > 2 { bytes.remove(at: random.below(bytes.count)) }
                }
            }
            run(bytes)
        }
    }
}

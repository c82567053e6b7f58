internal import Crypto
internal import Foundation
internal import NodeDomain
import NodeEncoding
internal import PostWorkerCore
internal import Testing

@Suite("Proofs", .serialized)
struct ProofTests {
    @Test("each vector: its numbers, its labels, its acceptance")
    func vectors() throws {
        for vector in try ProofVectors.all.get() {
            let plot = try vector.plot()
            #expect(plot.commitment == vector.commitment.value)
            let difficulty = try #require(ProvingDifficulty(k1: vector.k1, labels: plot.labels))
            #expect(difficulty.value == vector.difficulty.value.reduce(0) { $0 << 8 | UInt64($1) })
            #expect(
                WorkDifficulty.scaled(vector.pow_difficulty.value, units: plot.units)
                    == vector.scaled_pow_difficulty.value)
            #expect(IndexPacking.bits(labels: plot.labels) == vector.bits_per_index)
            #expect(Array(vector.proof.indices_base64) == vector.proof.indices_hex.value)
            let packed = IndexPacking.pack(vector.proof.indices, bits: vector.bits_per_index)
            #expect(packed == vector.proof.indices_hex.value)
            #expect(Hexadecimal.text(of: SHA256.hash(data: try vector.labels())) == vector.labels_sha256)

            let strict = ProofVerifier(importing: .strict, rules: vector.rules)
            let loose = ProofVerifier(importing: .loose, rules: vector.rules)
            let chain = ProofVerifier(rules: vector.rules, chain: ChainRules(maxNonces: 288))
            for verifier in [strict, loose, chain] {
                let answer = try refusal(
                    of: vector.post, verifier, plot: plot, challenge: vector.challenge.value)
                #expect(answer == nil, "\(vector.name)")
            }
        }
    }

    @Test("the prover makes the same proof of the same labels", arguments: ScanPath.available)
    func proving(path: ScanPath) throws {
        for vector in try ProofVectors.all.get() {
            let plot = try vector.plot()
            let difficulty = try #require(ProvingDifficulty(k1: vector.k1, labels: plot.labels))
            let pass = ScanPass(
                challenge: vector.challenge.value, groups: vector.groups, difficulty: difficulty)
            var scanner = try #require(LabelScanner(path, pass: pass))
            var hits: [ScanHit] = []
            try vector.labels().withUnsafeBytes { scanner.scan($0, from: 0, into: &hits) }
            var collector = HitCollector(needed: vector.k2)
            for hit in hits where collector.add(hit) { break }
            #expect(collector.winner?.indices == vector.proof.indices, "\(vector.name)")
            #expect(collector.proof(groups: pass.groups, labels: plot.labels) == vector.post)
        }
    }

    @Test("the pows of the vectors' groups are the smallest")
    func work() throws {
        var machine = try SharedRandomX.machine()
        for vector in try ProofVectors.all.get() {
            let difficulty = vector.scaled_pow_difficulty.value
            for group in vector.groups where group.pow < 25 {
                let work = ProofWork(
                    group: group.number, challenge: vector.challenge.value, identity: vector.node_id.value)
                #expect(work.search(0..<group.pow + 1, below: difficulty, on: &machine) == group.pow)
            }
        }
    }

    @Test("the seed picks the positions, and only those are computed")
    func samples() throws {
        for vector in try ProofVectors.all.get() {
            let plot = try vector.plot()
            let challenge = vector.challenge.value
            let sample = ProofSample.some(3, seed: Array("seed".utf8))
            let positions = sample.positions(of: vector.k2, identity: plot.identity, challenge: challenge)
            #expect(positions == vector.subset_k3_3_seed_ascii_seed_selects_positions)

            // Index 1 with all its bits turned is refused wherever position 1 is looked at.
            var indices = vector.proof.indices
            indices[1] = ~indices[1] & (1 << UInt64(vector.bits_per_index) - 1)
            var broken = vector.post
            broken.indices = IndexPacking.pack(indices, bits: vector.bits_per_index)
            let verifier = ProofVerifier(importing: .loose, rules: vector.rules)
            func answer(_ sample: ProofSample) throws -> ProofRefusal? {
                try refusal(of: broken, verifier, plot: plot, challenge: challenge, sample: sample)
            }
            for seen in [ProofSample.all, .one(1)] {
                guard case .label(let position, let index, .msb)? = try answer(seen) else {
                    Issue.record("\(vector.name): not refused for its label")
                    continue
                }
                #expect(position == 1)
                #expect(index == indices[1])
            }
            #expect(try answer(.one(0)) == nil)
            #expect((try answer(sample) == nil) == !positions.contains(1))
        }
    }

    @Test("VRF nonces of the vectors")
    func nonces() throws {
        for vector in try ProofVectors.all.get() {
            guard let expected = vector.vrf else { continue }
            let plot = try vector.plot()
            let worker = try LabelProviders.expected.makeWorker(scryptN: plot.scryptN)
            var search = VRFSearch()
            let labels = worker.labels(of: plot.commitment, from: 0, count: Int(plot.labels))
            for (index, label) in labels.enumerated() { search.consider(label, at: UInt64(index)) }
            #expect(search.index == expected.best_index)
            #expect(search.label == expected.best_label32.value)
            #expect(VRFNonce.threshold(labels: plot.labels) == expected.threshold.value)
            #expect(VRFNonce.isValid(label: search.label, labels: plot.labels) == expected.valid)
        }
    }
}

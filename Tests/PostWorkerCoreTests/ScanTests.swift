internal import Foundation
internal import NodeDomain
import NodeEncoding
internal import PostWorkerCore
internal import Testing

/// The vector of the original's prover in `post-params.json`.
private struct ProvingVector: Decodable {
    struct Case: Decodable {
        let challenge_ascii: String
        let num_labels: UInt64
        let k1: UInt32
        let k2: Int
        let expect_nonce: UInt32
        let expect_indices: [UInt64]
    }
    let proving_vector: Case
}

/// Bytes that look random and are always the same.
private func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
}

/// Hits of a path.
private func hits(_ path: ScanPath, _ pass: ScanPass, _ labels: UnsafeRawBufferPointer) throws -> [ScanHit] {
    var scanner = try #require(LabelScanner(path, pass: pass))
    var found: [ScanHit] = []
    scanner.scan(labels, from: 1000, into: &found)
    return found
}

@Suite("Scanning")
struct ScanTests {
    @Test("VAES is here to be tested", .enabled(if: ScanPath.vaes.isAvailable, "no VAES"))
    func vaes() { #expect(ScanPath.available.contains(.vaes)) }

    @Test("AES-NI is here to be tested", .enabled(if: ScanPath.aesni.isAvailable, "no AES-NI"))
    func aesni() { #expect(ScanPath.available.contains(.aesni)) }

    @Test("the original's vector of a proof", arguments: ScanPath.available)
    func published(path: ScanPath) throws {
        let vector = try Vectors.decode("post-params", as: ProvingVector.self).proving_vector
        let labels = (0..<16 * Int(vector.num_labels)).map { UInt8($0 % 12) }
        let pass = ScanPass(
            challenge: try #require(Bytes32(Array(vector.challenge_ascii.utf8))),
            groups: [ScanGroup(number: 0, pow: 0)],
            difficulty: try #require(ProvingDifficulty(k1: vector.k1, labels: vector.num_labels)))
        var scanner = try #require(LabelScanner(path, pass: pass))
        var found: [ScanHit] = []
        labels.withUnsafeBytes { scanner.scan($0, from: 0, into: &found) }
        var collector = HitCollector(needed: vector.k2)
        for hit in found { collector.add(hit) }
        #expect(collector.winner?.nonce == vector.expect_nonce)
        #expect(collector.winner?.indices == vector.expect_indices)
    }

    @Test("every path finds the same, at any difficulty, length and alignment", arguments: ScanPath.available)
    func equal(path: ScanPath) throws {
        let groups = [
            ScanGroup(number: 3, pow: 7), ScanGroup(number: 0, pow: 1 << 55), ScanGroup(number: 255, pow: 0),
        ]
        // From a hit in a hundred thousand to nearly every byte a hit.
        let difficulties: [(k1: UInt32, labels: UInt64)] = [
            (1, 1 << 18), (26, 1 << 16), (26, 4096), (1, 256), (3, 512), (127, 256), (128, 255), (255, 256),
            (1_000_000, 1_000_001),
        ]
        let memory = noise(16 * 2600 + 3, seed: 5)
        for (k1, count) in difficulties {
            let difficulty = try #require(ProvingDifficulty(k1: k1, labels: count))
            let pass = ScanPass(challenge: .largest, groups: groups, difficulty: difficulty)
            for (offset, length) in [
                (0, 16 * 2600), (3, 16 * 1096), (1, 16 * 40), (2, 16 * 15 + 9), (0, 127),
            ] {
                try memory.withUnsafeBytes { bytes in
                    let part = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)])
                    let expected = try hits(.portable, pass, part)
                    #expect(try hits(path, pass, part) == expected)
                    if length == 127 { #expect(expected.isEmpty) }
                    if k1 == 255, length > 127 { #expect(expected.count > length / 16 * 3) }
                }
            }
        }
    }

    @Test("hits come by eight labels, then group, label and nonce; a short rest is left out")
    func order() throws {
        let groups = [ScanGroup(number: 9, pow: 2), ScanGroup(number: 4, pow: 2)]
        let difficulty = try #require(ProvingDifficulty(k1: 60, labels: 256))
        let pass = ScanPass(challenge: .zero, groups: groups, difficulty: difficulty)
        let labels = noise(16 * 1100 - 5, seed: 1)
        let found = try labels.withUnsafeBytes { try hits(.expected, pass, $0) }
        #expect(found.count > 1000)
        let keys = found.map { [($0.index - 1000) / 8, UInt64($0.nonce / 16), $0.index, UInt64($0.nonce)] }
        #expect(keys.elementsEqual(keys.sorted { $0.lexicographicallyPrecedes($1) }))
        #expect(found.map(\.index).max() ?? 0 < 1000 + 1096)
    }

    @Test("the first nonce with enough distinct indices wins")
    func collector() {
        var collector = HitCollector(needed: 3)
        let hits: [(UInt32, UInt64)] = [(1, 5), (1, 5), (2, 9), (1, 3), (2, 8), (1, 5), (2, 7), (1, 4)]
        let answers = hits.map { collector.add(ScanHit(nonce: $0.0, index: $0.1)) }
        #expect(answers == [false, false, false, false, false, false, true, true])
        #expect(collector.winner?.nonce == 2)
        #expect(collector.winner?.indices == [9, 8, 7])
        #expect(collector.best == 3)
        let proof = collector.proof(groups: [ScanGroup(number: 0, pow: 6)], labels: 16)
        #expect(proof == PostProof(nonce: 2, indices: IndexPacking.pack([7, 8, 9], bits: 5), pow: 6))
        #expect(collector.proof(groups: [ScanGroup(number: 1, pow: 6)], labels: 16) == nil)
    }
}

internal import NodeDomain
import NodeEncoding
internal import PostWorkerCore
internal import Testing

/// The vector with the running network's K1, K2 and cost of a label, on 4,096 labels.
private func subject() throws -> ProofVectors.Case {
    try #require(try ProofVectors.all.get().first { $0.scrypt_N == 8192 })
}

/// One proof, broken in one way.
private struct Broken {
    let vector: ProofVectors.Case
    var proof: PostProof
    var plot: Plot
    var challenge: Bytes32
    var chain: ChainRules?

    init() throws {
        vector = try subject()
        proof = vector.post
        plot = try vector.plot()
        challenge = vector.challenge.value
    }

    /// Changes the list of indices.
    mutating func change(_ body: (inout [UInt64]) -> Void) {
        var indices = vector.proof.indices
        body(&indices)
        proof.indices = IndexPacking.pack(indices, bits: vector.bits_per_index)
    }

    /// Changes the plot.
    mutating func plot(
        identity: Bytes32? = nil, commitmentATX: Bytes32? = nil, units: UInt32? = nil,
        labelsPerUnit: UInt64? = nil, scryptN: UInt32? = nil
    ) throws {
        plot = try Plot(
            identity: identity ?? plot.identity, commitmentATX: commitmentATX ?? plot.commitmentATX,
            units: units ?? plot.units, labelsPerUnit: labelsPerUnit ?? plot.labelsPerUnit,
            scryptN: scryptN ?? plot.scryptN)
    }

    func answer(_ strictness: Strictness = .strict) throws -> ProofRefusal? {
        let verifier =
            chain.map { ProofVerifier(rules: vector.rules, chain: $0) }
            ?? ProofVerifier(importing: strictness, rules: vector.rules)
        return try refusal(of: proof, verifier, plot: plot, challenge: challenge)
    }
}

private func isWork(_ refusal: ProofRefusal?) -> Bool {
    if case .work? = refusal { return true }
    return false
}

private func isLabel(_ refusal: ProofRefusal?) -> Bool {
    if case .label? = refusal { return true }
    return false
}

@Suite("Refusals", .serialized)
struct RefusalTests {
    @Test("a changed nonce: another of the group fails at the labels, one of another group at the work")
    func nonce() throws {
        var broken = try Broken()
        #expect(try broken.answer() == nil)
        broken.proof.nonce += 1
        #expect(isLabel(try broken.answer()))
        broken.proof.nonce = 0
        #expect(isWork(try broken.answer()))
        for nonce: UInt32 in [4096, .max] {
            broken.proof.nonce = nonce
            #expect(try broken.answer(.loose) == .nonce(found: nonce, limit: 4096))
        }
    }

    @Test("a changed pow fails at the work")
    func pow() throws {
        var broken = try Broken()
        broken.proof.pow += 1
        #expect(isWork(try broken.answer()))
        broken.proof.pow = 1 << 56
        #expect(try broken.answer() == .powTooLarge(1 << 56))
        broken.proof.pow = .max
        #expect(try broken.answer() == .powTooLarge(.max))
    }

    @Test("changed indices: length, padding, range, repetition, badness")
    func indices() throws {
        var broken = try Broken()
        let whole = broken.proof.indices
        for count in [0, 1, whole.count - 1, whole.count + 1, 800] {
            broken.proof.indices = Array((whole + [UInt8](repeating: 0, count: 800)).prefix(count))
            #expect(try broken.answer(.loose) == .length(found: count, needed: whole.count))
        }
        for bit in 1...7 {
            broken.proof.indices = whole
            broken.proof.indices[whole.count - 1] |= 1 << UInt8(bit)
            #expect(try broken.answer() == .padding)
        }
        broken.change { $0[5] = 4096 }
        #expect(try broken.answer() == .indexTooLarge(position: 5, index: 4096, labels: 4096))
        broken.change { $0[36] = $0[2] }
        let repeated = broken.vector.proof.indices[2]
        #expect(try broken.answer() == .repeated(position: 36, index: repeated, first: 2))
        for position in [0, 20, 36] {
            broken.change { $0[position] += 1 }
            guard case .label(position, broken.vector.proof.indices[position] + 1, _)? = try broken.answer()
            else {
                Issue.record("position \(position) is not refused for its label")
                continue
            }
        }
    }

    @Test("another challenge, identity, commitment, size or cost")
    func claims() throws {
        var broken = try Broken()
        broken.challenge = .zero
        #expect(isWork(try broken.answer()))
        // The work hashes eight bytes of the challenge, the keys all.
        broken.challenge = try #require(Bytes32(broken.vector.challenge.value.bytes.dropLast() + [0]))
        #expect(isLabel(try broken.answer()))

        broken = try Broken()
        try broken.plot(identity: .zero)
        #expect(isWork(try broken.answer()))
        broken = try Broken()
        try broken.plot(commitmentATX: .zero)
        #expect(isLabel(try broken.answer()))
        broken = try Broken()
        try broken.plot(scryptN: 4096)
        #expect(isLabel(try broken.answer()))
        broken = try Broken()
        try broken.plot(units: 3)
        #expect(try broken.answer() != nil)
        try broken.plot(units: 8)
        #expect(try broken.answer() == .length(found: 61, needed: 65))
        try broken.plot(units: 101)
        #expect(try broken.answer() == .units(found: 101, smallest: 1, largest: 100))
        try broken.plot(units: 1, labelsPerUnit: 26)
        #expect(try broken.answer() == .tooFewLabels(labels: 26, k1: 26))
    }

    @Test("the chain's rules: ascending indices, and nonces below its maximum")
    func chain() throws {
        var broken = try Broken()
        broken.chain = ChainRules(maxNonces: 42)
        #expect(try broken.answer() == nil)
        broken.chain = ChainRules(maxNonces: 41)
        #expect(try broken.answer() == .nonce(found: 41, limit: 41))
        broken.chain = ChainRules(maxNonces: 42)
        broken.change { $0.swapAt(3, 4) }
        let index = broken.vector.proof.indices[3]
        #expect(try broken.answer() == .notAscending(position: 4, index: index))
        // Proofs of the original may have any order.
        broken.chain = nil
        #expect(try broken.answer() == nil)
    }

    @Test("cheap checks come first: a bad shape is refused without a hash or a label")
    func order() throws {
        var broken = try Broken()
        broken.proof.pow = 1 << 60
        broken.change { $0[1] = $0[0] }
        let verifier = ProofVerifier(importing: .strict, rules: broken.vector.rules)
        #expect(throws: ProofRefusal.powTooLarge(1 << 60)) {
            try verifier.checkShape(broken.proof, of: broken.plot)
        }
        let refusal = ProofRefusal.repeated(position: 1, index: 7, first: 0)
        #expect(refusal.index == 7)
        #expect(refusal.description.contains("index 7"))
        #expect(ProofRefusal.padding.index == nil)
    }
}

/// Numbers that look random and are always the same.
private struct Dice {
    private var state: UInt64 = 0x5eed

    mutating func next(_ bound: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 20) % bound
    }
}

@Suite("Any proof and any plot")
struct AnyProofTests {
    @Test("whatever a stranger sends is judged without a trap, and strictness only ever takes away")
    func shapes() throws {
        var dice = Dice()
        var (strictlyGood, looselyGood) = (0, 0)
        for _ in 0..<100_000 {
            // Small numbers and the ends of the ranges come often.
            let units = UInt32(truncatingIfNeeded: [1, 2, 4, 100, dice.next(1 << 32)][Int(dice.next(5))])
            let labels = [1, 8, 64, 1 << 32, UInt64.max >> dice.next(64)][Int(dice.next(5))]
            guard
                let plot = try? Plot(
                    identity: .zero, commitmentATX: .zero, units: units, labelsPerUnit: labels, scryptN: 2)
            else { continue }
            let k2 = [1, 2, 37][Int(dice.next(3))]
            let needed = IndexPacking.length(bits: IndexPacking.bits(labels: plot.labels), count: k2)
            let length = max(0, needed + [0, 0, 0, 1, -1, -needed][Int(dice.next(6))])
            let pow = UInt64.max >> dice.next(64)
            let proof = PostProof(
                nonce: UInt32(
                    truncatingIfNeeded: [0, 287, 4095, 4096, dice.next(1 << 32)][Int(dice.next(5))]),
                indices: (0..<length).map { _ in UInt8(dice.next(256)) >> UInt8(dice.next(8)) }, pow: pow)
            let rules = ProofRules(
                k1: 26, k2: k2, powDifficulty: .largest, units: 1...UInt32.max)
            func indices(_ verifier: ProofVerifier) -> [UInt64]? { try? verifier.checkShape(proof, of: plot) }
            let strict = indices(ProofVerifier(importing: .strict, rules: rules))
            let loose = indices(ProofVerifier(importing: .loose, rules: rules))
            let chain = indices(ProofVerifier(rules: rules, chain: ChainRules(maxNonces: 288)))
            if let strict {
                strictlyGood += 1
                #expect(loose == strict)
                #expect(Set(strict).count == k2 && strict.allSatisfy { $0 < plot.labels })
                // One encoding: what was read is written the same.
                let bits = IndexPacking.bits(labels: plot.labels)
                #expect(IndexPacking.pack(strict, bits: bits) == proof.indices)
            }
            if loose != nil { looselyGood += 1 }
            #expect(chain == nil || chain == strict)
        }
        #expect(strictlyGood > 100 && looselyGood > 2 * strictlyGood)
    }
}

/// The forgeries that the original's verifier accepts, each made here.
@Suite("Forgeries", .serialized)
struct ForgeryTests {
    /// Refused by default for one reason, and accepted only when looseness is asked for.
    private func check(_ forged: Broken, _ expected: ProofRefusal) throws {
        #expect(try forged.answer() == expected)
        #expect(try forged.answer(.loose) == nil)
        var chain = forged
        chain.chain = ChainRules(maxNonces: 4096)
        #expect(try chain.answer() == expected)
    }

    @Test("one good label, 37 times")
    func repeated() throws {
        var forged = try Broken()
        let index = forged.vector.proof.indices[0]
        forged.change { indices in
            for place in indices.indices { indices[place] = index }
        }
        try check(forged, .repeated(position: 1, index: index, first: 0))
    }

    @Test("a label beyond the plot")
    func beyond() throws {
        var forged = try Broken()
        let vector = forged.vector
        let pass = ScanPass(
            challenge: vector.challenge.value, groups: vector.groups,
            difficulty: try #require(ProvingDifficulty(k1: vector.k1, labels: forged.plot.labels)))
        // Indices of thirteen bits reach to twice the plot's 4,096 labels.
        let worker = try LabelProviders.expected.makeWorker(scryptN: vector.scrypt_N)
        let labels = worker.labels(of: vector.commitment.value, from: 4096, count: 1024)
        var scanner = try #require(LabelScanner(pass: pass))
        var hits: [ScanHit] = []
        labels.flatMap { $0.bytes.prefix(16) }.withUnsafeBytes {
            scanner.scan($0, from: 4096, into: &hits)
        }
        let hit = try #require(hits.first { $0.nonce == vector.proof.nonce })
        forged.change { $0[36] = hit.index }
        try check(forged, .indexTooLarge(position: 36, index: hit.index, labels: 4096))
    }

    @Test("new keys for the same work, by the eighth byte of the pow")
    func rekeyed() throws {
        var forged = try Broken()
        let vector = forged.vector
        let difficulty = try #require(ProvingDifficulty(k1: vector.k1, labels: forged.plot.labels))
        let labels = try vector.labels()
        for top in UInt64(1)...255 {
            let groups = vector.groups.map { ScanGroup(number: $0.number, pow: $0.pow | top << 56) }
            let pass = ScanPass(challenge: vector.challenge.value, groups: groups, difficulty: difficulty)
            var scanner = try #require(LabelScanner(pass: pass))
            var hits: [ScanHit] = []
            labels.withUnsafeBytes { scanner.scan($0, from: 0, into: &hits) }
            var collector = HitCollector(needed: vector.k2)
            for hit in hits where collector.add(hit) { break }
            guard let proof = collector.proof(groups: groups, labels: forged.plot.labels) else { continue }
            forged.proof = proof
            return try check(forged, .powTooLarge(proof.pow))
        }
        Issue.record("no forgery was found: 255 tries with 64 nonces each should give hundreds")
    }

    @Test("another encoding of the same proof, by its spare bits")
    func padded() throws {
        var forged = try Broken()
        forged.proof.indices[forged.proof.indices.count - 1] |= 0x80
        try check(forged, .padding)
    }
}

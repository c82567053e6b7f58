import NodeCrypto
import NodeDomain
import NodeEncoding
import NodePoet
import TestSupport
import Testing

/// Work of some subtrees, and its proof.
private func made(_ statement: Bytes32 = .largest, subtrees: UInt64 = 300, layer: Int = 1) throws -> WorkProof
{
    var work = SequentialWork(PoetLabels(statement: statement.bytes), layer: layer)
    var roots: [Bytes32] = []
    for _ in 0..<subtrees { roots.append(work.work()) }
    var assembly = try #require(ProofAssembly(of: work))
    for root in roots { assembly.take(root) }
    return try assembly.finish()
}

@Suite("Checking a proof")
struct CheckTests {
    @Test("what is proved is accepted, at many sizes")
    func sizes() throws {
        for subtrees in [1, 2, 3, 75, 76, 77, 127, 128, 129] as [UInt64] {
            let proof = try made(subtrees: subtrees)
            #expect(throws: Never.self) { try proof.check(statement: .largest) }
        }
    }

    @Test("one changed bit anywhere is refused")
    func changed() throws {
        let proof = try made()
        var numbers = SplitMix(seed: 7)
        for place in 0..<proof.leaves.count + proof.nodes.count {
            guard place < 3 || place >= proof.leaves.count || numbers.below(20) == 0 else { continue }
            var wrong = proof
            let flip = Bytes32(0, 1 << (numbers.next() % 64), 0, 0)
            if place < proof.leaves.count {
                wrong.leaves[place] = wrong.leaves[place].xor(flip)
            } else {
                wrong.nodes[place - proof.leaves.count] = wrong.nodes[place - proof.leaves.count].xor(flip)
            }
            #expect(throws: PoetRefusal.self) { try wrong.check(statement: .largest) }
        }
        var wrong = proof
        wrong.root = wrong.root.xor(Bytes32(1, 0, 0, 0))
        #expect(throws: PoetRefusal.self) { try wrong.check(statement: .largest) }
    }

    @Test("each fault has its reason")
    func reasons() throws {
        let proof = try made()
        func refusal(_ change: (inout WorkProof) -> Void, statement: Bytes32 = .largest) -> PoetRefusal? {
            var wrong = proof
            change(&wrong)
            do throws(PoetRefusal) {
                try wrong.check(statement: statement)
                return nil
            } catch { return error }
        }
        #expect(refusal { _ in } == nil)
        #expect(refusal { $0.leafCount = 0 } == .leafCount(0))
        #expect(refusal { $0.leafCount = 1 << 40 + 1 } == .leafCount(1 << 40 + 1))
        #expect(refusal { $0.leaves.removeLast() } == .shown(149, of: 150))
        #expect(refusal { $0.leaves.append(.zero) } == .shown(151, of: 150))
        #expect(refusal { $0.leafCount = 100 } == .shown(150, of: 100))
        #expect(refusal { $0.nodes.removeLast() } == .missing)
        #expect(refusal { $0.nodes.append(.zero) } == .surplus(1))
        #expect(refusal { $0.nodes = [Bytes32](repeating: .zero, count: 5401) } == .nodes(5401))
        if case .root = refusal({ $0.nodes[0] = .zero }) {} else { Issue.record("a node is not bound") }
        if case .root = refusal({ _ in }, statement: .zero) {
        } else {
            Issue.record("another statement is taken")
        }
    }

    @Test("leaves that fit into the tree, but were not worked for, are refused")
    func forged() throws {
        let labels = PoetLabels(statement: Bytes32.largest.bytes)
        var (tree, nodes) = (PaddedTree<Bytes32>(), [TreePlace: Bytes32]())
        for number in 0..<200 as Range<UInt64> {
            tree.append(Bytes32(number, 1, 2, 3), join: labels.join) { nodes[$0] = $1 }
        }
        let root = try #require(tree.root(zero: .zero, join: labels.join) { nodes[$0] = $1 })
        let indices = try #require(PoetSelection.indices(root: root, leafCount: 200, shown: 150))
        let proof = WorkProof(
            root: root, leaves: indices.map { Bytes32($0, 1, 2, 3) },
            nodes: ProofClimb.places(indices, height: 8).map { nodes[$0] ?? .zero }, leafCount: 200)
        #expect(throws: PoetRefusal.leaf(index: indices[0])) { try proof.check(statement: .largest) }
    }

    @Test("a proof for an epoch holds for its challenge's place among the members")
    func epochs() throws {
        let challenges = (0..<5).map { Bytes32(0, 0, 0, UInt64($0)) }
        let members = try #require(Membership(challenges))
        let work = try made(members.statement, subtrees: 80)
        let member = try #require(members.path(of: challenges[3]))
        let proof = PoetProof(epoch: 4, member: member, work: work)
        #expect(proof.statement(of: challenges[3]) == members.statement)
        #expect(proof.statement(of: challenges[2]) != members.statement)
        try WorkProof(proof).check(statement: proof.statement(of: challenges[3]))
        guard case .poetProof(proof) = try BlockItem(bytes: BlockItem.poetProof(proof).bytes) else {
            Issue.record("the item reads otherwise than it is written")
            return
        }
        #expect(Membership([]) == nil)
        #expect(members.path(of: .largest) == nil)
    }

    @Test("work goes on where whole subtrees left it")
    func restored() throws {
        let labels = PoetLabels(statement: [5])
        var (whole, roots) = (SequentialWork(labels, layer: 2), [Bytes32]())
        for _ in 0..<11 { roots.append(whole.work()) }
        var resumed = SequentialWork(labels, layer: 2)
        for root in roots.prefix(6) { resumed.restore(root) }
        let upper = try #require(
            PaddedTree(count: 6, parked: resumed.upper.parked.compactMap { $0 }))
        var second = SequentialWork(labels, upper: upper, layer: 2)
        for root in roots.dropFirst(6) { #expect(second.work() == root) }
        #expect(second.root == whole.root)
        #expect(PaddedTree<Bytes32>(count: 6, parked: [.zero]) == nil)
    }

    @Test("kept subtrees that were changed give no proof")
    func damaged() throws {
        var work = SequentialWork(PoetLabels(statement: [5]), layer: 2)
        let roots = (0..<9).map { _ in work.work() }
        var assembly = try #require(ProofAssembly(of: work))
        for root in roots.dropLast() { assembly.take(root) }
        #expect(throws: ProofAssembly.Fault.count(32, of: 36)) { try assembly.finish() }
        assembly.take(roots[0])
        #expect(throws: ProofAssembly.Fault.root) { try assembly.finish() }
    }

    @Test("both paths hash alike, at every length")
    func paths() {
        var numbers = SplitMix(seed: 3)
        for length in 0..<200 {
            let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
            let hashes = SHA256.allCases.map { $0.hash(bytes) }
            #expect(hashes.allSatisfy { $0.bytes == SHA2.sha256(bytes) })
        }
        let starts = (0..<7).map { Bytes32($0, 0, 0, 0) }
        #expect(SHA256.extensions.chains(starts, times: 40) == SHA256.portable.chains(starts, times: 40))
        #expect(
            SHA256.extensions.chains(starts, times: 40) == starts.map { SHA256.portable.chain($0, times: 40) }
        )
        #expect(SHA256.portable.chain(.largest, times: 0) == .largest)
    }

    @Test("a certificate holds for its node, its certifier and its time")
    func certificates() throws {
        let seed = Bytes32(9, 9, 9, 9)
        let certifier = try #require(Ed25519.publicKey(seed: seed))
        let scale = PoetCertificate(node: .largest, expiry: 100).scale
        let signature = try #require(Ed25519.sign(scale, seed: seed))
        func holds(_ scale: [UInt8], _ signature: [UInt8], _ node: Bytes32, _ seconds: UInt64) -> Bool {
            PoetCertificate.holds(
                scale, signature: signature, certifier: certifier, node: node, at: seconds)
        }
        #expect(holds(scale, signature, .largest, 100))
        #expect(!holds(scale, signature, .largest, 101))
        #expect(!holds(scale, signature, .zero, 100))
        #expect(!holds(scale, [UInt8](repeating: 0, count: 64), .largest, 100))
        #expect(!holds(scale + [0], signature, .largest, 100))
        #expect(PoetCertificate(node: .zero, expiry: nil).scale.count == 34)
    }
}

extension Bytes32 {
    func xor(_ other: Bytes32) -> Bytes32 {
        Bytes32(word0 ^ other.word0, word1 ^ other.word1, word2 ^ other.word2, word3 ^ other.word3)
    }
}

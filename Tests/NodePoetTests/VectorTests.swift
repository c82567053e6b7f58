import Foundation
import NodeCrypto
import NodeDomain
import NodeEncoding
import NodePoet
import Testing

/// SHA-256 of two nodes one after the other, as the tests of the original's tree have it.
private func plain(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
    SHA256.portable.hash(left.bytes + right.bytes)
}

/// A leaf of those tests: a number, least significant byte first.
private func plainLeaf(_ number: UInt64) -> Bytes32 { Bytes32(number.byteSwapped, 0, 0, 0) }

@Suite("Values of the original")
struct VectorTests {
    let vectors: PoetVectors

    init() throws {
        vectors = try Vectors.all()
    }

    @Test("a leaf is the hash of statement and data, nested", arguments: SHA256.allCases)
    func label(path: SHA256) {
        let label = vectors.published.labelHash
        let first = path.hash(Array((label.statementAscii + label.dataAscii).utf8))
        #expect(path.chain(first, times: label.nesting - 1) == label.expect.value)
        #expect(label.nesting == PoetLabels.hashesOfLeaf)
        #expect(
            path.chains([first, first, .zero], times: label.nesting - 1).prefix(2) == [
                label.expect.value, label.expect.value,
            ])
    }

    @Test("a node is the hash of statement, left and right", arguments: SHA256.allCases)
    func node(path: SHA256) {
        let node = vectors.published.merkleHash
        let bytes = Array((node.statementAscii + node.leftAscii + node.rightAscii).utf8)
        #expect(path.hash(bytes) == node.expect.value)
        // The text halves are no hashes; those that are join alike.
        let labels = PoetLabels(statement: [7, 8], path: path)
        #expect(
            labels.join(.largest, .zero) == path.hash([7, 8] + Bytes32.largest.bytes + Bytes32.zero.bytes))
    }

    @Test("the first hash of a leaf is over its index and its parked nodes from the bottom up")
    func preimages() {
        for item in vectors.published.labelPreimage.cases {
            let index = withUnsafeBytes(of: item.id.bigEndian) { [UInt8]($0) }
            #expect(index + item.siblings.flatMap(\.value) == item.data.value)
        }
        let labels = PoetLabels(statement: [1, 2, 3])
        let left = [Bytes32(1, 2, 3, 4), .largest]
        let first = SHA256.portable.hash([1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 9] + left.flatMap(\.bytes))
        #expect(labels.leaf(9, left: left) == SHA256.portable.chain(first, times: 399))
    }

    @Test("a registration's proof of work is found where the original finds it")
    func submitWork() {
        let first = vectors.published.submitPow
        let work = SubmitWork(
            serverChallenge: Array(first.powChallengeAscii.utf8), node: first.nodeId.value,
            challenge: Array(first.poetChallengeAscii.utf8))
        #expect(work.find(in: 0..<1000, difficulty: first.difficultyBits) == first.smallestNonce)
        #expect(work.hash(nonce: first.smallestNonce) == first.hashAtNonceComputedWithReference.value)
        let more = vectors.submitPowMore
        let other = SubmitWork(
            serverChallenge: more.powChallenge.value, node: more.nodeId.value,
            challenge: more.poetChallenge.value.bytes)
        for item in more.cases {
            // From 0 on where that is soon done.
            let start = item.smallestNonce < 1_000 ? 0 : item.smallestNonce - 1_000
            #expect(other.find(in: start..<UInt64.max, difficulty: item.difficulty) == item.smallestNonce)
            #expect(other.hash(nonce: item.smallestNonce) == item.hash.value)
        }
    }

    @Test("a certificate is read and written as the original does")
    func certificate() throws {
        let item = vectors.published.certificate
        let bytes = try [UInt8](#require(Data(base64Encoded: item.base64)))
        let certificate = try PoetCertificate(scale: bytes)
        #expect(certificate == PoetCertificate(node: item.pubkey.value, expiry: item.expirationUnix))
        #expect(certificate.scale == bytes)
    }

    @Test("the tree has the original's roots, and parks its nodes")
    func tree() throws {
        for (text, root) in vectors.published.merkleTree.roots {
            var tree = PaddedTree<Bytes32>()
            for number in 0..<(try #require(UInt64(text))) { tree.append(plainLeaf(number), join: plain) }
            #expect(tree.root(zero: .zero, join: plain) == root.value, "\(text) leaves")
        }
        for item in vectors.published.merkleTree.parkedNodes {
            var tree = PaddedTree<[UInt8]>()
            for leaf in item.leafBytes {
                tree.append(leaf.value, join: { SHA256.portable.hash($0 + $1).bytes })
            }
            #expect(tree.parked.map { $0 ?? [] } == item.parked.map(\.value))
        }
    }

    @Test("proofs of the tree have the original's nodes in its order")
    func treeProofs() throws {
        for item in vectors.published.merkleTree.proofs {
            var (tree, nodes) = (PaddedTree<Bytes32>(), [TreePlace: Bytes32]())
            for number in 0..<item.leaves {
                tree.append(plainLeaf(number), join: plain) { nodes[$0] = $1 }
            }
            _ = tree.root(zero: .zero, join: plain) { nodes[$0] = $1 }
            let places = ProofClimb.places(item.prove, height: PaddedTree<Bytes32>.height(of: item.leaves))
            #expect(places.map { nodes[$0] ?? .zero } == item.nodes.map(\.value))
        }
    }

    @Test("the leaves to be shown are drawn as the original does")
    func selection() {
        for item in vectors.fiatShamir {
            #expect(
                PoetSelection.indices(root: item.root.value, leafCount: item.leaves, shown: item.t)
                    == item.indices)
        }
    }

    @Test("members have the original's root and path")
    func membership() throws {
        for item in vectors.referenceRun.membership {
            let challenges = item.members.map(\.value)
            let members = try #require(Membership(challenges))
            #expect(members.statement == item.root.value)
            let path = try #require(members.path(of: challenges[item.proofForIndex]))
            #expect(path.index == UInt64(item.proofForIndex))
            #expect(path.siblings == item.nodes.map(\.value))
            #expect(path.statement(of: challenges[item.proofForIndex]) == item.root.value)
        }
    }

    @Test("proofs are accepted, and their references are the original's", arguments: SHA256.allCases)
    func verification(path: SHA256) throws {
        for item in vectors.referenceRun.poetProofs {
            let proof = WorkProof(item)
            try proof.check(statement: item.statementHex.value, shown: item.securityParam, path: path)
            #expect(proof.reference == item.poetProofRef.value)
            let scale = PoetProof(epoch: 0, member: MemberPath(index: 0, siblings: []), work: proof)
                .referenceScale
            #expect(scale.count == item.scaleLen)
            if let expected = item.poetProofScale { #expect(scale == expected.value) }
        }
    }

    @Test("the same work gives the same leaves, root and proof", arguments: [0, 1, 8, 9])
    func proving(layer: Int) throws {
        for item in vectors.referenceRun.poetProofs where item.leaves % (1 << UInt64(layer)) == 0 {
            let labels = PoetLabels(statement: item.statementHex.value)
            var work = SequentialWork(labels, layer: layer)
            var roots: [Bytes32] = []
            while work.leafCount < item.leaves { roots.append(work.work()) }
            if layer == 0 { #expect(roots.starts(with: item.firstLabels.map(\.value))) }
            #expect(work.root == item.root.value)
            var assembly = try #require(ProofAssembly(of: work, shown: item.securityParam))
            for root in roots { assembly.take(root) }
            #expect(try assembly.finish() == WorkProof(item))
            #expect(
                PoetSelection.indices(
                    root: item.root.value, leafCount: item.leaves, shown: item.securityParam)
                    == item.provenIndices)
        }
    }
}

extension WorkProof {
    init(_ item: PoetVectors.Run.Proof) {
        self.init(
            root: item.root.value, leaves: item.provenLeaves.map(\.value),
            nodes: item.proofNodes.map(\.value), leafCount: item.leaves)
    }
}

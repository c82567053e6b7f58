import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// Bytes of block items: golden ones were written by another encoder.
@Suite("Items of a block")
struct ChainCodecTests {
    private static let system = "0101" + run("ab", 80)
    private static let malfeasance =
        "020102a10f04" + run("08", 32) + "00000000" + run("01", 65) + run("02", 32) + "0c"
        + run("04", 32) + "000300f1536514" + run("06", 64)
    private static let poetProof =
        "03011c0808" + run("01", 32) + run("02", 32) + run("03", 32) + "08" + run("04", 32)
        + run("05", 32) + "04" + run("06", 32) + "08"
    private static let activation =
        "0401b104" + run("03", 32) + "01" + run("04", 32) + "0108" + run("01", 32)
        + "1019010c0102030b00000000000101" + run("09", 32) + "00000000" + run("07", 20)
        + run("0a", 64) + run("02", 32) + "01010c001400" + run("05", 64)

    @Test("golden bytes of one item of each kind, read and written")
    func golden() throws {
        let golden = [Self.system, Self.malfeasance, Self.poetProof, Self.activation]
        for (item, text) in zip(ChainSamples.items, golden) {
            #expect(Hexadecimal.text(of: item.bytes) == text)
            #expect(item.bytes.first == item.tag)
            #expect(try BlockItem(bytes: item.bytes) == item)
            #expect(item.id == BLAKE3.hash(item.bytes))
        }
    }

    @Test("an item that is cut anywhere, or goes on, is refused")
    func truncation() {
        for item in ChainSamples.items {
            for count in 0..<item.bytes.count {
                #expect(throws: ScaleFault.self) { try BlockItem(bytes: Array(item.bytes.prefix(count))) }
            }
            #expect(throws: ScaleFault.trailing(count: 1)) { try BlockItem(bytes: item.bytes + [0]) }
        }
    }

    @Test("any byte changed gives another item or none, and what is read is written alike")
    func canonical() {
        for item in ChainSamples.items {
            for place in item.bytes.indices {
                for flip in [UInt8(1), 2, 0x80, 0xff] {
                    var bytes = item.bytes
                    bytes[place] ^= flip
                    guard let other = try? BlockItem(bytes: bytes) else { continue }
                    #expect(other != item && other.bytes == bytes)
                }
            }
        }
    }

    @Test("a transaction is an item by its own first byte, up to its limit")
    func transaction() throws {
        let raw = [UInt8](repeating: 0, count: largestTransaction)
        #expect(try BlockItem(bytes: raw) == .transaction(raw))
        #expect(BlockItem.transaction(raw).bytes == raw)
        #expect(throws: ScaleFault.self) { try BlockItem(bytes: raw + [0]) }
        #expect(throws: ScaleFault.self) { try BlockItem(bytes: [5]) }
    }

    private func reread(_ change: (inout Activation) -> Void) throws -> BlockItem {
        var activation = ChainSamples.activation
        change(&activation)
        return try BlockItem(bytes: BlockItem.activation(activation).bytes)
    }

    @Test("limits of an activation")
    func activationLimits() throws {
        let plot = ChainSamples.activation.plots[1]
        let many = (0..<257).map { number in
            PlotProof(
                identity: Bytes32(0, 0, 0, UInt64(number)), units: 1, proof: plot.proof, binding: nil)
        }
        _ = try reread { $0.plots = Array(many.prefix(256)) }
        #expect(throws: ScaleFault.self) { try reread { $0.plots = many } }
        #expect(throws: ScaleFault.self) { try reread { $0.plots = [plot, plot] } }
        #expect(throws: ScaleFault.self) { try reread { $0.plots.reverse() } }
        _ = try reread { $0.plots[0].proof.indices = [UInt8](repeating: 0, count: 800) }
        #expect(throws: ScaleFault.self) {
            try reread { $0.plots[0].proof.indices = [UInt8](repeating: 0, count: 801) }
        }
        #expect(throws: ScaleFault.self) { try reread { $0.signature.removeLast() } }
        _ = try reread { $0.plots = [] }
    }

    private func reread(_ change: (inout PoetProof) -> Void) throws -> BlockItem {
        var proof = ChainSamples.poetProof
        change(&proof)
        return try BlockItem(bytes: BlockItem.poetProof(proof).bytes)
    }

    private func nodes(_ count: Int) -> [Bytes32] { [Bytes32](repeating: ChainSamples.id(1), count: count) }

    @Test("limits of a PoET proof")
    func poetLimits() throws {
        let largest = try reread { (proof: inout PoetProof) in
            proof.path = nodes(32)
            proof.leaves = nodes(150)
            proof.nodes = nodes(5400)
            proof.leafCount = 1 << 40
        }
        #expect(largest.bytes.count <= ChainLimit.poetProof)
        let changes: [(inout PoetProof) -> Void] = [
            { $0.path = nodes(33) }, { $0.leaves = nodes(151) }, { $0.nodes = nodes(5401) },
            { $0.leafCount = 3 }, { $0.leafCount = 1 }, { $0.leafCount = 151 },
            {
                $0.leaves = nodes(150)
                $0.leafCount = (1 << 40) + 1
            },
        ]
        for change in changes { #expect(throws: ScaleFault.self) { try reread(change) } }
    }

    @Test("the reference of a proof of the original's packages")
    func poetReference() throws {
        let leaf = try #require(
            Bytes32(hexadecimal: "873fd9236bdc6c6c866289b26a4902b31ad76a954e67441aca074eb219577300"))
        let proof = PoetProof(
            epoch: 0, index: 0, path: [], root: leaf, leaves: [leaf], nodes: [], leafCount: 1)
        #expect(
            proof.reference.description
                == "60c7794fcf2858c83bd54358049e8b9928e2fb21d66b49e515729f9efcaac4be")
    }

    private func reread(_ change: (inout Malfeasance) -> Void) throws -> BlockItem {
        var evidence = ChainSamples.malfeasance
        change(&evidence)
        return try BlockItem(bytes: BlockItem.malfeasance(evidence).bytes)
    }

    @Test("evidence is of two blocks in order, and has no fields that are not signed")
    func malfeasanceLimits() throws {
        let second = ChainSamples.malfeasance.second
        let changes: [(inout Malfeasance) -> Void] = [
            { $0.first = second }, { swap(&$0.first, &$0.second) }, { $0.second.polRound = 1 },
            { $0.first.seconds = 1 }, { $0.first.nanoseconds = 1 }, { $0.second.nanoseconds = 1_000_000_000 },
            { $0.step = .proposal },
        ]
        for change in changes { #expect(throws: ScaleFault.self) { try reread(change) } }
        _ = try reread { (evidence: inout Malfeasance) in
            evidence.step = .proposal
            evidence.first = second
            evidence.first.block?.partsTotal = 2
            evidence.second.polRound = 2
        }
    }

    @Test("what operator and identity sign")
    func signedBytes() throws {
        let genesis = [UInt8](repeating: 0xee, count: 20)
        let activation = ChainSamples.activation
        #expect(
            activation.signedBytes(genesis: genesis)
                == genesis + [0x50] + BlockItem.activation(activation).bytes.dropFirst().dropLast(64))
        let plot = activation.plots[0]
        let bytes = try #require(
            plot.bindingBytes(genesis: genesis, epoch: 300, operator: activation.operator))
        #expect(
            Hexadecimal.text(of: bytes)
                == run("ee", 20) + "51b104" + run("01", 32) + run("09", 32) + run("03", 32) + "00000000"
                + run("07", 20))
        #expect(
            activation.plots[1].bindingBytes(genesis: genesis, epoch: 1, operator: activation.operator) == nil
        )
    }
}

internal import Foundation
internal import NodeDomain
import NodeEncoding
internal import PostWorkerCore
internal import Testing

/// What `post-params.json` holds.
private struct Parameters: Decodable {
    struct Commitment: Decodable {
        let node_id: Hex32
        let commitment_atx_id: Hex32
        let commitment: Hex32
    }
    struct Proving: Decodable {
        struct Case: Decodable {
            let k1: UInt32
            let num_labels: UInt64
            let difficulty: UInt64
            let msb: UInt8
            let lsb56: HexBytes
        }
        let cases: [Case]
    }
    struct Scaling: Decodable {
        struct Case: Decodable {
            let difficulty: Hex32
            let num_units: UInt32
            let scaled: Hex32
        }
        let cases: [Case]
    }
    struct Threshold: Decodable {
        struct Case: Decodable {
            let num_labels: UInt64
            let difficulty: Hex32
        }
        let cases: [Case]
    }
    struct Bits: Decodable {
        struct Case: Decodable {
            let value: UInt64
            let bits: Int
        }
        let cases: [Case]
    }
    struct Pack: Decodable {
        struct Case: Decodable {
            let indices: [UInt64]
            let bits: Int
            let packed: HexBytes
        }
        let cases: [Case]
    }
    struct Length: Decodable {
        struct Case: Decodable {
            let bits: Int
            let k2: Int
            let bytes: Int
        }
        let cases: [Case]
    }
    struct Shuffle: Decodable {
        let output: [Int]
    }
    struct Keys: Decodable {
        let challenge: Hex32
        let nonce: UInt32
        let nonce_group: UInt32
        let pow: UInt64
        let group_key: HexBytes
        let lazy_key: HexBytes
    }
    struct Golden: Decodable {
        let genesis_unix: UInt64
        let extra_data: String
        let golden_atx: Hex32
    }
    let commitment: [Commitment]
    let proving_difficulty: Proving
    let k2pow_difficulty_scaling: Scaling
    let vrf_nonce_difficulty: Threshold
    let required_bits: Bits
    let pack: Pack
    let expected_len: Length
    let k3_shuffle: Shuffle
    let aes_keys: [Keys]
    let golden_atx_mainnet: Golden
}

private let vectors = Result { try Vectors.decode("post-params", as: Parameters.self) }

@Suite("Parameters")
struct ParameterTests {
    @Test("commitments and the golden activation")
    func commitments() throws {
        for vector in try vectors.get().commitment {
            let found = Plot.commitment(
                identity: vector.node_id.value, commitmentATX: vector.commitment_atx_id.value)
            #expect(found == vector.commitment.value)
        }
        let golden = try vectors.get().golden_atx_mainnet
        let found = Plot.goldenATX(genesisSeconds: golden.genesis_unix, extraData: golden.extra_data)
        #expect(found == golden.golden_atx.value)
    }

    @Test("proving difficulty")
    func proving() throws {
        for vector in try vectors.get().proving_difficulty.cases {
            let difficulty = try #require(ProvingDifficulty(k1: vector.k1, labels: vector.num_labels))
            #expect(difficulty.value == vector.difficulty)
            #expect(difficulty.msb == vector.msb)
            #expect(difficulty.lsb == vector.lsb56.value.reduce(0) { $0 << 8 | UInt64($1) })
        }
        #expect(ProvingDifficulty(k1: 26, labels: 26) == nil)
        #expect(ProvingDifficulty(k1: 0, labels: 0) == nil)
        #expect(ProvingDifficulty(k1: 26, labels: 27)?.value == 17_763_531_330_238_827_482)
    }

    @Test("difficulty of the proof of work by size")
    func scaling() throws {
        for vector in try vectors.get().k2pow_difficulty_scaling.cases {
            #expect(
                WorkDifficulty.scaled(vector.difficulty.value, units: vector.num_units) == vector.scaled.value
            )
        }
    }

    @Test("threshold of the VRF nonce")
    func threshold() throws {
        for vector in try vectors.get().vrf_nonce_difficulty.cases {
            #expect(VRFNonce.threshold(labels: vector.num_labels) == vector.difficulty.value)
        }
        // With so few labels the product is 2^256 or more: every label but the largest fits.
        for labels: UInt64 in 0...8 { #expect(VRFNonce.threshold(labels: labels) == .largest) }
    }

    @Test("width of an index, and bytes of a proof's indices")
    func widths() throws {
        for vector in try vectors.get().required_bits.cases {
            #expect(IndexPacking.bits(labels: vector.value) == vector.bits)
        }
        for vector in try vectors.get().expected_len.cases {
            #expect(IndexPacking.length(bits: vector.bits, count: vector.k2) == vector.bytes)
        }
    }

    @Test("packing")
    func packing() throws {
        for vector in try vectors.get().pack.cases {
            let packed = vector.packed.value
            #expect(IndexPacking.pack(vector.indices, bits: vector.bits) == packed)
            let mask = UInt64(1) << UInt64(vector.bits) - 1
            let back = IndexPacking.unpack(packed, bits: vector.bits, count: vector.indices.count)
            #expect(back == vector.indices.map { $0 & mask })
        }
        #expect(IndexPacking.unpack([1, 2], bits: 17, count: 1) == nil)
        for bits in 1...64 {
            let indices = (0..<9).map {
                UInt64.max >> UInt64(64 - bits) ^ UInt64($0) % (1 << UInt64(min(bits, 4)))
            }
            let packed = IndexPacking.pack(indices, bits: bits)
            #expect(IndexPacking.unpack(packed, bits: bits, count: 9) == indices, "\(bits) bits")
            #expect(IndexPacking.hasZeroPadding(packed, bits: bits, count: 9))
            if 9 * bits % 8 != 0 {
                var padded = packed
                padded[padded.count - 1] |= 0x80
                #expect(!IndexPacking.hasZeroPadding(padded, bits: bits, count: 9))
            }
        }
    }

    @Test("the shuffle that picks positions")
    func shuffle() throws {
        #expect(ProofSample.shuffled(100, seed: []) == (try vectors.get().k3_shuffle.output))
        #expect(
            ProofSample.some(40, seed: [1]).positions(of: 37, identity: .zero, challenge: .zero).count == 37)
        // A position that is not there must not mean that nothing is looked at.
        for sample in [ProofSample.one(37), .one(-1)] {
            #expect(sample.positions(of: 37, identity: .zero, challenge: .zero) == Array(0..<37))
        }
        for wanted in [-1, 0, 1] {
            #expect(
                ProofSample.some(wanted, seed: []).positions(of: 37, identity: .zero, challenge: .zero).count
                    == 1)
        }
    }

    @Test("keys of the ciphers")
    func keys() throws {
        for vector in try vectors.get().aes_keys {
            #expect(vector.nonce / ProofCipher.noncesPerGroup == vector.nonce_group)
            let group = ProofCipher.groupKey(
                challenge: vector.challenge.value, group: vector.nonce_group, pow: vector.pow)
            #expect(group == vector.group_key.value)
            let lazy = ProofCipher.lazyKey(
                challenge: vector.challenge.value, nonce: vector.nonce, pow: vector.pow)
            #expect(lazy == vector.lazy_key.value)
        }
    }

    @Test("numbers that make no plot are refused")
    func plots() throws {
        func plot(_ units: UInt32, _ labels: UInt64, _ n: UInt32) throws(PlotFault) -> Plot {
            try Plot(
                identity: .zero, commitmentATX: .zero, units: units, labelsPerUnit: labels, scryptN: n)
        }
        #expect(try plot(4, 1 << 32, 8192).labels == 1 << 34)
        #expect(throws: PlotFault.size(units: 0, labelsPerUnit: 1)) { try plot(0, 1, 2) }
        #expect(throws: PlotFault.size(units: 2, labelsPerUnit: 1 << 63)) { try plot(2, 1 << 63, 2) }
        #expect(throws: PlotFault.scryptN(12)) { try plot(1, 1, 12) }
        #expect(PlotFault.scryptN(12).description.contains("power of two"))
    }
}

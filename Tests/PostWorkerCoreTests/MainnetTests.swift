internal import Foundation
internal import NodeDomain
import NodeEncoding
internal import PostWorkerCore
internal import Testing

/// What `post-mainnet.json` holds: values that the running network showed.
private struct MainnetVectors: Decodable {
    struct Nonces: Decodable {
        struct Case: Decodable {
            let node_id: Hex32
            let commitment_atx_id: Hex32
            let commitment: Hex32
            let num_units: UInt32
            let labels_per_unit: UInt64
            let scrypt_N: UInt32
            let vrf_nonce: UInt64
            let label32: Hex32
            let threshold: Hex32
            let index_below_num_labels: Bool
        }
        let cases: [Case]
    }
    struct Work: Decodable {
        let node_id: Hex32
        let pow: UInt64
        let nonce: UInt32
        let nonce_group: UInt8
        let input: HexBytes
        let hash: Hex32
        let base_difficulty: Hex32
        let passes_up_to_units: UInt32
    }
    struct Packing: Decodable {
        let indices: [UInt64]
        let bits: Int
        let packed_hex: HexBytes
    }
    struct Cipher: Decodable {
        let challenge: Hex32
        let nonce_group: UInt8
        let pow: UInt64
        let label: HexBytes
        let aes_key: HexBytes
        let encrypted: HexBytes
        let byte_at_nonce_mod_16: UInt8
    }
    let golden_atx: Hex32
    let vrf_nonces: Nonces
    let k2pow: Work
    let index_packing: Packing
    let aes_group_cipher: Cipher
}

@Suite("Values of the running network", .serialized)
struct MainnetTests {
    private let vectors = Result { try Vectors.decode("post-mainnet", as: MainnetVectors.self) }

    @Test("VRF nonces, also one beyond the plot's labels")
    func nonces() throws {
        let cases = try vectors.get().vrf_nonces.cases
        #expect(cases.contains { !$0.index_below_num_labels })
        for vector in cases {
            #expect(vector.commitment_atx_id.value == (try vectors.get().golden_atx.value))
            let plot = try Plot(
                identity: vector.node_id.value, commitmentATX: vector.commitment_atx_id.value,
                units: vector.num_units, labelsPerUnit: vector.labels_per_unit, scryptN: vector.scrypt_N)
            #expect(plot.commitment == vector.commitment.value)
            #expect(VRFNonce.threshold(labels: plot.labels) == vector.threshold.value)
            let worker = try LabelProviders.expected.makeWorker(scryptN: plot.scryptN)
            let label = worker.labels(of: plot.commitment, at: [vector.vrf_nonce])[0]
            #expect(label == vector.label32.value)
            #expect(VRFNonce.isValid(label: label, labels: plot.labels))
            #expect((vector.vrf_nonce < plot.labels) == vector.index_below_num_labels)
            #expect(!VRFNonce.isValid(label: VRFNonce.threshold(labels: plot.labels), labels: plot.labels))
        }
    }

    @Test("a proof of work, and how large a plot it serves")
    func work() throws {
        let vector = try vectors.get().k2pow
        let work = ProofWork(
            group: vector.nonce_group, challenge: .zero, identity: vector.node_id.value)
        #expect(vector.nonce / ProofCipher.noncesPerGroup == UInt32(vector.nonce_group))
        #expect(work.input(pow: vector.pow) == vector.input.value)
        var machine = try SharedRandomX.machine()
        let hash = machine.hash(work.input(pow: vector.pow))
        #expect(hash == vector.hash.value)
        for units in [1, vector.passes_up_to_units] {
            #expect(hash < WorkDifficulty.scaled(vector.base_difficulty.value, units: units))
        }
        let more = WorkDifficulty.scaled(
            vector.base_difficulty.value, units: vector.passes_up_to_units + 1)
        #expect(!(hash < more))
    }

    @Test("packed indices of a proof")
    func packing() throws {
        let vector = try vectors.get().index_packing
        #expect(IndexPacking.pack(vector.indices, bits: vector.bits) == vector.packed_hex.value)
        let back = IndexPacking.unpack(
            vector.packed_hex.value, bits: vector.bits, count: vector.indices.count)
        #expect(back == vector.indices)
    }

    @Test("all bytes of an encrypted label", arguments: ScanPath.available)
    func cipher(path: ScanPath) throws {
        let vector = try vectors.get().aes_group_cipher
        let key = ProofCipher.groupKey(
            challenge: vector.challenge.value, group: UInt32(vector.nonce_group), pow: vector.pow)
        #expect(key == vector.aes_key.value)
        #expect(vector.encrypted.value[0] == vector.byte_at_nonce_mod_16)
        let labels = Array(repeatElement(vector.label.value, count: 8).joined())
        for (nonce, byte) in vector.encrypted.value.enumerated() {
            // The label is good for a nonce at a difficulty just above its byte, and not at the byte itself.
            for (msb, good) in [(UInt64(byte) + 1, true), (UInt64(byte), false)] where msb < 256 {
                let difficulty = try #require(ProvingDifficulty(k1: UInt32(msb), labels: 256))
                #expect(difficulty.value == msb << 56)
                let pass = ScanPass(
                    challenge: vector.challenge.value,
                    groups: [ScanGroup(number: vector.nonce_group, pow: vector.pow)], difficulty: difficulty)
                var scanner = try #require(LabelScanner(path, pass: pass))
                var hits: [ScanHit] = []
                labels.withUnsafeBytes { scanner.scan($0, from: 0, into: &hits) }
                #expect(hits.contains { $0.nonce == UInt32(nonce) } == good)
            }
        }
    }
}

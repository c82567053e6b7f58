internal import Crypto
internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import Synchronization
internal import Testing

private let made = Mutex<[Bytes32: [UInt8]]>([:])

/// What `post-proofs.json` holds.
struct ProofVectors: Decodable {
    struct Case: Decodable {
        struct Proof: Decodable {
            let nonce: UInt32
            let indices_base64: Data
            let indices_hex: HexBytes
            let indices: [UInt64]
            let pow: UInt64
        }
        struct VRF: Decodable {
            let threshold: Hex32
            let best_index: UInt64
            let best_label32: Hex32
            let valid: Bool
        }
        let name: String
        let node_id: Hex32
        let commitment_atx_id: Hex32
        let commitment: Hex32
        let challenge: Hex32
        let labels_per_unit: UInt64
        let num_units: UInt32
        let scrypt_N: UInt32
        let k1: UInt32
        let k2: Int
        let pow_difficulty: Hex32
        let labels_sha256: String
        let difficulty: HexBytes
        let scaled_pow_difficulty: Hex32
        let k2pow_by_group: [String: UInt64]
        let bits_per_index: Int
        let proof: Proof
        let subset_k3_3_seed_ascii_seed_selects_positions: [Int]
        let vrf: VRF?
    }
    let proofs: [Case]

    static let all = Result { try Vectors.decode("post-proofs", as: ProofVectors.self).proofs }
}

extension ProofVectors.Case {
    func plot() throws -> Plot {
        try Plot(
            identity: node_id.value, commitmentATX: commitment_atx_id.value, units: num_units,
            labelsPerUnit: labels_per_unit, scryptN: scrypt_N)
    }

    var rules: ProofRules {
        ProofRules(k1: k1, k2: k2, powDifficulty: pow_difficulty.value, units: 1...100)
    }

    var post: PostProof {
        PostProof(nonce: proof.nonce, indices: proof.indices_hex.value, pow: proof.pow)
    }

    var groups: [ScanGroup] {
        k2pow_by_group.compactMap { name, pow in UInt8(name).map { ScanGroup(number: $0, pow: pow) } }
    }

    /// The plot's stored labels, computed once for all tests.
    func labels() throws -> [UInt8] {
        try made.withLock { known in
            if let labels = known[commitment.value] { return labels }
            let worker = try LabelProviders.expected.makeWorker(scryptN: scrypt_N)
            let labels = storedLabels(worker, of: commitment.value, count: Int(try plot().labels))
            known[commitment.value] = labels
            return labels
        }
    }
}

/// Judges a proof with the machine that the tests share; nil when it is accepted.
func refusal(
    of proof: PostProof, _ verifier: ProofVerifier, plot: Plot, challenge: Bytes32,
    sample: ProofSample = .all
) throws -> ProofRefusal? {
    var machine = try SharedRandomX.machine()
    let worker = try LabelProviders.expected.makeWorker(scryptN: plot.scryptN)
    do throws(ProofRefusal) {
        try verifier.verify(
            proof, of: plot, challenge: challenge, sample: sample, on: &machine, by: worker)
        return nil
    } catch {
        return error
    }
}

import Foundation

/// One proof of `Vectors/post/post-proofs.json`, as the tool wants it.
struct ProofCase: Decodable {
    struct Proof: Decodable {
        let nonce: UInt32
        let indices_base64: String
        let pow: UInt64
    }
    let name: String
    let node_id: String
    let commitment_atx_id: String
    let commitment: String
    let labels_sha256: String
    let challenge: String
    let labels_per_unit: UInt64
    let num_units: UInt32
    let scrypt_N: UInt32
    let nonces_per_pass: UInt32
    let k1: UInt32
    let k2: Int
    let pow_difficulty: String
    let proof: Proof

    static func read() throws -> [ProofCase] {
        struct File: Decodable { let proofs: [ProofCase] }
        let data = try Data(
            contentsOf: URL(fileURLWithPath: "\(Programs.root)/Tests/Vectors/post/post-proofs.json"))
        return try JSONDecoder().decode(File.self, from: data).proofs
    }

    var arguments: [String] {
        [
            "--id", node_id, "--commitment-atx", commitment_atx_id, "--units", "\(num_units)",
            "--labels-per-unit", "\(labels_per_unit)", "--scrypt-n", "\(scrypt_N)", "--challenge", challenge,
            "--k1", "\(k1)", "--k2", "\(k2)", "--pow-difficulty", pow_difficulty,
        ]
    }

    /// All labels of the plot.
    var labels: UInt64 { labels_per_unit * UInt64(num_units) }

    /// What `init` wants of it.
    var plot: [String] {
        [
            "--id", node_id, "--commitment-atx", commitment_atx_id, "--units", "\(num_units)",
            "--labels-per-unit", "\(labels_per_unit)", "--scrypt-n", "\(scrypt_N)",
        ]
    }

    func json(nonce: UInt32? = nil, indices: String? = nil) -> String {
        """
        {"nonce": \(nonce ?? proof.nonce), "indices": "\(indices ?? proof.indices_base64)", "pow": \(proof.pow)}
        """
    }
}

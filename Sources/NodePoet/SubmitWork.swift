package import NodeDomain

/// The original's proof of work that a registration may need (spec: post-poet, §4.7).
package struct SubmitWork: Hashable, Sendable {
    /// No server asks for more leading zero bits: a registration would take days.
    package static let mostDifficult = 40

    /// What the server asks for, 32 bytes at ours: the root of its last proof.
    package let serverChallenge: [UInt8]
    /// Who registers.
    package let node: Bytes32
    /// What is registered.
    package let challenge: [UInt8]

    /// Work of these.
    package init(serverChallenge: [UInt8], node: Bytes32, challenge: [UInt8]) {
        self.serverChallenge = serverChallenge
        self.node = node
        self.challenge = challenge
    }

    /// The hash of a nonce.
    package func hash(nonce: UInt64) -> [UInt8] {
        RIPEMD256.hash(
            serverChallenge + node.bytes + challenge
                + (0..<8).map { UInt8(truncatingIfNeeded: nonce >> (8 * UInt64($0))) })
    }

    /// Whether a nonce's hash begins with so many zero bits.
    package func holds(nonce: UInt64, difficulty: Int) -> Bool {
        var zeros = 0
        for byte in hash(nonce: nonce) {
            zeros += byte.leadingZeroBitCount
            if byte != 0 { break }
        }
        return zeros >= difficulty
    }

    /// The first nonce of some that does.
    package func find(in nonces: Range<UInt64>, difficulty: Int) -> UInt64? {
        nonces.first { holds(nonce: $0, difficulty: difficulty) }
    }
}

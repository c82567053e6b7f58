package import NodeDomain

/// What an operator's keys sign or prove besides votes, proposals and activations.
package enum OperatorBytes {
    /// Registers an epoch's challenge at a PoET.
    /// - Parameter genesis: 20 bytes that keep networks apart.
    package static func registration(challenge: Bytes32, genesis: [UInt8]) -> [UInt8] {
        genesis + [0x04] + challenge.bytes
    }

    /// What the proposer of a height proves with its VRF; the round is not in it, so each key has one output a height.
    package static func beacon(chain: String, height: UInt64, last: Bytes32) -> [UInt8] {
        let number = withUnsafeBytes(of: height.bigEndian) { [UInt8]($0) }
        return Array("beacon".utf8) + Array(chain.utf8) + number + last.bytes
    }
}

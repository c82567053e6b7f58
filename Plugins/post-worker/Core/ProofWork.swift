package import NodeDomain

/// The proof of work of a group: makes trying many groups cost something.
package struct ProofWork: Hashable, Sendable {
    /// A pow is below this: seven bytes of it are hashed.
    package static let limit: UInt64 = 1 << 56

    /// The group.
    package let group: UInt8
    /// The challenge of the proof; its first eight bytes are hashed.
    package let challenge: Bytes32
    /// Whose proof it is.
    package let identity: Bytes32

    /// Work for a group.
    package init(group: UInt8, challenge: Bytes32, identity: Bytes32) {
        self.group = group
        self.challenge = challenge
        self.identity = identity
    }

    /// The 48 bytes that are hashed: the low seven of the pow, group, eight of the challenge, identity.
    package func input(pow: UInt64) -> [UInt8] {
        let low = (0..<7).map { UInt8(truncatingIfNeeded: pow >> UInt64(8 * $0)) }
        return low + [group] + challenge.bytes.prefix(8) + identity.bytes
    }

    /// Tries pows one after another, and gives the first whose hash is below the difficulty.
    ///
    /// - Returns: nil when none of the range is.
    package func search(
        _ pows: Range<UInt64>, below difficulty: Bytes32, on machine: inout RandomXMachine
    ) -> UInt64? {
        for pow in pows where machine.hash(input(pow: pow)) < difficulty { return pow }
        return nil
    }
}

internal import NodeCrypto
package import NodeDomain

/// Which leaves a proof shows (spec: post-poet, §4.2).
package enum PoetSelection {
    /// Numbers that are drawn at most: far more than leaves that are all to be shown need by any chance.
    static let mostDraws: UInt32 = 1 << 20

    /// Rising indices, as many as `shown`, or all leaves if there are no more; nil: so many draws do not give them.
    package static func indices(root: Bytes32, leafCount: UInt64, shown: Int) -> [UInt64]? {
        guard leafCount > UInt64(max(shown, 0)) else { return Array(0..<leafCount) }
        var chosen: Set<UInt64> = []
        var draw: UInt32 = 0
        while chosen.count < shown {
            guard draw < mostDraws else { return nil }
            let number = withUnsafeBytes(of: draw.bigEndian) { [UInt8]($0) }
            chosen.insert(SHA256.expected.hash(root.bytes + number).word0 % leafCount)
            draw += 1
        }
        return chosen.sorted()
    }
}

/// A chain as its members sign for it: its name, and how often it was begun anew after a halt.
package struct ChainRevision: Hashable, Sendable {
    /// Most bytes of a name.
    package static let longestName = 40

    /// Name of the network.
    package let name: String
    /// 0 at genesis, one more with each recovery.
    package let revision: UInt32

    /// A chain; nil when the name has not 1 to 40 bytes of printable ASCII.
    package init?(name: String, revision: UInt32) {
        guard (1...ChainRevision.longestName).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.name = name
        self.revision = revision
    }

    /// The chain id of votes and proposals.
    package var id: String { "\(name)-\(revision)" }
}

extension ChainRevision: CustomStringConvertible {
    /// The chain id.
    package var description: String { id }
}

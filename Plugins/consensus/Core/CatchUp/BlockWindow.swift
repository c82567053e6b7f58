/// Blocks that came before their turn, by height.
struct BlockWindow: Sendable {
    struct Entry: Sendable {
        let block: CertifiedBlock
        /// Who sent it.
        let peer: UInt64
        let bytes: Int
        /// Whether its certificate has been checked: it can be as soon as its committee is known.
        var isProved: Bool
    }

    private var entries: [UInt64: Entry] = [:]
    /// Bytes of all.
    private(set) var bytes = 0

    var isEmpty: Bool { entries.isEmpty }

    subscript(height: UInt64) -> Entry? { entries[height] }

    /// Keeps a block; the first of a height stays.
    mutating func insert(_ entry: Entry, at height: UInt64) {
        guard entries[height] == nil else { return }
        entries[height] = entry
        bytes += entry.bytes
    }

    mutating func markProved(_ height: UInt64) { entries[height]?.isProved = true }

    mutating func remove(_ height: UInt64) {
        guard let entry = entries.removeValue(forKey: height) else { return }
        bytes -= entry.bytes
    }

    /// Drops what lies below a height.
    mutating func drop(below height: UInt64) {
        for old in entries.keys where old < height { remove(old) }
    }

    /// Drops what a peer sent and nobody has proved.
    mutating func dropUnproved(of peer: UInt64) {
        for (height, entry) in entries where entry.peer == peer && !entry.isProved { remove(height) }
    }
}

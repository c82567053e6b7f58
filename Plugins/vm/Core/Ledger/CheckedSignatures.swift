package import NodeDomain

/// Ids of transactions whose signatures were found good, so that each is checked once.
///
/// An id is the hash of the whole transaction and an account's keys never change, so what was good once is good for ever;
/// what is forgotten is merely checked again. Ids lie in rows of eight, chosen by the id's own bits. A full row forgets its
/// oldest; so no choice of ids makes a look-up long. The table doubles while it fills, up to its limit, and needs no memory
/// besides. It is a value: whoever inserts into a copy makes a second table.
package struct CheckedSignatures: Sendable {
    /// Most memory, in bytes, while a table of half the size is copied into its last one: 48 MiB for 2^20 ids.
    package static let mostBytes = (1 << 20) * stride * 3 / 2

    private static let stride = MemoryLayout<Bytes32>.stride
    private static let rowLength = 8

    /// How many ids are kept.
    package private(set) var count = 0
    private var slots: [Bytes32]
    private let most: Int

    /// Nothing yet.
    /// - Parameter bytes: most memory that the table may take; at least that of a row of ids is.
    package init(bytes: Int = CheckedSignatures.mostBytes) {
        var most = Self.rowLength
        while most * 2 * Self.stride * 3 / 2 <= bytes, most < 1 << 30 { most *= 2 }
        self.most = most
        slots = [Bytes32](repeating: .zero, count: min(most, 1 << 10))
    }

    /// Bytes that the table takes.
    package var bytes: Int { slots.count * Self.stride }

    /// Whether an id was put in and not forgotten.
    package func contains(_ id: Bytes32) -> Bool {
        // Zero marks an empty place; no transaction is known that hashes to it, and one would be checked each time.
        guard id != .zero else { return false }
        let row = row(of: id)
        for place in row where slots[place] == id { return true }
        return false
    }

    /// Keeps an id.
    package mutating func insert(_ id: Bytes32) {
        guard id != .zero, !contains(id) else { return }
        if slots.count < most, count >= slots.count / 2 { grow() }
        put(id)
    }

    private func row(of id: Bytes32) -> Range<Int> {
        let rows = UInt64(slots.count / Self.rowLength)
        let start = Int(truncatingIfNeeded: id.word0 & (rows - 1)) * Self.rowLength
        return start..<start + Self.rowLength
    }

    /// The newest stands first in its row, and pushes the others on.
    private mutating func put(_ id: Bytes32) {
        let row = row(of: id)
        if slots[row.upperBound - 1] == .zero { count += 1 }
        for place in row.dropFirst().reversed() { slots[place] = slots[place - 1] }
        slots[row.lowerBound] = id
    }

    private mutating func grow() {
        let old = slots
        slots = [Bytes32](repeating: .zero, count: old.count * 2)
        count = 0
        // From the oldest of each row on, so that their order stays.
        for start in Swift.stride(from: 0, to: old.count, by: Self.rowLength) {
            for place in (start..<start + Self.rowLength).reversed() where old[place] != .zero {
                put(old[place])
            }
        }
    }
}

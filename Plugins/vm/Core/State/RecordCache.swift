/// Records of the state that were used lately, in bounded memory.
///
/// Two generations: what is used moves to the young one, and when that is full the old one is dropped. So at least the last half
/// of the bound that was used is there.
package struct RecordCache: Sendable {
    /// Bytes that an entry takes besides key and value, roughly: two headers of arrays and a slot of the table.
    private static let overhead = 160

    private var young: [StateKey: [UInt8]?] = [:]
    private var old: [StateKey: [UInt8]?] = [:]
    private var youngBytes = 0
    private let bound: Int

    /// - Parameter bytes: that all entries take at most.
    package init(bytes: Int) {
        bound = bytes / 2
    }

    /// What was kept: a record, or that there is none (`.some(nil)`); nil: nothing is known.
    package mutating func get(_ key: StateKey) -> [UInt8]?? {
        if let value = young[key] { return value }
        guard let value = old[key] else { return nil }
        put(key, value)
        return value
    }

    /// Keeps a record; nil: that there is none.
    package mutating func put(_ key: StateKey, _ value: [UInt8]?) {
        if let before = young.updateValue(value, forKey: key) { youngBytes -= Self.size(before) }
        youngBytes += Self.size(value)
        guard youngBytes > bound else { return }
        old = young
        young = [:]
        youngBytes = 0
    }

    /// Forgets everything.
    package mutating func removeAll() {
        self = RecordCache(bytes: 2 * bound)
    }

    /// How many entries there are, at most.
    package var count: Int { young.count + old.count }

    private static func size(_ value: [UInt8]?) -> Int { overhead + (value?.count ?? 0) }
}

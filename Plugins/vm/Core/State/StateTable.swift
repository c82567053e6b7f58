package import NodeEncoding

/// A value of the state, by its canonical bytes.
package protocol StateRecord: Hashable, Sendable {
    /// Reads the fields, without asking for the end of the bytes.
    init(from reader: inout ScaleReader) throws(ScaleFault)
    /// Writes the fields in their order.
    func write(to writer: inout ScaleWriter)
}

extension StateRecord {
    /// Reads a whole record.
    /// - Throws: `ScaleFault` when the bytes are no canonical record: what storage keeps is damaged.
    package init(bytes: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        try self.init(from: &reader)
        try reader.finish()
    }

    /// Canonical bytes.
    package var bytes: [UInt8] {
        var writer = ScaleWriter()
        write(to: &writer)
        return writer.bytes
    }
}

/// A record was asked for that had not been read: read it, and execute the block again.
package enum StateMiss: Error, Hashable, Sendable {
    /// One record.
    case key(StateKey)
    /// The first records of a range, so many.
    case range(StateRange, Int)
    /// Several, which are asked for at once so that they are read at once.
    case several(StateNeeds)

    /// What is to be read.
    package var needs: StateNeeds {
        var needs = StateNeeds()
        switch self {
        case .key(let key): needs.keys.insert(key)
        case .range(let range, let limit): needs.ranges[range] = limit
        case .several(let several): return several
        }
        return needs
    }
}

/// Records of one kind: those that were read, and what became of them.
package struct StateTable<Key: Hashable & Sendable, Value: StateRecord>: Sendable {
    private struct Slot: Sendable {
        var before: Value?
        var now: Value?
    }

    private var slots: [Key: Slot] = [:]
    private let place: @Sendable (Key) -> StateKey

    init(_ place: @escaping @Sendable (Key) -> StateKey) {
        self.place = place
    }

    /// Takes what was read; nil: there is no such record.
    mutating func load(_ key: Key, _ value: Value?) {
        slots[key] = Slot(before: value, now: value)
    }

    /// Whether there was a record when it was read; nil: it was not read.
    func wasThere(_ key: Key) -> Bool? { slots[key].map { $0.before != nil } }

    /// The record as it stands; nil: there is none.
    /// - Throws: `StateMiss` when it was not read.
    package func get(_ key: Key) throws(StateMiss) -> Value? {
        guard let slot = slots[key] else { throw StateMiss.key(place(key)) }
        return slot.now
    }

    /// Puts a record in place of what is there; nil: removes it.
    /// - Throws: `StateMiss` when what is there was not read.
    package mutating func set(_ key: Key, _ value: Value?) throws(StateMiss) {
        guard slots[key] != nil else { throw StateMiss.key(place(key)) }
        slots[key]?.now = value
    }

    /// What differs from what was read.
    var changes: [StateChange] {
        slots.compactMap { key, slot in
            slot.before == slot.now
                ? nil
                : StateChange(key: place(key), value: slot.now?.bytes, replaces: slot.before != nil)
        }
    }
}

/// One record of the state that a block changed.
package struct StateChange: Hashable, Sendable {
    /// Where it stands.
    package let key: StateKey
    /// Its canonical bytes; nil: it is gone.
    package let value: [UInt8]?
    /// Whether there was a record before.
    package let replaces: Bool
}

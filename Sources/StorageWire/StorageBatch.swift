/// Builds a packed batch.
///
/// Operations take effect in the order given, all or none.
package struct StorageBatch: Sendable, Equatable {
    /// The packed operations.
    package private(set) var bytes: [UInt8] = []
    package private(set) var operations = 0
    /// Where an upload may be cut: ends of operations, about one `pieceBytes` apart.
    private var cuts: [Int] = []

    /// An empty batch.
    package init() {}

    package var isEmpty: Bool { operations == 0 }

    /// Sets a key.
    /// - Throws: `BatchFault` when key or value is over its limit; the batch is unchanged.
    package mutating func put(_ keyspace: Keyspace, _ key: [UInt8], _ value: [UInt8]) throws(BatchFault) {
        try check(key, 1, "key")
        guard value.count <= StorageLimit.valueBytes else {
            throw BatchFault("a value of \(value.count) bytes: \(StorageLimit.valueBytes) are allowed")
        }
        try begin(OperationCode.put, keyspace)
        append(key)
        append(value)
        close()
    }

    /// Removes a key; one that is not there is none the worse.
    /// - Throws: `BatchFault` when the key is over its limit; the batch is unchanged.
    package mutating func delete(_ keyspace: Keyspace, _ key: [UInt8]) throws(BatchFault) {
        try check(key, 1, "key")
        try begin(OperationCode.delete, keyspace)
        append(key)
        close()
    }

    /// Removes every key from `from`, included, to `to`, excluded.
    /// - Throws: `BatchFault` when the range is empty or a bound over its limit; the batch is unchanged.
    package mutating func deleteRange(_ keyspace: Keyspace, from: [UInt8], to: [UInt8]) throws(BatchFault) {
        try check(from, 0, "key")
        try check(to, 1, "end of a range")
        guard from.lexicographicallyPrecedes(to) else { throw BatchFault("a range ends before it begins") }
        try begin(OperationCode.deleteRange, keyspace)
        append(from)
        append(to)
        close()
    }

    /// Adds what another batch does, after what this one does.
    /// - Throws: `BatchFault` when there would be too many operations; the batch is unchanged.
    package mutating func append(_ other: StorageBatch) throws(BatchFault) {
        guard operations + other.operations <= StorageLimit.operations else {
            throw BatchFault("a batch has at most \(StorageLimit.operations) operations")
        }
        let base = bytes.count
        bytes.append(contentsOf: other.bytes)
        operations += other.operations
        for cut in other.cuts { cuts.append(base + cut) }
        close()
    }

    /// The batch in pieces for an upload, cut between operations.
    ///
    /// Each is at most `StorageLimit.batchBytes`; an empty batch is one empty piece.
    package var pieces: [ArraySlice<UInt8>] {
        var start = 0
        var result: [ArraySlice<UInt8>] = []
        for cut in cuts where cut > start {
            result.append(bytes[start..<cut])
            start = cut
        }
        if start < bytes.count || result.isEmpty { result.append(bytes[start...]) }
        return result
    }

    // MARK: - Packing

    private func check(_ key: [UInt8], _ least: Int, _ what: StaticString) throws(BatchFault) {
        guard (least...StorageLimit.keyBytes).contains(key.count) else {
            throw BatchFault(
                "a \(what) of \(key.count) bytes: \(least) to \(StorageLimit.keyBytes) are allowed")
        }
    }

    private mutating func begin(_ code: UInt8, _ keyspace: Keyspace) throws(BatchFault) {
        guard operations < StorageLimit.operations else {
            throw BatchFault("a batch has at most \(StorageLimit.operations) operations")
        }
        operations += 1
        bytes.append(code)
        bytes.append(keyspace.rawValue)
    }

    private mutating func append(_ part: [UInt8]) {
        appendLength(part.count, to: &bytes)
        bytes.append(contentsOf: part)
    }

    private mutating func close() {
        if bytes.count - (cuts.last ?? 0) >= StorageLimit.pieceBytes { cuts.append(bytes.count) }
    }
}

/// Writes a length as `BatchReader` reads it.
@inline(__always)
private func appendLength(_ count: Int, to bytes: inout [UInt8]) {
    var rest = count
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
}

/// Packs entries that lie elsewhere, as a scan's items have them.
package struct EntryPacker {
    private let keyspace: Keyspace
    package private(set) var bytes: [UInt8] = []
    package private(set) var entries = 0

    /// Packs entries of one keyspace.
    package init(_ keyspace: Keyspace) {
        self.keyspace = keyspace
        bytes.reserveCapacity(StorageLimit.scanItemBytes + (8 << 10))
    }

    /// Adds one entry.
    package mutating func add(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        bytes.append(OperationCode.put)
        bytes.append(keyspace.rawValue)
        appendLength(key.count, to: &bytes)
        bytes.append(contentsOf: key)
        appendLength(value.count, to: &bytes)
        bytes.append(contentsOf: value)
        entries += 1
    }
}

/// One operation of a packed batch, still lying in the batch's own bytes.
package enum StorageOperation {
    case put(Keyspace, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)
    case delete(Keyspace, key: UnsafeRawBufferPointer)
    /// From the first key, included, to the second, excluded.
    case deleteRange(Keyspace, from: UnsafeRawBufferPointer, to: UnsafeRawBufferPointer)

    /// The keyspace it touches.
    package var keyspace: Keyspace {
        switch self {
        case .put(let keyspace, _, _), .delete(let keyspace, _), .deleteRange(let keyspace, _, _): keyspace
        }
    }
}

/// Numbers of the operations in a packed batch.
enum OperationCode {
    static let put: UInt8 = 1
    static let delete: UInt8 = 2
    static let deleteRange: UInt8 = 3
}

/// Reads a packed batch in place, one operation after the other.
///
/// Any bytes may come: it throws, and never reads past the end. What it gave before it threw is to be thrown away.
package struct BatchReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    /// Operations read so far.
    package private(set) var operations = 0

    /// A reader; `bytes` must outlive it and what it gives.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next operation; nil at the end.
    /// - Throws: `BatchFault` that names the place.
    package mutating func next() throws(BatchFault) -> StorageOperation? {
        guard offset < bytes.count else { return nil }
        guard bytes.count - offset >= 2 else { throw fault("an operation is cut off") }
        let code = bytes[offset]
        let keyspace = Keyspace(rawValue: bytes[offset + 1])
        guard (OperationCode.put...OperationCode.deleteRange).contains(code) else {
            throw fault("operation \(code) is not known: 1 put, 2 delete, 3 delete range")
        }
        guard operations < StorageLimit.operations else {
            throw fault("a batch has at most \(StorageLimit.operations) operations")
        }
        offset += 2
        let isRange = code == OperationCode.deleteRange
        let key = try take(isRange ? 0 : 1, StorageLimit.keyBytes, "key")
        operations += 1
        switch code {
        case OperationCode.put:
            return .put(keyspace, key: key, value: try take(0, StorageLimit.valueBytes, "value"))
        case OperationCode.delete:
            return .delete(keyspace, key: key)
        default:
            let end = try take(1, StorageLimit.keyBytes, "end of a range")
            guard isBefore(key, end) else { throw fault("a range ends before it begins") }
            return .deleteRange(keyspace, from: key, to: end)
        }
    }

    private func fault(_ text: String) -> BatchFault {
        BatchFault("batch, byte \(offset): \(text)")
    }

    /// A length and as many bytes.
    private mutating func take(_ least: Int, _ most: Int, _ what: StaticString) throws(BatchFault)
        -> UnsafeRawBufferPointer
    {
        let count = try length(what)
        guard (least...most).contains(count) else {
            throw fault("a \(what) of \(count) bytes: \(least) to \(most) are allowed")
        }
        guard count <= bytes.count - offset else { throw fault("a \(what) is cut off") }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// A length: seven bits a byte, low ones first, at most four bytes, no longer than needed.
    private mutating func length(_ what: StaticString) throws(BatchFault) -> Int {
        var value = 0
        for place in 0..<4 {
            guard offset < bytes.count else { throw fault("the length of a \(what) is cut off") }
            let byte = bytes[offset]
            offset += 1
            value |= Int(byte & 0x7f) << (7 * place)
            guard byte < 0x80 else { continue }
            guard byte != 0 || place == 0 else { throw fault("the length of a \(what) is padded") }
            return value
        }
        throw fault("the length of a \(what) has more than four bytes")
    }
}

/// Whether one key comes before another: byte by byte, a prefix first.
package func isBefore(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.lexicographicallyPrecedes(right)
}

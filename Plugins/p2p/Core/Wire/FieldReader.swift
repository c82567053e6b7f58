/// One field of a protobuf message.
package struct WireField: Hashable, Sendable {
    /// What a field holds, by its wire type.
    package enum Value: Hashable, Sendable {
        /// Wire type 0.
        case number(UInt64)
        /// Wire type 1.
        case fixed64(UInt64)
        /// Wire type 2: bytes, text, or another message.
        case bytes(ArraySlice<UInt8>)
        /// Wire type 5.
        case fixed32(UInt32)
    }

    /// Its number, never 0.
    package let number: UInt32
    /// What it holds.
    package let value: Value
    /// Where it begins.
    package let offset: Int

    /// Of these.
    package init(number: UInt32, value: Value, offset: Int) {
        self.number = number
        self.value = value
        self.offset = offset
    }

    /// Its number of up to 64 bits.
    /// - Throws: `WireFault` when it holds something else.
    package func integer() throws(WireFault) -> UInt64 {
        guard case .number(let number) = value else { throw wrongKind("a number") }
        return number
    }

    /// Its truth value.
    /// - Throws: `WireFault` when it is neither 0 nor 1.
    package func bool() throws(WireFault) -> Bool {
        let number = try integer()
        guard number <= 1 else { throw wrongKind("0 or 1") }
        return number == 1
    }

    /// Its bytes.
    /// - Parameter limit: how many it may have.
    /// - Throws: `WireFault` when it holds something else, or more.
    package func bytes(limit: Int) throws(WireFault) -> [UInt8] {
        Array(try slice(limit: limit))
    }

    /// Its bytes, for a reader of an inner message.
    /// - Parameter limit: how many it may have.
    /// - Throws: `WireFault` when it holds something else, or more.
    package func slice(limit: Int) throws(WireFault) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = value else { throw wrongKind("bytes") }
        guard bytes.count <= limit else { throw .tooLarge(UInt64(bytes.count), limit: limit) }
        return bytes
    }

    /// Its text.
    /// - Parameter limit: how many bytes it may have.
    /// - Throws: `WireFault` when it holds something else, more, or no UTF-8.
    package func text(limit: Int) throws(WireFault) -> String {
        guard let text = String(validating: try slice(limit: limit), as: UTF8.self) else {
            throw wrongKind("text in UTF-8")
        }
        return text
    }

    private func wrongKind(_ meant: String) -> WireFault {
        .invalid(offset: offset, what: "field \(number) is not \(meant)")
    }
}

/// Reads the fields of a protobuf message one after the other; what is not known, the caller passes over.
///
/// Strict where protobuf is not: numbers in their shortest form, no groups, at most so many fields. It copies nothing.
package struct FieldReader: Sendable {
    /// Fields that a message may have unless stated otherwise.
    package static let mostFields = 16_384
    /// The largest number of a field.
    private static let largestNumber: UInt64 = 1 << 29 - 1

    private let bytes: ArraySlice<UInt8>
    private var offset: Int
    private var left: Int

    /// Of a message.
    /// - Parameters:
    ///   - bytes: all of it.
    ///   - fields: how many it may have.
    package init(_ bytes: ArraySlice<UInt8>, fields: Int = mostFields) {
        self.bytes = bytes
        offset = bytes.startIndex
        left = fields
    }

    /// Of a message.
    package init(_ bytes: [UInt8], fields: Int = mostFields) {
        self.init(bytes[...], fields: fields)
    }

    /// The next field; nil at the end.
    /// - Throws: `WireFault` when there is something else than a field.
    package mutating func next() throws(WireFault) -> WireField? {
        guard offset < bytes.endIndex else { return nil }
        guard left > 0 else { throw .invalid(offset: offset, what: "there are too many fields") }
        left -= 1
        let start = offset
        let tag = try number()
        guard tag >> 3 != 0, tag >> 3 <= Self.largestNumber else {
            throw .invalid(offset: start, what: "no field has the number \(tag >> 3)")
        }
        let value: WireField.Value
        switch tag & 7 {
        case 0: value = .number(try number())
        case 1: value = .fixed64(try fixed(8))
        case 2:
            let count = try number()
            guard count <= UInt64(bytes.endIndex - offset) else { throw .ended(offset: offset) }
            value = .bytes(take(Int(count)))
        case 5: value = .fixed32(UInt32(truncatingIfNeeded: try fixed(4)))
        default: throw .invalid(offset: start, what: "there is no wire type \(tag & 7)")
        }
        return WireField(number: UInt32(tag >> 3), value: value, offset: start)
    }

    private mutating func number() throws(WireFault) -> UInt64 {
        guard let (value, count) = try Varint.read(bytes[offset...], most: Varint.bytesOfNumber) else {
            throw .ended(offset: offset)
        }
        offset += count
        return value
    }

    private mutating func fixed(_ count: Int) throws(WireFault) -> UInt64 {
        guard bytes.endIndex - offset >= count else { throw .ended(offset: offset) }
        return take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { offset += count }
        return bytes[offset..<offset + count]
    }
}

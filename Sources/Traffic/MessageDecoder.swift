internal import Foundation
internal import SwiftProtobuf

/// Decodes messages of any type from their descriptors: bytes in, named values out.
package struct MessageDecoder {
    private let book: SchemaBook
    /// Nested messages deeper than this are shown as bytes.
    private static let maxDepth = 32

    /// - Parameter book: where the descriptors stand.
    package init(_ book: SchemaBook) {
        self.book = book
    }

    /// The fields of a message, in the order of their numbers; unknown ones are called `#n`.
    /// - Returns: nil when the message is not known or the bytes are malformed.
    package func decode(_ bytes: some Collection<UInt8>, as name: String) -> FieldValue? {
        decode(Array(bytes)[...], name, depth: 0)
    }

    private func decode(_ bytes: ArraySlice<UInt8>, _ name: String, depth: Int) -> FieldValue? {
        guard let descriptor = book.message(name) else { return nil }
        let fields = Dictionary(
            descriptor.field.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        var found: [Int32: [FieldValue]] = [:]
        var reader = WireReader(bytes)
        while !reader.isAtEnd {
            guard let tag = reader.varint(), let number = Int32(exactly: tag >> 3), number > 0 else {
                return nil
            }
            guard let raw = reader.value(wireType: tag & 7) else { return nil }
            let values = fields[number].map { interpret(raw, $0, depth) } ?? [unknown(raw)]
            found[number, default: []] += values
        }
        let sorted = found.sorted { $0.key < $1.key }
        return .message(
            sorted.compactMap { number, values in
                let field = fields[number]
                let isList = field?.label == .repeated || (field == nil && values.count > 1)
                guard let last = values.last else { return nil }
                return FieldValue.Field(
                    name: field?.name ?? "#\(number)", value: isList ? .list(values) : last)
            })
    }

    private func unknown(_ raw: WireReader.Raw) -> FieldValue {
        switch raw {
        case .varint(let value), .fixed64(let value): .number("\(value)")
        case .fixed32(let value): .number("\(value)")
        case .bytes(let bytes): .bytes(Array(bytes))
        }
    }

    private func interpret(
        _ raw: WireReader.Raw, _ field: Google_Protobuf_FieldDescriptorProto, _ depth: Int
    ) -> [FieldValue] {
        switch raw {
        case .bytes(let bytes): return delimited(bytes, field, depth)
        case .varint(let value): return [varint(value, field)]
        case .fixed64(let value): return [fixed64(value, field.type)]
        case .fixed32(let value): return [fixed32(value, field.type)]
        }
    }

    private func delimited(
        _ bytes: ArraySlice<UInt8>, _ field: Google_Protobuf_FieldDescriptorProto, _ depth: Int
    ) -> [FieldValue] {
        switch field.type {
        case .string: return [.text(String(decoding: bytes, as: UTF8.self))]
        case .bytes: return [.bytes(Array(bytes))]
        case .message:
            let name = String(field.typeName.drop { $0 == "." })
            let inner = depth < Self.maxDepth ? decode(bytes, name, depth: depth + 1) : nil
            return [inner ?? .bytes(Array(bytes))]
        default: return packed(bytes, field)
        }
    }

    private func packed(
        _ bytes: ArraySlice<UInt8>, _ field: Google_Protobuf_FieldDescriptorProto
    ) -> [FieldValue] {
        let wireType: UInt64 =
            switch field.type {
            case .double, .fixed64, .sfixed64: 1
            case .float, .fixed32, .sfixed32: 5
            default: 0
            }
        var reader = WireReader(bytes)
        var values: [FieldValue] = []
        while !reader.isAtEnd {
            guard let raw = reader.value(wireType: wireType) else { return [.bytes(Array(bytes))] }
            switch raw {
            case .varint(let value): values.append(varint(value, field))
            case .fixed64(let value): values.append(fixed64(value, field.type))
            case .fixed32(let value): values.append(fixed32(value, field.type))
            case .bytes: break
            }
        }
        return values
    }

    private func varint(_ value: UInt64, _ field: Google_Protobuf_FieldDescriptorProto) -> FieldValue {
        switch field.type {
        case .bool: return .bool(value != 0)
        case .int32: return .number("\(Int32(truncatingIfNeeded: value))")
        case .int64: return .number("\(Int64(bitPattern: value))")
        case .uint32: return .number("\(UInt32(truncatingIfNeeded: value))")
        case .sint32, .sint64:
            return .number("\(Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1))")
        case .enum:
            let number = Int32(truncatingIfNeeded: value)
            let type = String(field.typeName.drop { $0 == "." })
            return book.enumName(type, number).map { .text($0) } ?? .number("\(number)")
        default: return .number("\(value)")
        }
    }

    private func fixed64(_ value: UInt64, _ type: Google_Protobuf_FieldDescriptorProto.TypeEnum) -> FieldValue
    {
        switch type {
        case .double: .number("\(Double(bitPattern: value))")
        case .sfixed64: .number("\(Int64(bitPattern: value))")
        default: .number("\(value)")
        }
    }

    private func fixed32(_ value: UInt32, _ type: Google_Protobuf_FieldDescriptorProto.TypeEnum) -> FieldValue
    {
        switch type {
        case .float: .number("\(Float(bitPattern: value))")
        case .sfixed32: .number("\(Int32(bitPattern: value))")
        default: .number("\(value)")
        }
    }
}

/// Reads protobuf's wire format from left to right, never past the end.
struct WireReader {
    /// A field's value as it stands on the wire.
    enum Raw {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let next = rest.popFirst() else { return nil }
            value |= UInt64(next & 0x7f) &<< shift
            if next < 0x80 { return value }
        }
        return nil
    }

    mutating func value(wireType: UInt64) -> Raw? {
        switch wireType {
        case 0: return varint().map(Raw.varint)
        case 1: return take(8).map { Raw.fixed64(little($0)) }
        case 5: return take(4).map { Raw.fixed32(UInt32(truncatingIfNeeded: little($0))) }
        case 2:
            guard let length = varint(), length <= UInt64(rest.count) else { return nil }
            return take(Int(length)).map(Raw.bytes)
        default: return nil
        }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private func little(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// A decoded value of a message's field.
package indirect enum FieldValue: Sendable, Hashable {
    case number(String)
    case text(String)
    case bytes([UInt8])
    case bool(Bool)
    case message([Field])
    case list([FieldValue])

    /// A field with its name.
    package struct Field: Sendable, Hashable {
        package let name: String
        package let value: FieldValue
    }

    /// All values at a path such as `inner.name`; elements of lists count each.
    package func values(at path: Substring) -> [FieldValue] {
        switch self {
        case .list(let elements): return elements.flatMap { $0.values(at: path) }
        case _ where path.isEmpty: return [self]
        case .message(let fields):
            let parts = path.split(separator: ".", maxSplits: 1)
            let rest = parts.count > 1 ? parts[1] : ""
            return fields.filter { $0.name == parts[0] }.flatMap { $0.value.values(at: rest) }
        default: return []
        }
    }

    /// As one line for people; bytes that are no text in hex, long values cut with their length.
    package func line(limit: Int = 200) -> String {
        switch self {
        case .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .text(let text): quoted(text, limit)
        case .bytes(let bytes): Self.show(bytes, limit: min(limit, 64))
        case .list(let elements): shorten(elements.map { $0.line(limit: limit / 2) }, "[", "]", limit)
        case .message(let fields):
            // A field alone has all the room.
            shorten(
                fields.map { field in
                    let room = fields.count == 1 ? max(1, limit - field.name.count - 4) : limit / 2
                    return "\(field.name): \(field.value.line(limit: room))"
                }, "{", "}", limit)
        }
    }

    /// A value as it is compared: text and numbers as they stand, bytes as text or hex.
    package var plain: String {
        switch self {
        case .number(let text), .text(let text): text
        case .bytes(let bytes): Self.printable(bytes) ?? hex(bytes[...])
        default: line()
        }
    }

    private func quoted(_ text: String, _ limit: Int) -> String {
        let shown = text.count > limit ? text.prefix(limit) + "…" : text[...]
        return "\"\(shown.map { $0.isNewline ? " " : String($0) }.joined())\""
    }

    private func shorten(_ parts: [String], _ open: String, _ close: String, _ limit: Int) -> String {
        var line = open
        for (index, part) in parts.enumerated() {
            guard line.count + part.count < limit || index == 0 else {
                return line + ", … \(parts.count - index) more" + close
            }
            line += (index == 0 ? "" : ", ") + part
        }
        return line + close
    }

    /// Bytes as text when they are text, else in hex, with their number when they are cut.
    package static func show(_ bytes: [UInt8], limit: Int) -> String {
        if let text = printable(bytes) {
            return bytes.count <= limit ? "\"\(text)\"" : "\"\(text.prefix(limit))…\" (\(bytes.count) B)"
        }
        return bytes.count <= limit / 2
            ? "0x" + hex(bytes[...]) : "0x" + hex(bytes.prefix(limit / 2)) + "… (\(bytes.count) B)"
    }

    private static func printable(_ bytes: [UInt8]) -> String? {
        bytes.allSatisfy { (0x20..<0x7f).contains($0) } ? String(decoding: bytes, as: UTF8.self) : nil
    }
}

/// Bytes in hex.
package func hex(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

extension FieldValue: Encodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// As JSON: numbers up to 2^53 as numbers, larger ones as text, bytes in hex.
    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .message(let fields):
            var container = encoder.container(keyedBy: Key.self)
            for field in fields { try container.encode(field.value, forKey: Key(stringValue: field.name)) }
        case .list(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        default:
            var container = encoder.singleValueContainer()
            try encodeScalar(into: &container)
        }
    }

    private func encodeScalar(into container: inout any SingleValueEncodingContainer) throws {
        switch self {
        case .bool(let value): try container.encode(value)
        case .bytes(let bytes): try container.encode(hex(bytes[...]))
        case .number(let text):
            if let whole = Int64(text), whole.magnitude <= 1 << 53 {
                try container.encode(whole)
            } else if let real = Double(text), text.contains(".") || text.contains("e"), real.isFinite {
                try container.encode(real)
            } else {
                try container.encode(text)
            }
        default: try container.encode(plain)
        }
    }
}

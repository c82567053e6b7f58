/// What goes to one peer alone, on a stream of its own: `/spacenode/<first 8 hex of the genesis id>/direct/1`.
///
/// A message is a protobuf message with exactly one field, behind its length as a varint.
package enum DirectMessage: Hashable, Sendable {
    /// A message of consensus, as `NodeEncoding` writes it.
    case consensus([UInt8])
    /// A decided block, with what decided it.
    case decided(DecidedBytes)
    /// What waits in a mempool, by short ids.
    case announcement([UInt8])
    /// What is wanted of it.
    case want(kind: UInt32, ids: [[UInt8]])
    /// What was wanted, each as it stands in a block.
    case items(kind: UInt32, [[UInt8]])

    /// What it is worth when there is no room for all.
    package var messageClass: MessageClass {
        switch self {
        case .consensus: .vote
        case .decided: .sync
        case .announcement, .want, .items: .transaction
        }
    }
}

/// Limits of direct messages.
package enum DirectLimit {
    /// Bytes of a message: a whole block with its certificate is the largest.
    package static let message = 1_310_720
    /// Ids that are wanted at once, and things that answer.
    package static let items = 256
    /// Bytes of an id.
    package static let id = 64
}

extension DirectMessage {
    private enum Field {
        static let consensus: UInt32 = 1
        static let decided: UInt32 = 2
        static let announcement: UInt32 = 3
        static let want: UInt32 = 4
        static let items: UInt32 = 5
    }

    /// What a stranger's message is worth, by the number of its field; one that is none is the least.
    static func messageClass(of bytes: [UInt8]) -> MessageClass {
        switch bytes.first.map({ UInt32($0 >> 3) }) {
        case Field.consensus: .vote
        case Field.announcement, Field.want, Field.items: .transaction
        default: .sync
        }
    }

    /// The bytes, with their length before them.
    package var delimited: [UInt8] {
        var writer = FieldWriter()
        switch self {
        case .consensus(let bytes): writer.bytes(Field.consensus, bytes)
        case .announcement(let bytes): writer.bytes(Field.announcement, bytes)
        case .decided(let decided):
            writer.bytes(Field.decided, decided.bytes)
        case .want(let kind, let ids): writer.message(Field.want) { Self.write(kind, ids, to: &$0) }
        case .items(let kind, let items): writer.message(Field.items) { Self.write(kind, items, to: &$0) }
        }
        return writer.delimited
    }

    private static func write(_ kind: UInt32, _ list: [[UInt8]], to writer: inout FieldWriter) {
        writer.number(1, UInt64(kind))
        for bytes in list { writer.bytes(2, bytes) }
    }

    /// A message of a stranger, without its length.
    ///
    /// - Throws: `WireFault` when it is none of these, or over a limit.
    package init(bytes: [UInt8]) throws(WireFault) {
        var reader = FieldReader(bytes, fields: 1)
        guard let field = try reader.next() else { throw .ended(offset: 0) }
        let content = try field.slice(limit: DirectLimit.message)
        switch field.number {
        case Field.consensus: self = .consensus(Array(content))
        case Field.announcement: self = .announcement(Array(content))
        case Field.decided: self = .decided(try DecidedBytes(bytes: content))
        case Field.want:
            let (kind, ids) = try Self.read(content, longest: DirectLimit.id)
            self = .want(kind: kind, ids: ids)
        case Field.items:
            let (kind, items) = try Self.read(content, longest: DirectLimit.message)
            self = .items(kind: kind, items)
        default: throw .invalid(offset: field.offset, what: "there is no direct message \(field.number)")
        }
        if try reader.next() != nil { throw .invalid(offset: field.offset, what: "a second message follows") }
    }

    private static func read(
        _ content: ArraySlice<UInt8>, longest: Int
    ) throws(WireFault) -> (UInt32, [[UInt8]]) {
        var reader = FieldReader(content, fields: DirectLimit.items + 1)
        var (kind, list): (UInt32?, [[UInt8]]) = (nil, [])
        while let field = try reader.next() {
            switch field.number {
            case 1: kind = UInt32(exactly: try field.integer())
            case 2: list.append(try field.bytes(limit: longest))
            default: throw .invalid(offset: field.offset, what: "there is no field \(field.number)")
            }
        }
        guard let kind, !list.isEmpty else {
            throw .invalid(offset: content.startIndex, what: "it names nothing, or no kind")
        }
        return (kind, list)
    }
}

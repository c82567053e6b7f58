/// What is asked.
package enum Question: Hashable, Sendable {
    /// Decided blocks from a height on.
    case blocks(from: UInt64, count: UInt32)
    /// Records of peers.
    case peers(count: UInt32)
    /// Call whoever asks, where the question comes from, at this port, and say whether it is there.
    case reach(port: UInt16)

    /// Which protocol it is of.
    package var kind: RequestKind {
        switch self {
        case .blocks: .blocks
        case .peers: .peers
        case .reach: .reach
        }
    }

    /// How many things it asks for.
    package var count: Int {
        switch self {
        case .blocks(_, let count), .peers(let count): Int(count)
        case .reach: 1
        }
    }

    /// The bytes, with their length before them.
    package var delimited: [UInt8] {
        var writer = FieldWriter()
        switch self {
        case .blocks(let from, let count):
            writer.number(1, from)
            writer.number(2, UInt64(count))
        case .peers(let count): writer.number(2, UInt64(count))
        case .reach(let port):
            writer.number(1, UInt64(port))
            writer.number(2, 1)
        }
        return writer.delimited
    }

    /// A question of a stranger, without its length.
    ///
    /// - Throws: `WireFault` when it is none, or asks for nothing or too much.
    package init(_ kind: RequestKind, bytes: [UInt8]) throws(WireFault) {
        var reader = FieldReader(bytes, fields: 2)
        var numbers: [UInt32: UInt64] = [:]
        while let field = try reader.next() {
            guard field.number == 2 || field.number == 1 && kind != .peers else {
                throw .invalid(offset: field.offset, what: "there is no field \(field.number)")
            }
            guard numbers.updateValue(try field.integer(), forKey: field.number) == nil else {
                throw .invalid(offset: field.offset, what: "field \(field.number) is there twice")
            }
        }
        guard let number = numbers[2], number > 0, number <= UInt64(kind.mostItems) else {
            throw .invalid(offset: 0, what: "it asks for nothing, or for more than \(kind.mostItems)")
        }
        let count = UInt32(truncatingIfNeeded: number)
        switch kind {
        case .peers: self = .peers(count: count)
        case .blocks:
            guard let from = numbers[1], from > 0, from <= UInt64(Int64.max) - number else {
                throw .invalid(offset: 0, what: "there is no such height")
            }
            self = .blocks(from: from, count: count)
        case .reach:
            guard let port = numbers[1].flatMap({ UInt16(exactly: $0) }), port > 0 else {
                throw .invalid(offset: 0, what: "there is no such port")
            }
            self = .reach(port: port)
        }
    }
}

/// A piece of an answer: a protobuf message with exactly one field, behind its length as a varint.
package enum AnswerFrame: Hashable, Sendable {
    /// One of the things asked for.
    case item([UInt8])
    /// Nothing follows.
    case end(End)

    /// How an answer ends.
    package enum End: UInt64, Hashable, Sendable, CaseIterable {
        /// Everything that there is, or that fits, was sent.
        case done = 0
        /// There is too much to do.
        case busy = 1
    }

    /// Bytes of a field's number and length at most.
    static let frameBytes = 8

    /// The bytes, with their length before them.
    package var delimited: [UInt8] {
        var writer = FieldWriter()
        switch self {
        case .item(let bytes): writer.bytes(1, bytes)
        case .end(let end): writer.number(2, end.rawValue)
        }
        return writer.delimited
    }

    /// A piece from a stranger, without its length.
    ///
    /// - Throws: `WireFault` when it is none.
    package init(_ kind: RequestKind, bytes: [UInt8]) throws(WireFault) {
        var reader = FieldReader(bytes, fields: 1)
        guard let field = try reader.next() else { throw .ended(offset: 0) }
        switch field.number {
        case 1: self = .item(try field.bytes(limit: kind.itemBytes))
        case 2:
            guard let end = End(rawValue: try field.integer()) else {
                throw .invalid(offset: field.offset, what: "an answer ends with 0 or 1")
            }
            self = .end(end)
        default: throw .invalid(offset: field.offset, what: "there is no field \(field.number)")
        }
        if try reader.next() != nil { throw .invalid(offset: field.offset, what: "a second field follows") }
    }
}

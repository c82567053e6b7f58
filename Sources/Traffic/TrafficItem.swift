internal import Foundation
package import NodeProtocol
internal import SwiftProtobuf

/// Names of instances, for people.
package struct InstanceNames: Sendable {
    private var names: [UInt64: (name: String, role: UInt32)] = [1: ("router", 1)]

    /// Nobody but the router.
    package init() {}

    /// Takes the names of the sessions there are; those that are gone keep theirs.
    package mutating func add(_ list: Spacenode_Bus_V1_ListSessionsReply) {
        for session in list.departed {
            names[session.instance] = (String(decoding: session.name, as: UTF8.self), session.role)
        }
        for session in list.sessions {
            names[session.instance] = (String(decoding: session.name, as: UTF8.self), session.role)
        }
    }

    /// Whether an instance has a name here.
    package func isKnown(_ instance: UInt64) -> Bool {
        names[instance] != nil
    }

    /// Name, or the number in hex.
    package func name(_ instance: UInt64) -> String {
        names[instance]?.name ?? String(instance, radix: 16)
    }

    /// Role, 0 when unknown.
    package func role(_ instance: UInt64) -> UInt32 {
        names[instance]?.role ?? 0
    }

    /// The instance called so, or the one whose number this is in hex.
    package func instance(_ text: String) -> UInt64? {
        names.first { $0.value.name == text }?.key ?? UInt64(text, radix: 16)
    }
}

/// Which message: the sender's instance and its number there.
package struct MessageID: Hashable, Sendable {
    package let source: UInt64
    package let id: UInt64

    /// Names a message.
    package init(source: UInt64, id: UInt64) {
        self.source = source
        self.id = id
    }

    /// What people read and write: SDKs begin their ids with the session's epoch in the upper half.
    package var short: UInt64 { id & 0xffff_ffff }
}

/// One record of the router's traffic, read.
package struct TrafficItem: Sendable {
    package let number: UInt64
    /// Unix nanoseconds.
    package let nanoseconds: UInt64
    package let header: Spacenode_Bus_V1_Header
    package let payload: [UInt8]
    package let to: UInt64
    /// OK, or why the frame was refused.
    package let status: UInt32
    package let receivers: UInt32
    /// Length of the whole frame.
    package let frameBytes: Int
    /// Of a payload that is withheld; 0: it is not withheld for secrecy.
    package let payloadHash: UInt64

    /// Reads a record; a frame that is no envelope gives an empty header.
    package init(_ record: Spacenode_Bus_V1_TrafficRecord) {
        let envelope = (try? Spacenode_Bus_V1_Envelope(serializedBytes: record.frame)) ?? .init()
        number = record.number
        nanoseconds = record.timeNs
        header = envelope.header
        payload = [UInt8](envelope.payload)
        to = record.to
        status = record.status
        receivers = record.receivers
        frameBytes = record.frameBytes == 0 ? record.frame.count : Int(clamping: record.frameBytes)
        payloadHash = record.payloadHash
    }

    /// Whether the payload was withheld as sensitive.
    package var isWithheld: Bool { payloadHash != 0 }

    /// Whether the router took the frame.
    package var isRefused: Bool { status != 1 }

    /// The message itself; nil for what only belongs to another one.
    package var messageID: MessageID? {
        header.id == 0 ? nil : MessageID(source: header.source, id: header.id)
    }

    /// The request or stream that this frame belongs to: an answer, an item, an end.
    package var answered: MessageID? {
        guard header.replyTo != 0 else { return nil }
        // Of a stream, either end may speak: frames of the opener have dest 0, the router names it as the cause.
        if header.source == 1, header.kind == 7 {
            return MessageID(source: header.causeSource, id: header.replyTo)
        }
        return MessageID(source: header.dest == 0 ? header.source : header.dest, id: header.replyTo)
    }

    /// The message that made the sender send this one.
    package var cause: MessageID? {
        header.causeID == 0 ? nil : MessageID(source: header.causeSource, id: header.causeID)
    }
}

/// Turns items into what people and programs read.
package struct TrafficView: Sendable {
    package var book: SchemaBook
    package var names: InstanceNames

    /// A view with the contracts that come with the node.
    package init(book: SchemaBook = SchemaBook(), names: InstanceNames = InstanceNames()) {
        self.book = book
        self.names = names
    }

    /// `Example/Echo`, or the number of a type that nobody has described.
    package func typeName(_ type: UInt32) -> String {
        guard let name = book.methods[type]?.name else {
            return "type 0x" + String(type, radix: 16)
        }
        // spacenode.example.v1.Example/Echo: the last part says enough to people.
        return String(name[(name.lastIndex(of: ".").map { name.index(after: $0) } ?? name.startIndex)...])
    }

    /// The payload decoded; nil when it is withheld, absent, or of a type that nobody has described.
    package func value(_ item: TrafficItem) -> FieldValue? {
        guard !item.isWithheld,
            let name = book.messageName(kind: item.header.kind, type: item.header.type)
        else { return nil }
        return MessageDecoder(book).decode(item.payload, as: name)
    }

    /// The payload for people, in about `limit` characters.
    package func payloadLine(_ item: TrafficItem, limit: Int = 200) -> String {
        if item.isWithheld {
            return "sensitive: \(item.frameBytes) B, hash \(String(item.payloadHash, radix: 16))"
        }
        if let value = value(item) { return value.line(limit: limit) }
        return item.payload.isEmpty ? "" : FieldValue.show(item.payload, limit: min(limit, 64))
    }

    /// Name of the frame's kind, such as STREAM_ITEM.
    package func kindName(_ kind: UInt32) -> String {
        name("spacenode.bus.v1.Kind", kind, prefix: "KIND_")
    }

    /// Name of a status, such as NO_ROUTE.
    package func statusName(_ status: UInt32) -> String {
        name("spacenode.bus.v1.Status", status, prefix: "STATUS_")
    }

    private func name(_ type: String, _ value: UInt32, prefix: String) -> String {
        book.enumName(type, Int32(clamping: value)).map { String($0.dropFirst(prefix.count)) } ?? "\(value)"
    }

    /// Who gets it.
    package func destination(_ item: TrafficItem) -> String {
        if item.isRefused { return "refused" }
        if item.header.kind == 4 {
            return item.receivers == 1 ? "1 reader" : "\(item.receivers) readers"
        }
        return names.name(item.to)
    }

    /// `name/id`, as `tap --cause` takes it; of an id that begins with its session's epoch, the rest alone.
    package func text(_ id: MessageID) -> String {
        "\(names.name(id.source))/\(id.short)"
    }
}

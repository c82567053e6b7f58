internal import Foundation
package import NodeProtocol
internal import SwiftProtobuf

/// Writes traffic into an MCAP file: each message under a channel of its type, kind, sender and receiver, with the
/// schema that its plugin describes; its header in a channel of its own with the same sequence.
///
/// Sensitive and unknown payloads are recorded as `TrafficRecord`: length and hash, or header and frame.
package struct Recording: ~Copyable {
    private struct Key: Hashable {
        let topic: String
        let from: UInt64
        let to: UInt64
    }

    private var writer: MCAPWriter
    private var schemas: [String: UInt16] = [:]
    private var channels: [Key: UInt16] = [:]
    private var headerChannel: UInt16?
    package private(set) var frames: UInt64 = 0
    package private(set) var missed: UInt64 = 0
    private var numbers: ClosedRange<UInt64>?

    /// Channels of one file at most; from there on, senders and receivers share one a topic.
    private static let maxChannels = 20_000

    /// Begins a file.
    package init(version: String, write: @escaping ([UInt8]) throws -> Void) throws {
        writer = try MCAPWriter(library: "spacenode \(version)", write: write)
    }

    /// Adds what one reading of the router gave.
    package mutating func add(
        _ records: [Spacenode_Bus_V1_TrafficRecord], missed: UInt64, view: TrafficView
    ) throws {
        self.missed += missed
        for record in records { try add(record, view) }
    }

    private mutating func add(_ record: Spacenode_Bus_V1_TrafficRecord, _ view: TrafficView) throws {
        let item = TrafficItem(record)
        frames += 1
        numbers = (numbers?.lowerBound ?? record.number)...record.number
        let sequence = UInt32(truncatingIfNeeded: record.number)
        let kind = view.kindName(item.header.kind)
        let type = view.book.methods[item.header.type]?.name ?? view.typeName(item.header.type)
        let schemaName =
            item.isWithheld ? nil : view.book.messageName(kind: item.header.kind, type: item.header.type)
        let known = schemaName.flatMap { schema($0, view) }
        let data: [UInt8] = try known == nil ? record.serializedBytes() : item.payload
        guard let schema = known ?? schema("spacenode.bus.v1.TrafficRecord", view) else { return }
        let channel = channel("\(type) \(kind)", schema, item, view)
        try writer.add(.init(channel: channel, sequence: sequence, time: item.nanoseconds, data: data))
        try addHeader(item, sequence, view)
    }

    private mutating func schema(_ name: String, _ view: TrafficView) -> UInt16? {
        if let id = schemas[name] { return id }
        guard let set = view.book.fileSet(of: name), let bytes: [UInt8] = try? set.serializedBytes() else {
            return nil
        }
        let id = writer.addSchema(name, descriptorSet: bytes)
        schemas[name] = id
        return id
    }

    private mutating func channel(
        _ topic: String, _ schema: UInt16, _ item: TrafficItem, _ view: TrafficView
    ) -> UInt16 {
        let isFull = channels.count >= Self.maxChannels
        let topic = item.isRefused ? "\(topic) refused" : topic
        let key = Key(topic: topic, from: isFull ? 0 : item.header.source, to: isFull ? 0 : item.to)
        if let id = channels[key] { return id }
        let status = item.isRefused ? ["refused": view.statusName(item.status)] : [:]
        let metadata = [
            "from": isFull ? "" : view.names.name(item.header.source),
            "to": isFull ? "" : view.destination(item),
            "type": "0x" + String(item.header.type, radix: 16), "sensitive": "\(item.isWithheld)",
        ].merging(status) { first, _ in first }
        let id = writer.addChannel(topic: topic, schema: schema, metadata: metadata)
        channels[key] = id
        return id
    }

    private mutating func addHeader(_ item: TrafficItem, _ sequence: UInt32, _ view: TrafficView) throws {
        if headerChannel == nil, let schema = schema("spacenode.bus.v1.Header", view) {
            headerChannel = writer.addChannel(topic: "bus/headers", schema: schema, metadata: [:])
        }
        guard let headerChannel else { return }
        let data: [UInt8] = try item.header.serializedBytes()
        try writer.add(.init(channel: headerChannel, sequence: sequence, time: item.nanoseconds, data: data))
    }

    /// Ends the file with what it missed and what it holds.
    package mutating func finish() throws {
        try writer.addMetadata(
            "spacenode",
            [
                "frames": "\(frames)", "missed": "\(missed)",
                "first_number": "\(numbers?.lowerBound ?? 0)", "last_number": "\(numbers?.upperBound ?? 0)",
            ])
        try writer.finish()
    }
}

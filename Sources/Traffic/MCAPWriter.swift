internal import CZstd
internal import Foundation

/// Writes an MCAP file (mcap.dev, version 0): schemas and channels as they are met, messages in zstd chunks with an
/// index, statistics at the end.
///
/// Bytes go out through `write`, in order; nothing is kept but the open chunk and the indices. A file that was cut off
/// is readable up to its last whole chunk.
package struct MCAPWriter: ~Copyable {
    /// One message of a channel.
    package struct Message {
        package var channel: UInt16
        package var sequence: UInt32
        /// Unix nanoseconds.
        package var time: UInt64
        package var data: [UInt8]

        /// A message.
        package init(channel: UInt16, sequence: UInt32, time: UInt64, data: [UInt8]) {
            self.channel = channel
            self.sequence = sequence
            self.time = time
            self.data = data
        }
    }

    private struct ChunkPlace {
        let start: UInt64
        let length: UInt64
        let times: ClosedRange<UInt64>
        let indexOffsets: [UInt16: UInt64]
        let indexLength: UInt64
        let compressed: UInt64
        let uncompressed: UInt64
    }

    private let write: ([UInt8]) throws -> Void
    private var position: UInt64 = 0
    private var chunk = MCAPBytes()
    private var index: [UInt16: [(time: UInt64, offset: UInt64)]] = [:]
    private var times: ClosedRange<UInt64>?
    private var allTimes: ClosedRange<UInt64>?
    private var schemas: [MCAPBytes] = []
    private var channels: [MCAPBytes] = []
    private var chunks: [ChunkPlace] = []
    private var metadata: [(offset: UInt64, length: UInt64, name: String)] = []
    private var counts: [UInt16: UInt64] = [:]
    package private(set) var messageCount: UInt64 = 0

    private static let magic: [UInt8] = [0x89] + Array("MCAP0\r\n".utf8)
    /// Bytes of records in a chunk, before compression.
    private static let chunkBytes = 1 << 20

    /// Begins a file.
    /// - Parameter write: puts bytes behind those written before.
    package init(library: String, write: @escaping ([UInt8]) throws -> Void) throws {
        self.write = write
        var header = MCAPBytes()
        header.text("")
        header.text(library)
        try put(Self.magic)
        try put(record(0x01, header))
    }

    private mutating func put(_ bytes: [UInt8]) throws {
        try write(bytes)
        position += UInt64(bytes.count)
    }

    private func record(_ code: UInt8, _ body: MCAPBytes) -> [UInt8] {
        var out = MCAPBytes()
        out.record(code, body)
        return out.bytes
    }

    /// Adds a protobuf schema.
    /// - Parameters:
    ///   - name: full name of the message.
    ///   - descriptorSet: an encoded `google.protobuf.FileDescriptorSet`.
    /// - Returns: its number.
    package mutating func addSchema(_ name: String, descriptorSet: [UInt8]) -> UInt16 {
        let id = UInt16(clamping: schemas.count + 1)
        var body = MCAPBytes()
        body.uint16(id)
        body.text(name)
        body.text("protobuf")
        body.uint32(UInt32(clamping: descriptorSet.count))
        body.bytes += descriptorSet
        schemas.append(body)
        chunk.record(0x03, body)
        return id
    }

    /// Adds a channel of protobuf messages.
    /// - Returns: its number.
    package mutating func addChannel(topic: String, schema: UInt16, metadata: [String: String]) -> UInt16 {
        let id = UInt16(clamping: channels.count + 1)
        var body = MCAPBytes()
        body.uint16(id)
        body.uint16(schema)
        body.text(topic)
        body.text("protobuf")
        body.map(metadata)
        channels.append(body)
        chunk.record(0x04, body)
        return id
    }

    /// Adds a message.
    package mutating func add(_ message: Message) throws {
        let offset = UInt64(chunk.bytes.count)
        var body = MCAPBytes()
        body.uint16(message.channel)
        body.uint32(message.sequence)
        body.uint64(message.time)
        body.uint64(message.time)
        body.bytes += message.data
        chunk.record(0x05, body)
        index[message.channel, default: []].append((message.time, offset))
        times = widened(times, message.time)
        messageCount += 1
        counts[message.channel, default: 0] += 1
        if chunk.bytes.count >= Self.chunkBytes { try endChunk() }
    }

    private func widened(_ range: ClosedRange<UInt64>?, _ time: UInt64) -> ClosedRange<UInt64> {
        guard let range else { return time...time }
        return min(range.lowerBound, time)...max(range.upperBound, time)
    }

    /// Writes the open chunk and its index.
    package mutating func endChunk() throws {
        guard !chunk.bytes.isEmpty else { return }
        let range = times ?? 0...0
        let compressed = try compress(chunk.bytes)
        var body = MCAPBytes()
        body.uint64(range.lowerBound)
        body.uint64(range.upperBound)
        body.uint64(UInt64(chunk.bytes.count))
        body.uint32(crc32(chunk.bytes))
        body.text("zstd")
        body.uint64(UInt64(compressed.count))
        body.bytes += compressed
        let start = position
        try put(record(0x06, body))
        let length = position - start
        let indexStart = position
        var offsets: [UInt16: UInt64] = [:]
        for (channel, entries) in index.sorted(by: { $0.key < $1.key }) {
            offsets[channel] = position
            try put(record(0x07, messageIndex(channel, entries)))
        }
        chunks.append(
            ChunkPlace(
                start: start, length: length, times: range, indexOffsets: offsets,
                indexLength: position - indexStart, compressed: UInt64(compressed.count),
                uncompressed: UInt64(chunk.bytes.count)))
        if times != nil { allTimes = widened(widened(allTimes, range.lowerBound), range.upperBound) }
        chunk.bytes.removeAll(keepingCapacity: true)
        index.removeAll()
        times = nil
    }

    private func messageIndex(_ channel: UInt16, _ entries: [(time: UInt64, offset: UInt64)]) -> MCAPBytes {
        var body = MCAPBytes()
        body.uint16(channel)
        body.uint32(UInt32(clamping: entries.count * 16))
        for entry in entries {
            body.uint64(entry.time)
            body.uint64(entry.offset)
        }
        return body
    }

    private func compress(_ bytes: [UInt8]) throws -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        var out = [UInt8](repeating: 0, count: bound)
        let count = ZSTD_compress(&out, bound, bytes, bytes.count, 3)
        guard ZSTD_isError(count) == 0 else {
            throw RecordingError(description: "zstd could not compress a chunk")
        }
        out.removeSubrange(count...)
        return out
    }

    /// Adds facts about the whole file; call it before `finish`.
    package mutating func addMetadata(_ name: String, _ values: [String: String]) throws {
        try endChunk()
        var body = MCAPBytes()
        body.text(name)
        body.map(values)
        let bytes = record(0x0c, body)
        metadata.append((position, UInt64(bytes.count), name))
        try put(bytes)
    }

    /// Writes the summary; nothing may be added after it.
    package mutating func finish() throws {
        try endChunk()
        var end = MCAPBytes()
        end.uint32(0)
        try put(record(0x0f, end))
        let summary = position
        var out = MCAPBytes()
        var groups: [(code: UInt8, start: UInt64, length: UInt64)] = []
        group(0x03, schemas, &out, &groups, summary)
        group(0x04, channels, &out, &groups, summary)
        group(0x0b, [statistics()], &out, &groups, summary)
        group(0x08, chunks.map(Self.chunkIndex), &out, &groups, summary)
        group(0x0d, metadata.map(Self.metadataIndex), &out, &groups, summary)
        let offsets = summary + UInt64(out.bytes.count)
        for group in groups where group.length > 0 {
            var body = MCAPBytes()
            body.uint8(group.code)
            body.uint64(group.start)
            body.uint64(group.length)
            out.record(0x0e, body)
        }
        // The checksum of the summary reaches into the footer, up to itself.
        out.uint8(0x02)
        out.uint64(20)
        out.uint64(summary)
        out.uint64(offsets)
        out.uint32(crc32(out.bytes))
        try put(out.bytes + Self.magic)
    }

    private func group(
        _ code: UInt8, _ bodies: [MCAPBytes], _ out: inout MCAPBytes,
        _ groups: inout [(code: UInt8, start: UInt64, length: UInt64)], _ base: UInt64
    ) {
        let start = out.bytes.count
        for body in bodies { out.record(code, body) }
        groups.append((code, base + UInt64(start), UInt64(out.bytes.count - start)))
    }

    private func statistics() -> MCAPBytes {
        var body = MCAPBytes()
        body.uint64(messageCount)
        body.uint16(UInt16(clamping: schemas.count))
        body.uint32(UInt32(clamping: channels.count))
        body.uint32(0)
        body.uint32(UInt32(clamping: metadata.count))
        body.uint32(UInt32(clamping: chunks.count))
        body.uint64(allTimes?.lowerBound ?? 0)
        body.uint64(allTimes?.upperBound ?? 0)
        body.uint32(UInt32(clamping: counts.count * 10))
        for (channel, count) in counts.sorted(by: { $0.key < $1.key }) {
            body.uint16(channel)
            body.uint64(count)
        }
        return body
    }

    private static func chunkIndex(_ chunk: ChunkPlace) -> MCAPBytes {
        var body = MCAPBytes()
        body.uint64(chunk.times.lowerBound)
        body.uint64(chunk.times.upperBound)
        body.uint64(chunk.start)
        body.uint64(chunk.length)
        body.uint32(UInt32(clamping: chunk.indexOffsets.count * 10))
        for (channel, offset) in chunk.indexOffsets.sorted(by: { $0.key < $1.key }) {
            body.uint16(channel)
            body.uint64(offset)
        }
        body.uint64(chunk.indexLength)
        body.text("zstd")
        body.uint64(chunk.compressed)
        body.uint64(chunk.uncompressed)
        return body
    }

    private static func metadataIndex(_ entry: (offset: UInt64, length: UInt64, name: String)) -> MCAPBytes {
        var body = MCAPBytes()
        body.uint64(entry.offset)
        body.uint64(entry.length)
        body.text(entry.name)
        return body
    }
}

/// Why a recording cannot go on.
package struct RecordingError: Error, CustomStringConvertible {
    package let description: String

    /// An error with its cure.
    package init(description: String) {
        self.description = description
    }
}

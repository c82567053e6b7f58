internal import BusWire

/// What is written of one frame, besides the frame.
struct TrafficNote {
    var nanoseconds: UInt64 = 0
    var type: UInt32 = 0
    var to: UInt64 = 0
    var status: BusStatus = .ok
    var receivers: UInt32 = 0
    var payloadOffset = 0
    var isSensitive = false
}

/// The newest data frames, each stored once as the bytes of a `spacenode.bus.v1.TrafficRecord`.
///
/// Bounded in bytes and records; the oldest make room. Readers come with the number they had last, so that a
/// slow or stopped reader costs nothing and learns exactly what it missed. A record is stored as field 1 of
/// `ReadTrafficReply`: reading is copying. It never wraps around the end of the buffer.
struct TrafficRing: ~Copyable {
    private let bytes: UnsafeMutableRawBufferPointer
    /// Where each record starts, by number; a power of two, as many as records are kept at most.
    private let starts: UnsafeMutableBufferPointer<UInt64>
    /// Bytes ever used.
    private var end: UInt64 = 0
    /// `end` modulo the buffer's size: the next record's place.
    private var next = 0
    private(set) var newest: UInt64 = 0
    private(set) var oldest: UInt64 = 1

    /// Records looked at in one read at most.
    private static let maxScan: UInt64 = 65_536

    /// - Parameter capacity: bytes for records; 0: nothing is kept.
    init(capacity: Int) {
        bytes = .allocate(byteCount: capacity, alignment: 16)
        let records = UInt64(max(1, capacity / 128))
        starts = .allocate(capacity: 1 << (UInt64.bitWidth - 1 - records.leadingZeroBitCount))
        starts.initialize(repeating: 0)
    }

    deinit {
        bytes.deallocate()
        starts.deallocate()
    }

    var capacity: Int { bytes.count }

    // MARK: - Writing

    /// Keeps one frame; of a sensitive type only the header, the payload's length and hash.
    @inline(__always)
    mutating func add(_ note: TrafficNote, _ frame: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        if note.isSensitive || frame.count + RecordWriter.maxOverhead > bytes.count {
            addHeader(note, frame)
        } else {
            write(note, frame, frameBytes: 0, hash: 0)
        }
    }

    private mutating func addHeader(_ note: TrafficNote, _ frame: UnsafeRawBufferPointer) {
        // What has no readable header has no known payload either: nothing of it is kept.
        let offset = min(note.payloadOffset, frame.count)
        let head = offset == 0 ? UnsafeRawBufferPointer(rebasing: frame[0..<0]) : headerOnly(frame)
        guard head.count + RecordWriter.maxOverhead <= bytes.count else { return }
        // Keyed anew in each process by the standard library: tells equal from different, and nothing else.
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: frame[offset...]))
        let hash = note.isSensitive ? UInt64(bitPattern: Int64(hasher.finalize())) : 0
        write(note, head, frameBytes: frame.count, hash: hash)
    }

    @inline(__always)
    private mutating func write(
        _ note: TrafficNote, _ frame: UnsafeRawBufferPointer, frameBytes: Int, hash: UInt64
    ) {
        let number = newest &+ 1
        let length = RecordWriter.length(note, frame, frameBytes: frameBytes, hash: hash)
        let total = 1 + varintCount(length) + length
        let place = makeRoom(total, number)
        var writer = RecordWriter(bytes: bytes, position: place)
        writer.byte(0x0a)
        writer.varint(UInt64(length))
        writer.record(number, note, frame, frameBytes: frameBytes, hash: hash)
        newest = number
    }

    /// Makes room behind the newest record, at the start of the buffer when the rest of it is too short.
    @inline(__always)
    private mutating func makeRoom(_ count: Int, _ number: UInt64) -> Int {
        let size = UInt64(bytes.count)
        if next + count > bytes.count {
            end += UInt64(bytes.count - next)
            next = 0
        }
        let limit = end + UInt64(count)
        while oldest <= newest, oldest + UInt64(starts.count) <= number || start(oldest) + size < limit {
            oldest += 1
        }
        starts[index(number)] = end
        end = limit
        defer { next = next + count == bytes.count ? 0 : next + count }
        return next
    }

    @inline(__always)
    private func index(_ number: UInt64) -> Int {
        Int(truncatingIfNeeded: number) & (starts.count - 1)
    }

    @inline(__always)
    private func start(_ number: UInt64) -> UInt64 {
        starts[index(number)]
    }

    // MARK: - Reading

    /// What a reader wants.
    struct Wish {
        var after: UInt64
        var maxBytes: Int
        var isHeadersOnly: Bool
        var types: [UInt32]
    }

    /// What one read found.
    struct Found {
        var records: [UInt8] = []
        var last: UInt64
        var missed: UInt64
    }

    /// Copies records after a number, in the form of `ReadTrafficReply.records`.
    func read(_ wish: Wish) -> Found {
        let after = min(wish.after, newest)
        let first = max(after + 1, oldest)
        var found = Found(last: after, missed: first - after - 1)
        found.last = first - 1
        let stop = min(newest, first &+ Self.maxScan)
        while found.last < stop {
            let record = record(found.last + 1)
            guard wants(record, wish.types) else {
                found.last += 1
                continue
            }
            let isFirst = found.records.isEmpty
            guard isFirst || found.records.count + record.all.count <= wish.maxBytes else { break }
            if wish.isHeadersOnly {
                appendHeader(record, to: &found.records)
            } else {
                found.records += record.all
            }
            found.last += 1
        }
        return found
    }

    /// One record in the buffer.
    private struct Stored {
        /// With the tag and length that make it a field of the reply.
        let all: UnsafeRawBufferPointer
        let body: UnsafeRawBufferPointer
    }

    private func record(_ number: UInt64) -> Stored {
        let place = Int(start(number) % UInt64(bytes.count))
        var walk = RecordWalk(bytes: UnsafeRawBufferPointer(bytes), position: place + 1)
        let length = walk.varint()
        let body = UnsafeRawBufferPointer(rebasing: bytes[walk.position..<walk.position + length])
        return Stored(
            all: UnsafeRawBufferPointer(rebasing: bytes[place..<walk.position + length]), body: body)
    }

    private func wants(_ record: Stored, _ types: [UInt32]) -> Bool {
        if types.isEmpty { return true }
        let type = record.body.loadUnaligned(fromByteOffset: RecordWriter.typeOffset, as: UInt32.self)
        return types.contains(UInt32(littleEndian: type))
    }

    /// The record again with nothing but the header of its frame.
    private func appendHeader(_ record: Stored, to out: inout [UInt8]) {
        // `frame` is the last field: what stands before it stays.
        var walk = RecordWalk(bytes: record.body, position: 0)
        let frame = walk.lastField()
        let whole = UnsafeRawBufferPointer(rebasing: record.body[frame.offset..<frame.offset + frame.count])
        guard let header = try? FrameHeader(frame: whole), header.payloadCount > 0, !frame.hasFrameBytes
        else {
            out += record.all
            return
        }
        let head = headerOnly(whole)
        var tail = [UInt8](repeating: 0, count: head.count + 2 * RecordWriter.maxVarint + 2)
        let used = tail.withUnsafeMutableBytes {
            var writer = RecordWriter(bytes: $0, position: 0)
            writer.frame(head, frameBytes: frame.count)
            return writer.position
        }
        let length = frame.tagOffset + used
        var prefix = [UInt8](repeating: 0, count: 1 + RecordWriter.maxVarint)
        let prefixCount = prefix.withUnsafeMutableBytes {
            var writer = RecordWriter(bytes: $0, position: 0)
            writer.byte(0x0a)
            writer.varint(UInt64(length))
            return writer.position
        }
        out += prefix[..<prefixCount]
        out += record.body[..<frame.tagOffset]
        out += tail[..<used]
    }
}

/// A frame without its payload field: an envelope still.
private func headerOnly(_ frame: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var walk = RecordWalk(bytes: frame, position: 1)
    guard frame.count > 1, frame[0] == 0x0a, let length = walk.boundedVarint(),
        length <= frame.count - walk.position
    else { return UnsafeRawBufferPointer(rebasing: frame[0..<0]) }
    return UnsafeRawBufferPointer(rebasing: frame[0..<walk.position + length])
}

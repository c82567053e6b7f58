/// Writes one `TrafficRecord` as protobuf would; `type` stands at a fixed place, `frame` last.
struct RecordWriter {
    let bytes: UnsafeMutableRawBufferPointer
    var position: Int

    static let maxVarint = 10
    /// More than all of a record that is not its frame.
    static let maxOverhead = 96
    /// Where `type` stands in a record: behind number and time, nine bytes each, and its tag.
    static let typeOffset = 19

    @inline(__always)
    static func length(
        _ note: TrafficNote, _ frame: UnsafeRawBufferPointer, frameBytes: Int, hash: UInt64
    ) -> Int {
        var count = 18 + 5 + 2 + varintCount(Int(note.status.rawValue)) - 1
        if note.to != 0 { count += 9 }
        if note.receivers != 0 { count += 1 + varintCount(Int(note.receivers)) }
        if frameBytes != 0 { count += 1 + varintCount(frameBytes) }
        if hash != 0 { count += 9 }
        return count + 1 + varintCount(frame.count) + frame.count
    }

    @inline(__always)
    mutating func record(
        _ number: UInt64, _ note: TrafficNote, _ frame: UnsafeRawBufferPointer, frameBytes: Int, hash: UInt64
    ) {
        fixed64(1, number)
        fixed64(2, note.nanoseconds)
        byte(3 << 3 | 5)
        bytes.storeBytes(of: note.type.littleEndian, toByteOffset: position, as: UInt32.self)
        position += 4
        if note.to != 0 { fixed64(4, note.to) }
        byte(5 << 3)
        varint(UInt64(note.status.rawValue))
        if note.receivers != 0 {
            byte(6 << 3)
            varint(UInt64(note.receivers))
        }
        if frameBytes != 0 {
            byte(7 << 3)
            varint(UInt64(frameBytes))
        }
        if hash != 0 { fixed64(8, hash) }
        byte(9 << 3 | 2)
        varint(UInt64(frame.count))
        guard frame.count > 0 else { return }
        UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + frame.count]).copyMemory(
            from: frame)
        position += frame.count
    }

    /// `frame_bytes` and `frame` alone.
    mutating func frame(_ frame: UnsafeRawBufferPointer, frameBytes: Int) {
        byte(7 << 3)
        varint(UInt64(frameBytes))
        byte(9 << 3 | 2)
        varint(UInt64(frame.count))
        for value in frame { byte(value) }
    }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        bytes[position] = value
        position += 1
    }

    @inline(__always)
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    private mutating func fixed64(_ field: UInt8, _ value: UInt64) {
        byte(field << 3 | 1)
        bytes.storeBytes(of: value.littleEndian, toByteOffset: position, as: UInt64.self)
        position += 8
    }
}

/// Reads records that `RecordWriter` wrote; `boundedVarint` alone is fit for bytes of others.
struct RecordWalk {
    let bytes: UnsafeRawBufferPointer
    var position: Int

    /// Place of a record's last field, `frame`.
    struct FramePlace {
        var tagOffset = 0
        var offset = 0
        var count = 0
        /// Whether the record says that its frame is not whole.
        var hasFrameBytes = false
    }

    mutating func varint() -> Int {
        boundedVarint() ?? 0
    }

    /// A length, nil when it is cut off or longer than 35 bits.
    mutating func boundedVarint() -> Int? {
        var value = 0
        for shift in stride(from: 0, through: 28, by: 7) {
            guard position < bytes.count else { return nil }
            let next = bytes[position]
            position += 1
            value |= Int(next & 0x7f) << shift
            if next < 0x80 { return value }
        }
        return nil
    }

    /// Walks to the last field of a record.
    mutating func lastField() -> FramePlace {
        var place = FramePlace()
        while position < bytes.count {
            place.tagOffset = position
            let tag = bytes[position]
            position += 1
            switch tag & 7 {
            case 0:
                if tag >> 3 == 7 { place.hasFrameBytes = true }
                _ = varint()
            case 1: position += 8
            case 5: position += 4
            default:
                place.count = varint()
                place.offset = position
                position += place.count
            }
        }
        return place
    }
}

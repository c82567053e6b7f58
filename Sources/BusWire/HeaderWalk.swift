/// The header of one frame, read in place, with the payload's place in the frame.
///
/// Held equal to protobuf-c's reading by ConformanceTests: what this accepts, protobuf-c reads the same.
package struct FrameHeader: Equatable {
    package var wire: UInt32 = 0
    package var kind: UInt32 = 0
    package var type: UInt32 = 0
    package var dest: UInt64 = 0
    package var source: UInt64 = 0
    package var epoch: UInt32 = 0
    package var id: UInt64 = 0
    package var replyTo: UInt64 = 0
    package var seq: UInt64 = 0
    package var ttlMilliseconds: UInt32 = 0
    package var causeSource: UInt64 = 0
    package var causeID: UInt64 = 0
    package var trafficClass: UInt32 = 0
    package var status: UInt32 = 0
    package var retryAfterMilliseconds: UInt32 = 0
    package var schema: UInt32 = 0
    package var role: UInt32 = 0
    package var topicKeyOffset = 0
    package var topicKeyCount = 0
    package var payloadOffset = 0
    package var payloadCount = 0

    /// A header with every field zero.
    package init() {}
}

/// Why a frame is not an envelope of ours.
package enum FrameFault: UInt8, Error, Sendable, CaseIterable {
    case empty, headerNotFirst, headerLength, headerOver512, field, fieldWireType, trailing, topicKeyOver32
    case wireVersion

    /// What is wrong, for the sender.
    package var text: StaticString {
        switch self {
        case .empty: "the frame is empty"
        case .headerNotFirst: "the first field of the frame must be `header`: write it before `payload`"
        case .headerLength: "the header's length does not fit into the frame"
        case .headerOver512: "the header is over 512 bytes"
        case .field: "a header field is cut off or malformed"
        case .fieldWireType: "a header field has a wire type that bus.proto does not give it"
        case .trailing: "after the header only one `payload` may follow, and it must end the frame"
        case .topicKeyOver32: "topic_key is over 32 bytes"
        case .wireVersion: "wire must be 1"
        }
    }
}

/// Largest header, in bytes.
package let maxHeaderBytes = 512
/// Largest topic key, in bytes.
package let maxTopicKeyBytes = 32

/// Reads bytes from left to right and never past the end.
struct ByteWalk {
    let bytes: UnsafeRawBufferPointer
    var position: Int
    let end: Int

    @inline(__always)
    mutating func byte() -> UInt8? {
        guard position < end else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    /// A base-128 number of at most 10 bytes; bits above 64 are dropped, as protobuf-c does.
    @inline(__always)
    mutating func varint() -> UInt64? {
        guard let first = byte() else { return nil }
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7f)
        var shift: UInt64 = 7
        while let next = byte() {
            value |= UInt64(next & 0x7f) &<< shift
            if next < 0x80 { return value }
            shift += 7
            if shift > 63 { return nil }
        }
        return nil
    }

    /// A tag or a length: at most 5 bytes, as every protobuf library reads them.
    ///
    /// A longer form that we took would be passed on, and be no frame to who gets it.
    @inline(__always)
    mutating func shortVarint() -> UInt64? {
        guard let first = byte() else { return nil }
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7f)
        var shift: UInt64 = 7
        while let next = byte() {
            value |= UInt64(next & 0x7f) &<< shift
            if next < 0x80 { return value }
            shift += 7
            if shift > 28 { return nil }
        }
        return nil
    }

    @inline(__always)
    mutating func fixed64() -> UInt64? {
        guard end - position >= 8 else { return nil }
        defer { position += 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    }

    @inline(__always)
    mutating func fixed32() -> UInt32? {
        guard end - position >= 4 else { return nil }
        defer { position += 4 }
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    }

    /// A length and that many bytes: their place.
    @inline(__always)
    mutating func delimited() -> (offset: Int, count: Int)? {
        guard let length = shortVarint(), length <= UInt64(end - position) else { return nil }
        defer { position += Int(length) }
        return (position, Int(length))
    }

    /// Steps over the value of a field that this version does not know.
    mutating func skip(wireType: UInt64) -> Bool {
        switch wireType {
        case 0: varint() != nil
        case 1: fixed64() != nil
        case 2: delimited() != nil
        case 5: fixed32() != nil
        default: false
        }
    }
}

extension FrameHeader {
    /// Reads a frame's header in place.
    /// - Throws: `FrameFault` for anything that docs/protocol/bus.md §2 does not allow.
    @inline(__always)
    package init(frame: UnsafeRawBufferPointer) throws(FrameFault) {
        self.init()
        guard frame.count > 0 else { throw .empty }
        guard frame[0] == 0x0a else { throw .headerNotFirst }
        var outer = ByteWalk(bytes: frame, position: 1, end: frame.count)
        guard let header = outer.delimited() else { throw .headerLength }
        guard header.count <= maxHeaderBytes else { throw .headerOver512 }
        try readFields(ByteWalk(bytes: frame, position: header.offset, end: header.offset + header.count))
        guard wire == 1 else { throw .wireVersion }
        payloadOffset = outer.position
        guard outer.position < outer.end else { return }
        guard outer.byte() == 0x12, let payload = outer.delimited(), outer.position == outer.end else {
            throw .trailing
        }
        payloadOffset = payload.offset
        payloadCount = payload.count
    }

    /// One jump by the whole tag: number and wire type together.
    @inline(__always)
    private mutating func readFields(_ fields: ByteWalk) throws(FrameFault) {
        var fields = fields
        while fields.position < fields.end {
            guard let tag = fields.shortVarint() else { throw .field }
            switch tag {
            case 1 << 3: wire = try fields.field32()
            case 2 << 3: kind = try fields.field32()
            case 3 << 3: type = try fields.field32()
            case 4 << 3 | 1: dest = try fields.field64()
            case 5 << 3 | 1: source = try fields.field64()
            case 6 << 3: epoch = try fields.field32()
            case 7 << 3 | 1: id = try fields.field64()
            case 8 << 3 | 1: replyTo = try fields.field64()
            case 9 << 3 | 1: seq = try fields.field64()
            case 10 << 3: ttlMilliseconds = try fields.field32()
            case 11 << 3 | 1: causeSource = try fields.field64()
            case 12 << 3 | 1: causeID = try fields.field64()
            case 13 << 3: trafficClass = try fields.field32()
            case 14 << 3: status = try fields.field32()
            case 15 << 3: retryAfterMilliseconds = try fields.field32()
            case 16 << 3 | 5:
                guard let value = fields.fixed32() else { throw .field }
                schema = value
            case 17 << 3 | 2:
                guard let key = fields.delimited() else { throw .field }
                guard key.count <= maxTopicKeyBytes else { throw .topicKeyOver32 }
                topicKeyOffset = key.offset
                topicKeyCount = key.count
            case 18 << 3: role = try fields.field32()
            default:
                guard tag >> 3 != 0, tag <= 0xffff_ffff else { throw .field }
                guard tag >> 3 > 18 else { throw .fieldWireType }
                guard fields.skip(wireType: tag & 7) else { throw .field }
            }
        }
    }
}

extension ByteWalk {
    @inline(__always)
    fileprivate mutating func field32() throws(FrameFault) -> UInt32 {
        guard let value = varint() else { throw .field }
        return UInt32(truncatingIfNeeded: value)
    }

    @inline(__always)
    fileprivate mutating func field64() throws(FrameFault) -> UInt64 {
        guard let value = fixed64() else { throw .field }
        return value
    }
}

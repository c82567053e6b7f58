extension FrameHeader {
    /// Writes a whole frame, header first, exactly as protobuf would: fields in rising number, zeros left out.
    /// - Parameters:
    ///   - topicKey: at most 32 bytes.
    ///   - allocate: gives room for as many bytes as it is asked for; the bytes are written there.
    @inline(__always)
    package func write<R>(
        topicKey: [UInt8] = [], payload: UnsafeRawBufferPointer,
        into allocate: (Int, (UnsafeMutableRawBufferPointer) -> Void) -> R
    ) -> R {
        withUnsafeTemporaryAllocation(byteCount: maxHeaderBytes, alignment: 8) { scratch in
            var header = ByteWriter(bytes: scratch)
            writeFields(&header, topicKey)
            let prefix = payload.count == 0 ? 0 : 1 + varintCount(payload.count)
            let total = 1 + varintCount(header.position) + header.position + prefix + payload.count
            return allocate(total) { room in
                var frame = ByteWriter(bytes: room)
                frame.byte(0x0a)
                frame.varint(UInt64(header.position))
                frame.copy(UnsafeRawBufferPointer(rebasing: scratch[0..<header.position]))
                guard payload.count > 0 else { return }
                frame.byte(0x12)
                frame.varint(UInt64(payload.count))
                frame.copy(payload)
            }
        }
    }

    /// A whole frame as bytes.
    package func frame(topicKey: [UInt8] = [], payload: [UInt8] = []) -> [UInt8] {
        payload.withUnsafeBytes { payload in
            write(topicKey: topicKey, payload: payload) { count, fill in
                [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
                    fill(UnsafeMutableRawBufferPointer(buffer))
                    used = count
                }
            }
        }
    }

    @inline(__always)
    private func writeFields(_ out: inout ByteWriter, _ topicKey: [UInt8]) {
        out.varint(field: 1, wire)
        out.varint(field: 2, kind)
        out.varint(field: 3, type)
        out.fixed64(field: 4, dest)
        out.fixed64(field: 5, source)
        out.varint(field: 6, epoch)
        out.fixed64(field: 7, id)
        out.fixed64(field: 8, replyTo)
        out.fixed64(field: 9, seq)
        out.varint(field: 10, ttlMilliseconds)
        out.fixed64(field: 11, causeSource)
        out.fixed64(field: 12, causeID)
        out.varint(field: 13, trafficClass)
        out.varint(field: 14, status)
        out.varint(field: 15, retryAfterMilliseconds)
        out.fixed32(field: 16, schema)
        if !topicKey.isEmpty {
            out.varint(17 << 3 | 2)
            out.varint(UInt64(topicKey.count))
            topicKey.withUnsafeBytes { out.copy($0) }
        }
        out.varint(field: 18, role)
    }
}

/// Bytes that a number takes as a varint.
@inline(__always)
private func varintCount(_ value: Int) -> Int {
    var rest = value >> 7
    var count = 1
    while rest > 0 {
        rest >>= 7
        count += 1
    }
    return count
}

/// Writes from left to right into room that the caller knows to be large enough.
private struct ByteWriter {
    let bytes: UnsafeMutableRawBufferPointer
    var position = 0

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
    mutating func varint(field: UInt64, _ value: UInt32) {
        guard value != 0 else { return }
        varint(field << 3)
        varint(UInt64(value))
    }

    @inline(__always)
    mutating func fixed64(field: UInt64, _ value: UInt64) {
        guard value != 0 else { return }
        varint(field << 3 | 1)
        bytes.storeBytes(of: value.littleEndian, toByteOffset: position, as: UInt64.self)
        position += 8
    }

    @inline(__always)
    mutating func fixed32(field: UInt64, _ value: UInt32) {
        guard value != 0 else { return }
        varint(field << 3 | 5)
        bytes.storeBytes(of: value.littleEndian, toByteOffset: position, as: UInt32.self)
        position += 4
    }

    @inline(__always)
    mutating func copy(_ source: UnsafeRawBufferPointer) {
        guard source.count > 0 else { return }
        UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + source.count]).copyMemory(
            from: source)
        position += source.count
    }
}

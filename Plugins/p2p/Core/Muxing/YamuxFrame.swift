/// The header of a frame of yamux, version 0: 12 bytes, numbers big-endian.
package struct YamuxFrame: Hashable, Sendable {
    /// What it is for.
    package enum Kind: UInt8, Sendable {
        /// `length` bytes of a stream follow.
        case data = 0
        /// The other side may send `length` bytes more.
        case window = 1
        /// `length` is any number, which comes back.
        case ping = 2
        /// `length` is the reason.
        case goAway = 3
    }

    /// What it says besides.
    package struct Flags: OptionSet, Hashable, Sendable {
        /// One bit each.
        package let rawValue: UInt16

        /// Of these bits.
        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        /// A stream begins, or a ping is asked.
        package static let open = Flags(rawValue: 1)
        /// It is taken, or answered.
        package static let acknowledge = Flags(rawValue: 2)
        /// No more bytes follow.
        package static let finish = Flags(rawValue: 4)
        /// The stream ends at once.
        package static let reset = Flags(rawValue: 8)
        static let known: Flags = [.open, .acknowledge, .finish, .reset]
    }

    /// Bytes of a header.
    package static let count = 12

    /// What it is for.
    package let kind: Kind
    /// What it says besides.
    package let flags: Flags
    /// 0 is the connection.
    package let stream: UInt32
    /// Bytes that follow, credit, a number to send back, or a reason.
    package let length: UInt32

    /// Of these.
    package init(_ kind: Kind, _ flags: Flags = [], stream: UInt32, length: UInt32 = 0) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.length = length
    }

    /// The 12 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = [0, kind.rawValue]
        withUnsafeBytes(of: flags.rawValue.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: stream.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: length.bigEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Reads 12 bytes.
    /// - Throws: `YamuxFault` when they are no header that yamux has.
    package init(bytes: ArraySlice<UInt8>) throws(YamuxFault) {
        func number(_ place: Int, _ count: Int) -> UInt32 {
            bytes.dropFirst(place).prefix(count).reduce(0) { $0 << 8 | UInt32($1) }
        }
        let version = UInt8(truncatingIfNeeded: number(0, 1))
        guard version == 0 else { throw .version(version) }
        let kind = UInt8(truncatingIfNeeded: number(1, 1))
        let flags = Flags(rawValue: UInt16(truncatingIfNeeded: number(2, 2)))
        guard let known = Kind(rawValue: kind), flags.isSubset(of: .known) else {
            throw .kind(kind, flags: flags.rawValue)
        }
        self.init(known, flags, stream: number(4, 4), length: number(8, 4))
        let isOfStream = known == .data || known == .window
        guard isOfStream == (stream != 0) else { throw .stream(stream) }
        if known == .ping, flags != .open, flags != .acknowledge {
            throw .kind(kind, flags: flags.rawValue)
        }
    }
}

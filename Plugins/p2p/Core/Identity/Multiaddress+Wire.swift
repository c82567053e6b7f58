extension Multiaddress {
    /// Codes of multiformats' table.
    private enum Code {
        static let ip4: UInt64 = 4
        static let tcp: UInt64 = 6
        static let ip6: UInt64 = 41
        static let dns4: UInt64 = 54
        static let dns6: UInt64 = 55
        static let p2p: UInt64 = 421
    }

    /// As it stands in messages.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        switch host {
        case .ip4(let number):
            Varint.append(Code.ip4, to: &bytes)
            Self.append(number, to: &bytes)
        case .ip6(let high, let low):
            Varint.append(Code.ip6, to: &bytes)
            Self.append(high, to: &bytes)
            Self.append(low, to: &bytes)
        case .dns4(let name): Self.append(Code.dns4, Array(name.utf8), to: &bytes)
        case .dns6(let name): Self.append(Code.dns6, Array(name.utf8), to: &bytes)
        }
        Varint.append(Code.tcp, to: &bytes)
        Self.append(port, to: &bytes)
        if let peer { Self.append(Code.p2p, peer.bytes, to: &bytes) }
        return bytes
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ code: UInt64, _ value: [UInt8], to bytes: inout [UInt8]) {
        Varint.append(code, to: &bytes)
        Varint.append(UInt64(value.count), to: &bytes)
        bytes += value
    }

    /// Reads an address.
    /// - Throws: `WireFault` for anything that `bytes` does not give for some address.
    package init(bytes: some Collection<UInt8>) throws(WireFault) {
        guard bytes.count <= Self.largest else {
            throw .tooLarge(UInt64(bytes.count), limit: Self.largest)
        }
        var reader = Reader(bytes: Array(bytes))
        let host = try reader.host()
        guard try reader.code() == Code.tcp else { throw reader.fault("there is no port of TCP") }
        self.init(host, port: UInt16(truncatingIfNeeded: try reader.number(2)))
        guard !reader.isAtEnd else { return }
        guard try reader.code() == Code.p2p else { throw reader.fault("something follows the port") }
        let id = try reader.value()
        guard reader.isAtEnd, let peer = try? PeerID(bytes: id) else {
            throw reader.fault("the peer is none that is taken, or something follows it")
        }
        self.peer = peer
    }

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        var isAtEnd: Bool { offset == bytes.count }

        func fault(_ what: String) -> WireFault { .invalid(offset: offset, what: what) }

        mutating func code() throws(WireFault) -> UInt64 {
            guard let (value, count) = try Varint.read(bytes[offset...]) else { throw .ended(offset: offset) }
            offset += count
            return value
        }

        mutating func take(_ count: UInt64) throws(WireFault) -> ArraySlice<UInt8> {
            guard count <= UInt64(bytes.count - offset) else { throw .ended(offset: offset) }
            defer { offset += Int(count) }
            return bytes[offset..<offset + Int(count)]
        }

        mutating func number(_ count: UInt64) throws(WireFault) -> UInt64 {
            try take(count).reduce(0) { $0 << 8 | UInt64($1) }
        }

        mutating func value() throws(WireFault) -> ArraySlice<UInt8> { try take(try code()) }

        mutating func host() throws(WireFault) -> Host {
            switch try code() {
            case Code.ip4: return .ip4(UInt32(truncatingIfNeeded: try number(4)))
            case Code.ip6: return .ip6(try number(8), try number(8))
            case Code.dns4: return .dns4(try name())
            case Code.dns6: return .dns6(try name())
            default: throw fault("the host is of a kind that is not taken")
            }
        }

        private mutating func name() throws(WireFault) -> String {
            let name = String(decoding: try value(), as: UTF8.self)
            guard HostText.isName(name) else { throw fault("the name is none, or not in lower case") }
            return name
        }
    }
}

package import NIOCore
package import P2PCore

extension Multiaddress {
    /// Where a socket's other end is; nil when that is neither IPv4 nor IPv6.
    package init?(_ address: SocketAddress) {
        let bytes = address.withSockAddr { start, count in
            Array(UnsafeRawBufferPointer(start: start, count: count))
        }
        switch address {
        case .v4: self.init(internet4: bytes, port: UInt16(truncatingIfNeeded: address.port ?? 0))
        case .v6: self.init(internet6: bytes, port: UInt16(truncatingIfNeeded: address.port ?? 0))
        case .unixDomainSocket: return nil
        }
    }

    /// Of a `sockaddr_in`: family and port have two bytes each, then comes the address.
    package init?(internet4 bytes: [UInt8], port: UInt16) {
        guard bytes.count >= 8 else { return nil }
        self.init(.ip4(UInt32(truncatingIfNeeded: Self.number(bytes[4..<8]))), port: port)
    }

    /// Of a `sockaddr_in6`: four bytes more before the address.
    ///
    /// An address of IPv4 that comes over a socket of IPv6 is what it was before.
    package init?(internet6 bytes: [UInt8], port: UInt16) {
        guard bytes.count >= 24 else { return nil }
        let (high, low) = (Self.number(bytes[8..<16]), Self.number(bytes[16..<24]))
        if high == 0, low >> 32 == 0xffff {
            self.init(.ip4(UInt32(truncatingIfNeeded: low)), port: port)
        } else {
            self.init(.ip6(high, low), port: port)
        }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The socket's address; nil when the host is a name.
    package var socketAddress: SocketAddress? {
        var packed = ByteBuffer()
        switch host {
        case .ip4(let number): packed.writeInteger(number)
        case .ip6(let high, let low): packed.writeMultipleIntegers(high, low)
        case .dns4, .dns6: return nil
        }
        return try? SocketAddress(packedIPAddress: packed, port: Int(port))
    }

    /// Whose it is when connections of one origin are counted.
    package var origin: PendingConnections.Origin {
        switch host {
        case .ip4(let number): .ip4(number)
        case .ip6(let high, _): .ip6(high)
        // Sockets have no names.
        case .dns4, .dns6: .ip4(0)
        }
    }
}

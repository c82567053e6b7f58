/// Part of the network that is likely in one hand: addresses are cheap within it, and dear across many.
package struct NetworkGroup: Hashable, Comparable, Sendable {
    /// How many addresses share a group.
    package enum Size: Sendable {
        /// /24 of version 4, /48 of version 6.
        case small
        /// /16 of version 4, /32 of version 6.
        case large
    }

    /// Kind, size and leading bits.
    package let key: UInt64

    /// Those named by the operator without a number.
    package static let named = NetworkGroup(key: 0)

    private init(key: UInt64) {
        self.key = key
    }

    /// As a file has it.
    init(storedKey key: UInt64) {
        self.key = key
    }

    /// Of a host; addresses of version 6 that only wrap one of version 4 count as that one.
    package init(_ host: Multiaddress.Host, _ size: Size) {
        if let number = host.version4 {
            self.init(key: size == .small ? 4 << 56 | UInt64(number >> 8) : 5 << 56 | UInt64(number >> 16))
        } else if case .ip6(let high, _) = host {
            self.init(key: size == .small ? 6 << 56 | high >> 16 : 7 << 56 | high >> 32)
        } else {
            self = .named
        }
    }

    /// The order of the keys, which means nothing.
    package static func < (left: NetworkGroup, right: NetworkGroup) -> Bool { left.key < right.key }
}

extension Multiaddress.Host {
    /// The address of version 4 that it is, or wraps: mapped, 6to4 and NAT64.
    ///
    /// Otherwise one machine of version 4 would have as many groups as it likes.
    package var version4: UInt32? {
        switch self {
        case .ip4(let number): return number
        case .ip6(let high, let low):
            if high == 0, low >> 32 == 0xffff { return UInt32(truncatingIfNeeded: low) }
            if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 { return UInt32(truncatingIfNeeded: low) }
            if high >> 48 == 0x2002 { return UInt32(truncatingIfNeeded: high >> 16) }
            return nil
        case .dns4, .dns6: return nil
        }
    }

    /// Whether it is this machine.
    package var isLoopback: Bool {
        if let number = version4 { return number >> 24 == 127 }
        return self == .ip6(0, 1)
    }

    /// Whether anybody on the Internet could reach it, by the registries of special addresses (RFC 6890).
    ///
    /// Names are not: what they stand for is whatever their owner says at the moment.
    package var isGlobal: Bool {
        if let number = version4 { return Self.isGlobal(number) }
        // 2000::/3 without documentation (2001:db8::/32, 3fff::/20), Teredo (2001::/32) and ORCHID (2001:10::/28,
        // 2001:20::/28).
        guard case .ip6(let high, _) = self, high >> 61 == 1 else { return false }
        let start = high >> 32
        return start != 0x2001_0db8 && start != 0x2001_0000 && start >> 4 != 0x0200_1001
            && start >> 4 != 0x0200_1002 && start >> 12 != 0x3fff0
    }

    private static func isGlobal(_ number: UInt32) -> Bool {
        let special: [(UInt32, UInt32)] = [
            (0x0000_0000, 8), (0x0a00_0000, 8), (0x6440_0000, 10), (0x7f00_0000, 8), (0xa9fe_0000, 16),
            (0xac10_0000, 12), (0xc000_0000, 24), (0xc000_0200, 24), (0xc058_6300, 24), (0xc0a8_0000, 16),
            (0xc612_0000, 15), (0xc633_6400, 24), (0xcb00_7100, 24), (0xe000_0000, 3),
        ]
        return !special.contains { number >> (32 - $0.1) == $0.0 >> (32 - $0.1) }
    }
}

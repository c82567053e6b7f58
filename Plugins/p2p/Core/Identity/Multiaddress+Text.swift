/// Why a text is no address that is taken.
package enum MultiaddressFault: Error, Hashable, Sendable {
    /// It is not `/host/…/tcp/port`, with or without a peer behind it.
    case form
    /// The host is none.
    case host(String)
    /// The port is not a number of 16 bits.
    case port(String)
    /// The peer is none that is taken.
    case peer(PeerIDFault)
}

extension Multiaddress {
    /// `/ip4/192.0.2.1/tcp/7513/p2p/12D3KooW…`.
    package var text: String {
        let start =
            switch host {
            case .ip4(let number): "/ip4/\(HostText.ip4(number))"
            case .ip6(let high, let low): "/ip6/\(HostText.ip6(high, low))"
            case .dns4(let name): "/dns4/\(name)"
            case .dns6(let name): "/dns6/\(name)"
            }
        return "\(start)/tcp/\(port)" + (peer.map { "/p2p/\($0.text)" } ?? "")
    }

    /// Reads an address; names are put into lower case, `ipfs` is another word for `p2p`.
    /// - Throws: `MultiaddressFault` with the part that is wrong.
    package init(text: String) throws(MultiaddressFault) {
        guard text.utf8.count <= 2 * Self.largest else { throw .form }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5 || parts.count == 7, parts[0].isEmpty, parts[3] == "tcp" else { throw .form }
        guard let host = HostText.host(kind: parts[1], parts[2]) else { throw .host(parts[2]) }
        // `UInt16` also takes a sign and leading zeros.
        guard let port = UInt16(parts[4]), "\(port)" == parts[4] else { throw .port(parts[4]) }
        self.init(host, port: port)
        guard parts.count == 7 else { return }
        guard parts[5] == "p2p" || parts[5] == "ipfs" else { throw .form }
        do { peer = try PeerID(text: parts[6]) } catch { throw .peer(error) }
    }
}

extension Multiaddress: CustomStringConvertible {
    /// `/ip4/192.0.2.1/tcp/7513/p2p/12D3KooW…`.
    package var description: String { text }
}

/// Hosts as text.
enum HostText {
    static func host(kind: String, _ text: String) -> Multiaddress.Host? {
        switch kind {
        case "ip4": ip4(text).map { .ip4($0) }
        case "ip6": ip6(text).map { .ip6($0.0, $0.1) }
        case "dns4": name(text).map { .dns4($0) }
        case "dns6": name(text).map { .dns6($0) }
        default: nil
        }
    }

    private static func name(_ text: String) -> String? {
        let name = text.lowercased()
        return isName(name) ? name : nil
    }

    /// Up to 253 letters in lower case, digits, hyphens and underlines, in parts of up to 63.
    static func isName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: 0x2e, omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != 0x2d && label.last != 0x2d
                && label.allSatisfy { byte in
                    switch byte {
                    case 0x61...0x7a, 0x30...0x39, 0x2d, 0x5f: true
                    default: false
                    }
                }
        }
    }

    static func ip4(_ number: UInt32) -> String {
        [24, 16, 8, 0].map { "\(number >> $0 & 0xff)" }.joined(separator: ".")
    }

    /// Four numbers without leading zeros.
    static func ip4(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part), "\(byte)" == part else { return nil }
            number = number << 8 | UInt32(byte)
        }
        return number
    }

    /// As RFC 5952 wants it: lower case, and the longest run of zeros, of two or more, left out.
    static func ip6(_ high: UInt64, _ low: UInt64) -> String {
        let groups = [high, low].flatMap { word in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: word >> UInt64($0)) }
        }
        var best = 0..<0
        var start = 0
        for place in 0...groups.count where place == groups.count || groups[place] != 0 {
            if place - start > best.count, place - start > 1 { best = start..<place }
            start = place + 1
        }
        func joined(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !best.isEmpty else { return joined(groups[...]) }
        return "\(joined(groups[..<best.lowerBound]))::\(joined(groups[best.upperBound...]))"
    }

    /// Eight groups, or fewer around one `::`.
    static func ip6(_ text: String) -> (UInt64, UInt64)? {
        guard let cut = text.firstRange(of: "::") else { return groups(text).flatMap { words($0) } }
        guard let before = groups(text[..<cut.lowerBound]), let after = groups(text[cut.upperBound...]),
            before.count + after.count < 8
        else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - before.count - after.count)
        return words(before + zeros + after)
    }

    private static func groups(_ text: some StringProtocol) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        for part in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(part.utf8.count), part.utf8.first != 0x2b, part.utf8.first != 0x2d,
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }

    private static func words(_ groups: [UInt16]) -> (UInt64, UInt64)? {
        guard groups.count == 8 else { return nil }
        func word(_ part: ArraySlice<UInt16>) -> UInt64 { part.reduce(0) { $0 << 16 | UInt64($1) } }
        return (word(groups[..<4]), word(groups[4...]))
    }
}

internal import NodeDomain
internal import NodeEncoding

/// Peers that this node has nothing to do with, until a time.
package struct BanList: Sendable {
    /// A ban.
    package struct Ban: Hashable, Sendable {
        /// Until when.
        package let until: UInt64
        /// Why, as a sentence.
        package let reason: String
    }

    /// Milliseconds of a ban that the node itself makes.
    package static let usual: UInt64 = 12 * Milliseconds.hour
    /// How many there may be; beyond, the one that ends first is dropped.
    package static let most = 4_096

    /// All that were made and have not been dropped.
    package private(set) var bans: [PeerID: Ban] = [:]

    /// None.
    package init() {}

    /// Bytes of a reason that are kept.
    static let longestReason = 400

    /// Bans a peer.
    package mutating func add(_ peer: PeerID, until: UInt64, reason: String) {
        bans[peer] = Ban(until: until, reason: reason)
        guard bans.count > Self.most else { return }
        let first = bans.min { ($0.value.until, $0.key) < ($1.value.until, $1.key) }
        if let first { bans[first.key] = nil }
    }

    /// Ends a ban.
    package mutating func remove(_ peer: PeerID) { bans[peer] = nil }

    /// The ban that holds; nil: none.
    package mutating func ban(of peer: PeerID, now: UInt64) -> Ban? {
        guard let ban = bans[peer] else { return nil }
        if ban.until > now { return ban }
        bans[peer] = nil
        return nil
    }
}

/// Bans as a file has them: SCALE, each with the seconds that are left, as a monotonic clock does not outlive the
/// machine's start.
extension BanList {
    /// Seconds of the longest ban that is kept.
    private static let longest: UInt64 = 1 << 40

    func bytes(now: UInt64) -> [UInt8] {
        var writer = ScaleWriter()
        let lasting = bans.filter { $0.value.until > now }.sorted { $0.key < $1.key }
        writer.writeCompact(UInt64(lasting.count))
        for (peer, ban) in lasting {
            writer.write(peer.publicKey)
            writer.writeCompact(min((ban.until - now + 999) / Milliseconds.second, Self.longest))
            writer.writeSlice(Self.shortened(ban.reason))
        }
        return writer.bytes
    }

    /// As many whole characters as there is room for.
    private static func shortened(_ reason: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in reason.unicodeScalars {
            let next = Array(String(scalar).utf8)
            guard bytes.count + next.count <= longestReason else { break }
            bytes += next
        }
        return bytes
    }

    /// - Parameter away: milliseconds since it was written, as far as known.
    /// - Throws: `ScaleFault` when the bytes are none.
    init(bytes: [UInt8], now: UInt64, away: UInt64) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        for _ in 0..<(try reader.compact(limit: UInt64(Self.most))) {
            let peer = PeerID(publicKey: try reader.bytes32())
            let left = try reader.compact(limit: Self.longest) * Milliseconds.second
            let reason = String(decoding: try reader.slice(limit: Self.longestReason), as: UTF8.self)
            guard left > away else { continue }
            add(peer, until: Milliseconds.sum(now, left - away), reason: reason)
        }
        try reader.finish()
    }
}

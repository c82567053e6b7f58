/// Bytes that are left for each peer and class, both ways, and what was refused for want of them.
///
/// Out: whatever is over the cap waits, and nobody is disconnected for being slow. In: what came and may not be taken
/// is dropped; of all peers together the least important class first, and nobody is blamed for that; of one peer
/// whatever is over its own bucket, and who goes on for seconds is a flooder.
package struct TrafficBudget: Sendable {
    /// What becomes of bytes that came.
    package enum Verdict: Hashable, Sendable {
        /// They are taken.
        case accept
        /// All peers together sent too much: others of the class are dropped too.
        case crowded
        /// The peer sent more than one may.
        case beyond
    }

    /// Bytes of each class, in its order.
    package struct Counters: Hashable, Sendable {
        /// That were sent.
        package var sent = zero
        /// That came and were taken.
        package var accepted = zero
        /// That came and were dropped, as there were too many of all peers.
        package var crowded = zero
        /// That came and were dropped, as their peer had sent too much.
        package var beyond = zero

        private static var zero: [UInt64] { [UInt64](repeating: 0, count: MessageClass.allCases.count) }
    }

    /// What one peer has had.
    private struct Peer: Sendable {
        let isLocal: Bool
        var down: TokenBucket
        /// What is taken of it of votes and headers however much the others send.
        var own: TokenBucket
        /// Bytes beyond the bucket since they were last asked for.
        var beyond: UInt64 = 0
    }

    /// The limits.
    package let limits: TrafficLimits
    private var up: SecondWindow
    private var down: TokenBucket
    private var peers: [PeerHandle: Peer] = [:]
    /// What was done so far.
    package private(set) var counters = Counters()

    /// Nothing spent yet.
    package init(_ limits: TrafficLimits, now: UInt64) {
        self.limits = limits
        up = SecondWindow(cap: limits.up, now: now)
        down = TokenBucket(perSecond: limits.down, capacity: limits.down, now: now)
    }

    /// A peer is there.
    /// - Parameter isLocal: whether its bytes stay in this house, so that they do not use the line to the Internet.
    package mutating func connected(_ peer: PeerHandle, isLocal: Bool, now: UInt64) {
        let rate = limits.rate(isLocal: isLocal)
        let own = limits.parts > 0 ? min(limits.down, 1 << 30) / limits.parts : 0
        peers[peer] = Peer(
            isLocal: isLocal,
            down: TokenBucket(
                perSecond: rate, capacity: rate * min(limits.burst, 64), now: now),
            own: TokenBucket(perSecond: own, capacity: 6 * own, now: now))
    }

    /// A peer is gone.
    package mutating func disconnected(_ peer: PeerHandle) { peers[peer] = nil }

    // MARK: - Out

    /// Bytes of a class that a peer may be sent now; 0: wait.
    package mutating func sendable(_ messageClass: MessageClass, to peer: PeerHandle, now: UInt64) -> UInt64 {
        guard let entry = peers[peer] else { return 0 }
        guard !entry.isLocal, limits.up > 0 else { return .max }
        let spent = limits.up - up.available(now: now)
        let ceiling = limits.ceiling(messageClass, of: limits.up)
        return ceiling > spent ? ceiling - spent : 0
    }

    /// Bytes of a class were sent.
    package mutating func sent(
        _ bytes: UInt64, _ messageClass: MessageClass, to peer: PeerHandle, now: UInt64
    ) {
        counters.sent[Int(messageClass.rawValue)] &+= bytes
        if peers[peer]?.isLocal == false { up.spend(bytes, now: now) }
    }

    // MARK: - In

    /// Bytes of a class came: whether they are taken.
    package mutating func accept(
        _ bytes: UInt64, _ messageClass: MessageClass, from peer: PeerHandle, now: UInt64
    ) -> Verdict {
        guard var entry = peers[peer] else { return .beyond }
        defer { peers[peer] = entry }
        let place = Int(messageClass.rawValue)
        guard entry.down.take(bytes, now: now) else {
            entry.beyond = min(entry.beyond &+ bytes, 1 << 50)
            counters.beyond[place] &+= bytes
            return .beyond
        }
        if !entry.isLocal, limits.down > 0 {
            // The last of a class may owe: a message that is larger than what the class has left must come sometime.
            let reserve = limits.down - limits.ceiling(messageClass, of: limits.down)
            let isOwn = messageClass <= .header && entry.own.take(bytes, now: now)
            guard down.available(now: now) > reserve || isOwn else {
                counters.crowded[place] &+= bytes
                return .crowded
            }
            down.spend(bytes, now: now)
        }
        counters.accepted[place] &+= bytes
        return .accept
    }

    /// Peers that sent more than a second's worth beyond their buckets since this was last asked, rising, each with
    /// the number of such seconds.
    package mutating func flooders() -> [(peer: PeerHandle, seconds: Int)] {
        var flooders: [(peer: PeerHandle, seconds: Int)] = []
        for peer in peers.keys.sorted() {
            guard let entry = peers[peer] else { continue }
            let seconds = entry.beyond / max(1, limits.rate(isLocal: entry.isLocal))
            peers[peer]?.beyond = 0
            if seconds > 0 { flooders.append((peer, Int(min(seconds, 1 << 30)))) }
        }
        return flooders
    }
}

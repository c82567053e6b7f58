extension Connection {
    /// When `tick` is to come at the latest; nil: nothing waits for time.
    package var nextDeadline: UInt64? {
        if isUpgrading { return handshakeDeadline }
        guard case .open = phase else { return nil }
        var next = probe ?? Milliseconds.sum(heard, limits.keepalive)
        if let leaving { next = min(next, leaving) }
        for stream in streams.values {
            if let deadline = stream.deadline(limits) { next = min(next, deadline) }
        }
        return next
    }

    mutating func passTime(_ now: UInt64) throws(ConnectionFault) {
        guard case .open = phase else { return }
        if let leaving, now >= leaving { throw .goneAway(0) }
        if let probe {
            if now >= probe { throw .silent }
        } else if now >= Milliseconds.sum(heard, limits.keepalive) {
            probes &+= 1
            yamux.ping(probes)
            probe = Milliseconds.sum(now, limits.patience)
        }
        for (id, stream) in streams.sorted(by: { $0.key < $1.key }) {
            if let deadline = stream.deadline(limits), now >= deadline { giveUp(id, .late) }
        }
    }
}

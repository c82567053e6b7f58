/// What is known of a peer when it connects.
package struct PeerTraits: Hashable, Sendable {
    /// The newest version of the protocol that it speaks.
    package enum Version: UInt8, Comparable, Sendable {
        /// The first one.
        case v10
        /// Scores, backoff, exchange of peers.
        case v11
        /// IDONTWANT.
        case v12

        /// The older one first.
        package static func < (left: Version, right: Version) -> Bool { left.rawValue < right.rawValue }
    }

    /// Who it is.
    package var id: PeerID
    /// What it speaks.
    package var version: Version
    /// Whether it is a node like this one, which announces at once and takes such announcements.
    package var isOurs: Bool
    /// Whether we dialled it.
    package var isOutbound: Bool
    /// Its network of 256 addresses (/24), as a number; nil where neighbours say nothing, as on a private network.
    package var group: UInt64?
    /// Its addresses in an envelope that it signed, for others; empty: none.
    package var record: [UInt8]

    /// Of these.
    package init(
        _ id: PeerID, version: Version = .v12, isOurs: Bool, isOutbound: Bool, group: UInt64? = nil,
        record: [UInt8] = []
    ) {
        self.id = id
        self.version = version
        self.isOurs = isOurs
        self.isOutbound = isOutbound
        self.group = group
        self.record = record.count <= GossipWireLimit.recordBytes ? record : []
    }
}

/// What is thought of a message.
package enum Verdict: Hashable, Sendable {
    /// It is good: send it on.
    case accept
    /// No honest peer sends it.
    case reject
    /// Nothing can be said of it, now or ever: drop it, and blame nobody.
    case ignore
}

/// What happens to gossip; times come with each call.
package enum GossipEvent: Hashable, Sendable {
    /// A peer is there, and its stream is open.
    case connected(PeerHandle, PeerTraits)
    /// A peer is gone.
    case disconnected(PeerHandle)
    /// An RPC of a peer, without its length.
    case received(PeerHandle, [UInt8])
    /// Be of a topic.
    case join(TopicName, TopicRules)
    /// Be no longer of it.
    case leave(TopicName)
    /// Publish something of our own, in a topic that we are of or not.
    case publish(TopicName, [UInt8])
    /// What a message is worth, and the microseconds of processor time that it took to know.
    case verdict(MessageID, Verdict, microseconds: UInt64 = 0)
    /// A message that was to be sent was dropped from the peer's queue: for want of room, or as it was withdrawn.
    case unsent(PeerHandle, MessageID, bytes: Int)
    /// A peer sent so many seconds' worth more than it may, outside of gossip.
    case flooded(PeerHandle, seconds: Int)
    /// What else is thought of a peer: points, added to its score.
    case applicationScore(PeerHandle, Double)
    /// What others do not send is asked for again; at the latest when `Gossip.nextTick` says.
    case tick
    /// Once a second.
    case heartbeat
}

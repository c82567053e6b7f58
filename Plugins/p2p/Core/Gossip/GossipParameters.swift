/// How many peers a topic's mesh has.
package struct MeshDegree: Hashable, Sendable {
    /// Peers that are wanted.
    package var wanted = 6
    /// Fewer than these, and more are grafted.
    package var low = 4
    /// More than these, and some are pruned.
    package var high = 8
    /// Those of the best score, which stay when some are pruned.
    package var best = 4
    /// Those that we dialled, at the least: nobody who dials us alone can surround us.
    package var outbound = 3
    /// Peers outside of the mesh that hear at each heartbeat what there is.
    ///
    /// Few: each message is announced for three heartbeats, and an announcement costs a fifteenth of a vote.
    package var lazy = 2

    /// The defaults.
    package init() {}
}

/// How gossip behaves.
///
/// Times are milliseconds; what is counted in heartbeats takes one second each.
package struct GossipParameters: Hashable, Sendable {
    /// How messages spread through meshes.
    package enum Spreading: Hashable, Sendable {
        /// As each topic's rules say.
        case byRules
        /// Everything whole to all peers of the mesh, as in v1.1: a measure for the other way.
        case everything
    }

    /// Of topics that have no degree of their own.
    package var degree = MeshDegree()
    /// How messages spread.
    package var spreading = Spreading.byRules
    /// Whether peers are told that they need not send what has just come.
    package var tellsUnwanted = true
    /// Bytes of a message from which on they are told.
    package var unwantedFrom = 1_024
    /// Bytes of a message from which on our own nodes are told too, where a topic's messages are announced to them:
    /// below, an announcement costs no more than that.
    package var unwantedFromOurs = 8_192
    /// Whether messages are announced at once where a topic's rules say so; without, they are pushed.
    package var announces = true
    /// What is announced later is so at multiples of this.
    package var announcementStep: UInt64 = 50
    /// Of a hundred peers outside of the mesh, how many hear what there is: those, or `MeshDegree.lazy` of them, if
    /// that is more.
    package var gossipPercent = 10
    /// Heartbeats for which a message is kept for those who want it.
    package var history = 10
    /// Heartbeats for which it is said to be there.
    package var gossipHistory = 3
    /// Until who announced a message, and did not send it, is late.
    package var promise: UInt64 = 5_000
    /// Until another one that announced it is asked.
    package var patience: UInt64 = 1_000
    /// For which the topics without a subscription of ours are remembered.
    package var fanout: UInt64 = 60_000
    /// For which who was pruned must not graft.
    package var pruneBackoff: UInt64 = 60_000
    /// Likewise when we leave a topic.
    package var leaveBackoff: UInt64 = 10_000
    /// For which we wait longer than asked.
    package var backoffSlack: UInt64 = 1_000
    /// For which a graft may have been under way when its sender was pruned.
    package var graftUnderWay: UInt64 = 2_000
    /// For which it is known that a message was seen.
    package var seen: UInt64 = 120_000
    /// For which a message may wait for its verdict.
    package var validation: UInt64 = 30_000
    /// Heartbeats between two looks for better peers.
    package var opportunity: UInt64 = 60
    /// Peers that are then grafted.
    package var opportunityPeers = 2
    /// How peers are judged.
    package var scores = ScoreParameters()
    /// How much is kept and done.
    package var limits = GossipLimits()

    /// The defaults.
    package init() {}
}

/// How much is kept, and how much is done for a peer between two heartbeats.
package struct GossipLimits: Hashable, Sendable {
    /// Topics of which we are, and as many into which we publish besides.
    package var topics = 32
    /// Topics that are remembered of a peer.
    package var topicsOfPeer = 128
    /// Ids that are known to be seen; some 80 bytes each.
    package var seen = 131_072
    /// Messages that are kept for others, and their bytes.
    package var cached = 16_384
    package var cachedBytes = 16 << 20
    /// Messages that wait for their verdicts, and their bytes.
    package var held = 4_096
    package var heldBytes = 16 << 20
    /// Of which one peer may have brought.
    package var heldOfPeer = 1_024
    package var heldBytesOfPeer = 4 << 20
    /// Messages of a topic that are announced a little later.
    package var unsaid = 16_384
    /// Messages that are asked for.
    package var asked = 16_384
    /// Scores of peers that are gone.
    package var retained = 4_096
    /// Peers of a topic that must wait.
    package var backoffs = 1_024
    /// IHAVE of a peer, and of one of our own nodes, which announces at once.
    package var announcements = 10
    package var announcementsOfOurs = 1_000
    /// Ids that are asked of a peer.
    package var askedOfPeer = 5_000
    /// IDONTWANT of a peer: so many ids.
    package var unwanted = 1_000
    /// Heartbeats for which they hold.
    package var unwantedHeartbeats = 3
    /// Times that a message is sent to a peer that asks for it.
    package var retransmissions = 3
    /// Bytes that are sent to a peer because it asks.
    package var servedBytes = 4 << 20
    /// What a peer may send.
    package var budget = GossipBudget.Limits()

    /// The defaults.
    package init() {}
}

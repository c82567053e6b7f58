/// What has gone through a topic since we joined it.
///
/// Bytes are those of RPCs' fields, lengths included.
package struct TopicCounters: Hashable, Sendable {
    /// Messages that had not been seen, and the bytes of their data.
    package var uniqueMessages: UInt64 = 0
    package var uniqueBytes: UInt64 = 0
    /// Messages of any kind, and announcements, that came.
    package var receivedBytes: UInt64 = 0
    /// Messages that were known.
    package var duplicates: UInt64 = 0
    package var duplicateBytes: UInt64 = 0
    /// Messages that were handed out to be sent, less those that did not leave, and announcements.
    package var sentMessages: UInt64 = 0
    package var sentBytes: UInt64 = 0
    /// Ids that were announced to us, and by us.
    package var announcementsReceived: UInt64 = 0
    package var announcementsSent: UInt64 = 0
    /// Messages that we asked for, and that were asked of us.
    package var pulled: UInt64 = 0
    package var served: UInt64 = 0
    /// Messages of our own.
    package var published: UInt64 = 0
    private var dropped = [UInt64](repeating: 0, count: GossipDrop.allCases.count)

    init() {}

    /// Messages that went no further for a reason.
    package func dropped(_ reason: GossipDrop) -> UInt64 { dropped[Int(reason.rawValue)] }

    /// Bytes that came for each byte that was new; nil before the first.
    package var receivedPerUnique: Double? {
        uniqueBytes == 0 ? nil : Double(receivedBytes) / Double(uniqueBytes)
    }

    mutating func drop(_ reason: GossipDrop) { dropped[Int(reason.rawValue)] += 1 }
}

/// What has gone through all topics.
package struct GossipCounters: Hashable, Sendable {
    /// Bytes of RPCs.
    package var receivedBytes: UInt64 = 0
    package var sentBytes: UInt64 = 0
    /// RPCs that were not read: malformed, over the budget, of a graylisted peer.
    package var malformed: UInt64 = 0
    package var overBudget: UInt64 = 0
    package var unheard: UInt64 = 0
    /// Messages of topics that we are not of.
    package var foreign: UInt64 = 0
    /// Peers that were graylisted.
    package var graylisted: UInt64 = 0
}

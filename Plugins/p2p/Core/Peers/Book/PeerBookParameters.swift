/// Sizes and rules of an address book; the figures are Bitcoin Core's where nothing else is said.
package struct PeerBookParameters: Hashable, Sendable {
    /// Whether addresses are put into buckets by the part of the network that they are in.
    ///
    /// Off only for comparison: without it one attacker fills the book.
    package var isGrouped = true
    /// Whether addresses are taken that only a lab or a home network reaches.
    package var allowsLocal = false

    /// The defaults.
    package init() {}

    /// Buckets of addresses that were heard of.
    package static let newBuckets = 1_024
    /// Buckets of addresses that were reached.
    package static let triedBuckets = 256
    /// Addresses of a bucket.
    package static let slots = 64
    /// New buckets that what one part of the network says can get into.
    static let bucketsPerSource: UInt64 = 64
    /// Tried buckets that addresses of one part of the network can get into.
    static let bucketsPerGroup: UInt64 = 8
    /// New buckets that one address may stand in.
    static let mostReferences = 8

    /// Records of a message.
    package static let mostRecords = 1_000
    /// Records of an answer of ours.
    package static let mostInReply = 250
    /// Hundredths of the book that an answer of ours has.
    static let replyShare = 23
    /// Milliseconds between two answers to one peer, and until another part of the book is shown.
    package static let replyPause = 10 * Milliseconds.minute
    /// Addresses that a peer may add in 1,000 seconds.
    static let addressesPerKilosecond: UInt64 = 100
    /// Addresses that a peer may add at once after it was asked.
    static let addressBurst: UInt64 = 1_000
    /// Addresses of a peer.
    package static let mostAddresses = 4
    /// Bytes of a record that is kept: four addresses and a name's length of room.
    package static let largestRecord = 512
    /// Peers whose connections are remembered for another start.
    package static let mostAnchors = 2

    /// Milliseconds without news after which an address is not worth a place.
    static let horizon = Int64(30 * 24 * Milliseconds.hour)
    /// Failures after which an address that was never reached is not worth a place.
    static let mostFirstFailures = 3
    /// Failures within a week after which one that was reached is not.
    static let mostFailures = 10
    static let week = Int64(7 * 24 * Milliseconds.hour)
    /// Milliseconds after which a test of the older of two addresses counts no more.
    static let replacement = Int64(4 * Milliseconds.hour)
    /// Milliseconds for such a test.
    static let testWindow = Int64(40 * Milliseconds.minute)
    /// Newcomers that wait for such tests.
    static let mostCollisions = 10
}

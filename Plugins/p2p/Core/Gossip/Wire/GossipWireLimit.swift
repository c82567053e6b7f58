/// How much one RPC may hold.
///
/// What is over a limit is passed over and counted, as other programs may set theirs higher.
package enum GossipWireLimit {
    /// Bytes of an RPC without its length.
    package static let rpcBytes = 1 << 20
    /// Subscriptions of an RPC.
    package static let subscriptions = 64
    /// Messages of an RPC.
    package static let messages = 1_024
    /// Pieces of each kind of control: announcements, wishes, grafts, prunes.
    package static let controls = 64
    /// Ids of one IHAVE, and of all wishes of an RPC.
    package static let ids = 5_000
    /// Ids of one IDONTWANT.
    package static let idsOfDontWant = 10
    /// Messages that an RPC says it does not want.
    package static let dontWants = 1_000
    /// Peers of a PRUNE.
    package static let exchangedPeers = 16
    /// Bytes of a peer's signed record.
    package static let recordBytes = 2_048
    /// Bytes of a peer's id.
    package static let peerIDBytes = 64
    /// Bytes of a signature or a key: more than any that is taken.
    package static let signatureBytes = 1_024
}

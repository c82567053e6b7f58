/// What gossip wants done, in order.
package enum GossipAction: Hashable, Sendable {
    /// Send an RPC, which still lacks its length; with one message in it, the message's id.
    case send(PeerHandle, [UInt8], MessageClass, message: MessageID?)
    /// The peer has that message by now: take it from its queue, if it is still there, and say `unsent`.
    case withdraw(PeerHandle, MessageID)
    /// Judge a message, and answer with `verdict`.
    case validate(MessageID, TopicName, [UInt8], from: PeerHandle)
    /// Nothing of this peer is listened to any more: disconnect it.
    case graylisted(PeerHandle, ScoreReport)
    /// Addresses that a well-known peer names: signed records, unchecked.
    case candidates([[UInt8]], from: PeerHandle)
    /// A message of a peer went no further; nil: one of our own.
    case dropped(PeerHandle?, TopicName, GossipDrop)
}

/// Why a message went no further.
package enum GossipDrop: UInt8, CaseIterable, Hashable, Sendable {
    /// Its peer has sent more than it may for now.
    case budget
    /// All peers together have sent more than the line may be used for.
    case crowded
    /// Too many wait for their verdicts.
    case full
    /// We are not of its topic.
    case topic
    /// It is larger than its topic allows.
    case large
    /// It is signed where nothing is, or not as it must be.
    case signature
    /// It was judged bad.
    case rejected
    /// It was judged to be of no use.
    case ignored
    /// No verdict came in time.
    case unjudged
    /// It was published before.
    case repeated
    /// The queue of a peer was full, or the peer had it meanwhile.
    case unsent
}

extension GossipDrop: CustomStringConvertible {
    /// For people.
    package var description: String {
        switch self {
        case .budget: "its peer has sent more than it may"
        case .crowded: "all peers together have sent more than the line may be used for"
        case .full: "too many messages wait to be judged"
        case .topic: "this node is not of its topic"
        case .large: "it is larger than its topic allows"
        case .signature: "it is not signed as it must be"
        case .rejected: "it is bad"
        case .ignored: "it is of no use now"
        case .unjudged: "nobody judged it in time"
        case .repeated: "it was published before"
        case .unsent: "it did not leave this node"
        }
    }
}

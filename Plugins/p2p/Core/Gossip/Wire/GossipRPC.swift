/// One message of the gossip protocol: what peers say to each other on `/meshsub/1.x.0` streams.
///
/// Fields as in libp2p's `rpc.proto` and gossipsub v1.2; each RPC stands on its stream behind its length.
package struct GossipRPC: Hashable, Sendable {
    /// That the sender wants a topic's messages, or no longer.
    package struct Subscription: Hashable, Sendable {
        /// Whether it wants them.
        package var isWanted: Bool
        /// Of which topic.
        package var topic: TopicName

        /// Of these.
        package init(_ topic: TopicName, isWanted: Bool) {
            self.isWanted = isWanted
            self.topic = topic
        }
    }

    /// A message of a topic.
    package struct Message: Hashable, Sendable {
        /// What it says.
        package var data: [UInt8]
        /// In which topic.
        package var topic: TopicName
        /// Who published it, and with what proof; nil when nothing of the kind stands there.
        package var author: Author?

        /// Of these.
        package init(topic: TopicName, data: [UInt8], author: Author? = nil) {
            self.data = data
            self.topic = topic
            self.author = author
        }
    }

    /// What a signed message has besides; an empty field is one that is not there.
    package struct Author: Hashable, Sendable {
        /// The author's peer id.
        package var from: [UInt8] = []
        /// The author's count, eight bytes.
        package var sequence: [UInt8] = []
        /// Over the message without this and the key.
        package var signature: [UInt8] = []
        /// The public key, where it does not follow from the id.
        package var key: [UInt8] = []

        /// Nothing yet.
        package init() {}
    }

    /// Ids of messages of a topic that the sender has.
    package struct Announcement: Hashable, Sendable {
        /// The topic.
        package var topic: TopicName
        /// The ids.
        package var ids: [MessageID]

        /// Of these.
        package init(_ topic: TopicName, _ ids: [MessageID]) {
            self.topic = topic
            self.ids = ids
        }
    }

    /// A peer that somebody pruned may turn to.
    package struct ExchangedPeer: Hashable, Sendable {
        /// Its id.
        package var id: [UInt8]
        /// Its addresses in an envelope that it signed (RFC 0003); empty when there is none.
        package var record: [UInt8]

        /// Of these.
        package init(id: [UInt8], record: [UInt8] = []) {
            self.id = id
            self.record = record
        }
    }

    /// That the sender takes the receiver out of its mesh.
    package struct Prune: Hashable, Sendable {
        /// Of which topic.
        package var topic: TopicName
        /// Others to turn to.
        package var peers: [ExchangedPeer]
        /// Seconds for which the receiver must not graft; nil in v1.0.
        package var backoffSeconds: UInt64?

        /// Of these.
        package init(_ topic: TopicName, peers: [ExchangedPeer] = [], backoffSeconds: UInt64? = nil) {
            self.topic = topic
            self.peers = peers
            self.backoffSeconds = backoffSeconds
        }
    }

    /// What is wanted, and what no longer.
    package var subscriptions: [Subscription] = []
    /// Messages, whole.
    package var messages: [Message] = []
    /// IHAVE.
    package var have: [Announcement] = []
    /// IWANT.
    package var want: [MessageID] = []
    /// GRAFT.
    package var graft: [TopicName] = []
    /// PRUNE.
    package var prune: [Prune] = []
    /// IDONTWANT.
    package var dontWant: [MessageID] = []
    /// Pieces over a limit, which were passed over; not sent.
    package var excess = 0

    /// Nothing.
    package init() {}

    /// Whether it says nothing.
    package var isEmpty: Bool {
        subscriptions.isEmpty && messages.isEmpty && have.isEmpty && want.isEmpty && graft.isEmpty
            && prune.isEmpty && dontWant.isEmpty
    }
}

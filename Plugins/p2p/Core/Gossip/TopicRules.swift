/// What holds for a topic.
package struct TopicRules: Hashable, Sendable {
    /// How a message reaches the mesh.
    package enum Spread: Hashable, Sendable {
        /// Whole, to all peers at once.
        case push
        /// Messages of `from` bytes or more: whole to `eager` peers of the mesh, to the others of our own nodes by
        /// their id alone, when they still lack it after some milliseconds.
        ///
        /// Peers that have it already count among the `eager` ones. Smaller messages, and all for nodes of others, are
        /// pushed.
        case announce(eager: Int, from: Int, after: UInt64)
    }

    /// For what must be cheap: two links bring a message to all that are reachable even when one of them is silent.
    package static let large = Spread.announce(eager: 2, from: 1_024, after: 0)
    /// For what is small and comes often, as votes: an announcement costs a fifth of a vote, so that most are spared
    /// by waiting.
    package static let small = Spread.announce(eager: 2, from: 0, after: 100)

    /// What its messages are worth when there is no room for all.
    package var messageClass: MessageClass
    /// Bytes of data that a message may have; who sends more is to blame.
    package var largest: Int
    /// How messages spread.
    package var spread: Spread
    /// Of the mesh; nil: as everywhere.
    package var degree: MeshDegree?
    /// Whether peers are judged by what they send here.
    package var isScored = true
    /// How much this topic counts in a score.
    package var weight = 0.1

    /// Of these.
    package init(_ messageClass: MessageClass, largest: Int, spread: Spread, degree: MeshDegree? = nil) {
        self.messageClass = messageClass
        self.largest = largest
        self.spread = spread
        self.degree = degree
    }
}

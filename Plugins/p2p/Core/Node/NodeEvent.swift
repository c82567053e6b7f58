package import NodeDomain

/// What happens to the node's network: connections, what the node has to say, and time.
package enum NodeEvent: Sendable {
    /// A connection is secured.
    case linked(PeerHandle, PeerID, Multiaddress, isOutbound: Bool)
    /// A connection ended, or did not come about, for this reason.
    case unlinked(PeerHandle, String, isBlamed: Bool)
    /// An address was not reached.
    case unreached(Multiaddress, String)
    /// A stream, an identity or an echo: what `Connection` says between its first and last word.
    case connection(PeerHandle, ConnectionAction)
    /// Whether a peer takes bytes more slowly than they come: what can wait is kept back while it does.
    case congested(PeerHandle, Bool)
    /// Something for everybody in a topic.
    case publish(NetworkTopic, [UInt8])
    /// Something for one peer; nil: of this node's choice.
    case direct(PeerHandle?, DirectMessage)
    /// Something for all peers that are nodes like this one.
    case broadcast(DirectMessage)
    /// What a message of a topic is worth.
    case verdict(MessageID, Verdict, microseconds: UInt64)
    /// A peer sent what no honest one sends.
    case blamed(PeerHandle, String)
    /// Whether this node's key is of the committee, so that it is of the votes' mesh.
    case member(Bool)
    /// Who has a seat in the committee of a term, and whether this node's own operator does.
    case seats(term: UInt64, Set<Bytes32>, isOwn: Bool)
    /// Something of requests: a question of this node, to a peer or to one of its choice (0), or an answer to a peer's.
    case request(RequestEvent)
    /// What an operator wants.
    case order(PeerOrder)
    /// Time passes; every 100 ms.
    case tick
}

/// What an operator wants of peers.
package enum PeerOrder: Hashable, Sendable {
    /// Dial it whenever it is not there.
    case add(Multiaddress)
    /// Dial it no more.
    case remove(PeerID)
    /// Have nothing to do with it for so many milliseconds.
    case ban(PeerID, milliseconds: UInt64, reason: String)
    /// Forget that it was banned.
    case unban(PeerID)
}

/// What the node wants done.
package enum NodeAction: Sendable {
    /// Dial an address, which names its peer.
    case dial(Multiaddress)
    /// Tell a connection.
    case connection(PeerHandle, ConnectionEvent)
    /// Judge a message of a topic.
    case validate(MessageID, NetworkTopic, [UInt8], from: PeerHandle)
    /// A direct message came.
    case received(PeerHandle, DirectMessage)
    /// Tell others from now on where this node is; nowhere: nobody can call it, as far as is known.
    case advertise([Multiaddress])
    /// What came of a request, or a peer's question; never `connection` or `blame`, which are done already.
    case request(RequestAction)
    /// A peer like this node is gone.
    case left(PeerHandle, PeerID)
}

/// The topics of the network.
package enum NetworkTopic: String, CaseIterable, Hashable, Sendable {
    /// Votes of members.
    case votes
    /// Proposals.
    case proposal
    /// Parts of proposed blocks.
    case part
    /// What decides a block.
    case commit
    /// Where members of the committee are.
    case validators

    /// Its name on a network: `/spacenode/<first 8 hex of the genesis id>/<topic>`.
    package func name(_ network: String) -> TopicName? { TopicName("/spacenode/\(network)/\(rawValue)") }

    /// What holds for it.
    package var rules: TopicRules {
        switch self {
        case .votes: TopicRules(.vote, largest: 1_024, spread: TopicRules.small)
        case .proposal: TopicRules(.header, largest: 262_144, spread: TopicRules.large)
        case .part: TopicRules(.block, largest: 73_728, spread: TopicRules.large)
        case .commit: TopicRules(.header, largest: 262_144, spread: TopicRules.large)
        case .validators: TopicRules(.header, largest: 1_024, spread: TopicRules.small)
        }
    }
}

/// A secured connection, with the streams that the node keeps on it.
struct Link: Sendable {
    /// A stream of ours.
    enum Outgoing: Sendable {
        /// Asked for.
        case opening(StreamHandle)
        /// There, with this protocol; so many bytes may be written.
        case open(StreamHandle, protocol: String, writable: Int)
        /// The peer does not take it.
        case none
    }

    /// What waits for one peer, of gossip and of direct messages each.
    static let queueBytes = 4 << 20
    /// When what it has to say of others was last asked for; nil: never.
    var asked: UInt64?
    /// Whether it takes bytes more slowly than they come.
    var isCongested = false

    let peer: PeerID
    let address: Multiaddress
    let isOutbound: Bool
    let since: UInt64
    var gossip = Outgoing.none
    var direct = Outgoing.none
    var gossipQueue = FrameQueue(limit: queueBytes)
    var directQueue = FrameQueue(limit: queueBytes)
    /// Streams of the peer, by handle.
    var incoming: [StreamHandle: Incoming] = [:]
    var identify: Identify?
    /// Where it is, as it signed it; empty: it did not.
    var record: [UInt8] = []
    /// Whether gossip knows the peer.
    var isGossiping = false
    /// The last echo's milliseconds.
    var ping: UInt64?

    /// Messages of the peer on one stream.
    struct Incoming: Sendable {
        let isGossip: Bool
        var frames: FrameReader
    }

    /// Bytes that wait.
    var bytes: Int { gossipQueue.bytes + directQueue.bytes }

    /// Whether both streams have been answered.
    var isSettled: Bool {
        for case .opening in [gossip, direct] { return false }
        return true
    }

    /// Whether it is a node like this one.
    var isOurs: Bool {
        if case .open = direct { return true }
        return false
    }
}

/// What an operator sees of a peer.
package struct PeerReport: Hashable, Sendable {
    /// Its connection.
    package let handle: PeerHandle
    /// Its key.
    package let peer: PeerID
    /// Where it is.
    package let address: Multiaddress
    /// Whether we dialled it.
    package let isOutbound: Bool
    /// Whether it speaks our protocols.
    package let isOurs: Bool
    /// Milliseconds since it is connected.
    package let age: UInt64
    /// Milliseconds of an echo; nil: none came yet.
    package let ping: UInt64?
    /// What it says it is; empty: nothing yet.
    package let agent: String
    /// What the connection is for, in a word or two.
    package let purpose: String
    /// Frames that were dropped on their way to it, all classes together.
    package let dropped: UInt64
    /// Bytes that wait for it.
    package let waiting: Int
}

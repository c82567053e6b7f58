/// A request of this node: its kind, and a number that no other request of the kind has had.
package struct RequestID: Hashable, Comparable, Sendable {
    /// What is asked for.
    package let kind: RequestKind
    /// The number.
    package let number: UInt64

    /// The request of a kind with a number.
    package init(_ kind: RequestKind, _ number: UInt64) {
        self.kind = kind
        self.number = number
    }

    /// By kind, then by number.
    package static func < (left: RequestID, right: RequestID) -> Bool {
        (left.kind, left.number) < (right.kind, right.number)
    }
}

/// A request of a peer that is being answered; numbers are never used again.
package struct ServedID: Hashable, Comparable, Sendable {
    /// The number.
    package let number: UInt64

    /// The older first.
    package static func < (left: ServedID, right: ServedID) -> Bool { left.number < right.number }
}

/// Why a request brings nothing, or nothing more.
package enum RequestFailure: Hashable, Sendable {
    /// The peer has too much to do.
    case busy
    /// The peer is not connected.
    case gone
    /// The peer does not take such requests.
    case unsupported
    /// There are as many requests to the peer as there may be.
    case tooMany
    /// The stream ended before the answer did.
    case broken
    /// It came too slowly, or not at all.
    case late
    /// What came is against the rules; the peer is blamed.
    case malformed
}

/// What happens to requests.
package enum RequestEvent: Sendable {
    /// Ask a peer.
    case ask(RequestID, PeerHandle, Question)
    /// An answer is not wanted any more; nothing more is said of it.
    case cancel(RequestID)
    /// What a connection says of a stream for which `owns` or `takes` is true.
    case connection(PeerHandle, ConnectionAction)
    /// A connection is over.
    case left(PeerHandle)
    /// Things for a peer's question, in order; what is beyond its count, or beyond the bytes that `serve` named, is left out.
    case provide(ServedID, [[UInt8]], isLast: Bool)
    /// A peer's question cannot be answered now.
    case refuse(ServedID)
    /// Time passes; every 100 ms.
    case tick
}

/// What requests want done, in this order.
package enum RequestAction: Sendable {
    /// Tell a connection.
    case connection(PeerHandle, ConnectionEvent)
    /// Things of an answer, in order.
    case items(RequestID, [[UInt8]])
    /// So many more bytes of an answer came that are no whole thing yet.
    case progressed(RequestID, bytes: Int)
    /// An answer is whole: the last that is said of it.
    case ended(RequestID)
    /// An answer is not coming, or no more of it: the last that is said of it.
    case failed(RequestID, RequestFailure)
    /// Answer a peer's question, with no more than so many bytes unless its first thing has more.
    case serve(ServedID, PeerHandle, Question, bytes: Int)
    /// A peer's question need not be answered any more.
    case unwanted(ServedID)
    /// A peer did what no honest one does.
    case blame(PeerHandle, String)
}

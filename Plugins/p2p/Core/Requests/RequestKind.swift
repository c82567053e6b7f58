/// What peers ask each other for, each on a stream of its own that ends with the answer.
package enum RequestKind: UInt8, CaseIterable, Comparable, Sendable {
    /// Decided blocks.
    case blocks
    /// Signed records of where peers are.
    case peers
    /// Whether whoever asks can be called: one byte, a `Reach`.
    case reach

    /// The protocol's name.
    ///
    /// - Parameter network: the first 8 hexadecimal digits of the genesis id.
    package func name(_ network: String) -> String {
        switch self {
        case .blocks: "/spacenode/\(network)/sync/1"
        case .peers: "/spacenode/\(network)/peers/1"
        case .reach: "/spacenode/\(network)/reach/1"
        }
    }

    /// Things in an answer.
    package var mostItems: Int {
        switch self {
        case .blocks: 64
        case .peers: 250
        case .reach: 1
        }
    }

    /// Bytes of one thing: a whole block with its certificate; a record with its signature; a byte.
    package var itemBytes: Int {
        switch self {
        case .blocks: 1_310_720
        case .peers: 4_096
        case .reach: 1
        }
    }

    /// Bytes of all things of an answer, unless the first alone has more.
    package var answerBytes: Int {
        switch self {
        case .blocks: 2 << 20
        case .peers: 256 << 10
        case .reach: 1
        }
    }

    /// Milliseconds between two requests of one peer that are answered.
    package var interval: UInt64 {
        switch self {
        case .blocks: 0
        case .peers, .reach: 10 * Milliseconds.minute
        }
    }

    /// The one that was there first.
    package static func < (left: RequestKind, right: RequestKind) -> Bool { left.rawValue < right.rawValue }
}

/// Whether a port of whoever asks was reached from here.
package enum Reach: UInt8, Hashable, Sendable, CaseIterable {
    /// It was, and the peer with its key is behind it.
    case reached = 1
    /// It was not.
    case notReached = 2
    /// It was not tried.
    case refused = 3
}

/// Limits of requests; spans are milliseconds (spec: p2p, §3.2).
package enum RequestLimit {
    /// Bytes of a question.
    package static let question = 64
    /// Requests of one kind to a peer, and of a peer, at a time.
    package static let ofPeer = 2
    /// Questions that are answered at a time.
    package static let served = 16
    /// Bytes of answers that wait to be sent, besides the one that goes over it.
    package static let waiting = 8 << 20
    /// Bytes of a write: others come in between.
    package static let write = 64 << 10
    /// Bytes below which nothing is written as long as more wait.
    package static let leastWrite = 4 << 10
    /// Without progress for so long a request is over.
    package static let soft: UInt64 = 10 * Milliseconds.second
    /// After so long a request is over.
    package static let hard: UInt64 = Milliseconds.minute
    /// Bytes that are progress.
    package static let progress = 4 << 10
    /// An answer that would take longer is not begun: whoever asks had given up before its end.
    package static let longest: UInt64 = 45 * Milliseconds.second
    /// Progress of an answer is told this often at most.
    package static let report: UInt64 = Milliseconds.second
}

/// Bounds and spans of catching up; spans are milliseconds (spec: p2p, §3.2).
package enum CatchUpLimit {
    /// Peers whose heights are kept; those who come when it is full are not asked.
    package static let peers = 512
    /// Fewest blocks that a range is asked for with, unless fewer are there.
    package static let fewest = 16
    /// Most blocks of a range.
    package static let most = 64
    /// Bytes of the blocks and certificates of an answer.
    ///
    /// Its first block may be of any allowed size.
    package static let answerBytes = 2 << 20
    /// Bytes below which an answer with fewer blocks than asked was cut without need: another block had fitted.
    package static let shortBytes = answerBytes - (5 << 18)
    /// An answer that took so long may have fewer blocks than asked.
    package static let busyLine: UInt64 = 5000
    /// Heights above the node's own that are asked for.
    package static let window: UInt64 = 256
    /// Bytes of blocks that wait or may come; the block that is needed next is asked for in spite of it.
    package static let waitingBytes = 12 << 20
    /// Requests to one peer.
    package static let ofPeer = 2
    /// Peers that are asked at once, besides those that stand still.
    package static let atOnce = 2
    /// Requests in all.
    package static let requests = 8
    /// Requests for the blocks that are needed next.
    package static let doubles = 3
    /// Without progress for so long a request is given up.
    package static let soft: UInt64 = 10_000
    /// After so long a request is given up, whatever came of it.
    package static let hard: UInt64 = 60_000
    /// Bytes that are progress: fewer do not put the end off.
    package static let progressBytes = 4096
    /// Without progress for so long a peer counts as standing still, and another may be asked in its place.
    package static let still: UInt64 = 500
    /// The blocks that are needed next are asked for again after no less than this.
    package static let hedge: UInt64 = 250
    /// A peer that others overtook is not asked for so long.
    package static let overtaken: UInt64 = 2000
    /// After a fault that may be honest a peer is not asked for so long, twice as long after the next.
    package static let pause: UInt64 = 1000
    /// No pause is longer than this.
    package static let longestPause: UInt64 = 60_000
    /// A peer's height may shrink by so much, since its words can overtake each other.
    package static let shrink: UInt64 = 16
    /// Without a new block for so long the node takes part again where it stands, whatever peers claim.
    package static let patience: UInt64 = 2000
    /// Blocks that go to the disk together.
    package static let durable: UInt64 = 64
}

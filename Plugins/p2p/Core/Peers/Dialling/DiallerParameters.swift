/// How many connections a node makes itself, and how.
package struct DiallerParameters: Hashable, Sendable {
    /// Connections for everything.
    package var relay = 8
    /// Connections for headers and blocks only: nobody learns from what is told of others that they are there.
    package var headerOnly = 2
    /// Connections to those of the last run; one that is gone is replaced by one for headers only.
    package var anchors = 2
    /// Whether no two of these may be in one /16 (IPv6 /32); off in labs, where all are in one.
    package var isGroupUnique = true
    /// Milliseconds between two feelers, on average.
    package var feelerPause = 2 * Milliseconds.minute
    /// Milliseconds without a new tip after which others are asked: three times a block's.
    package var staleTip = 15 * Milliseconds.second
    /// Milliseconds after which a connection that was made for a stale tip may be the one that goes.
    package var trial = 30 * Milliseconds.second
    /// Dials under way at once.
    package var mostUnderWay = 8
    /// Milliseconds after which a dial of which nothing was heard is over.
    package var patience = 30 * Milliseconds.second
    /// Milliseconds of connection after which a peer is worth remembering for the next run.
    package var anchorAge = 10 * Milliseconds.minute

    /// The defaults: twelve of forty.
    package init() {}

    /// All of them together.
    package var outbound: Int { relay + headerOnly + anchors }
}

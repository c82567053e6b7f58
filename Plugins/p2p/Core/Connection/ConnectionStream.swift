/// What a connection knows of one of its streams.
struct ConnectionStream: Sendable {
    enum Use: Sendable {
        /// Somebody outside reads and writes.
        case application
        /// We are being told what the other side is, until a time.
        case identifying(FrameReader, deadline: UInt64)
        /// We have told what we are.
        case identified
        /// We wait for these bytes to come back, since a time.
        case pinging(payload: [UInt8], since: UInt64, received: [UInt8])
        /// We send back what comes.
        case echo
    }

    enum Stage: Sendable {
        /// What has come and is not read, and until when there must be an agreement.
        case negotiating(Multistream, ByteQueue, deadline: UInt64)
        case open(isLasting: Bool)
    }

    /// Its name outside; nil as long as nobody there knows of it.
    var handle: StreamHandle?
    var use: Use
    var stage: Stage
    /// When the last byte came or went.
    var touched: UInt64

    /// When its time is over; nil: it has as much as it likes.
    func deadline(_ limits: ConnectionLimits) -> UInt64? {
        switch stage {
        case .negotiating(_, _, let deadline):
            if case .identifying(_, let earlier) = use { return min(deadline, earlier) }
            return deadline
        case .open(let isLasting):
            switch use {
            case .identifying(_, let deadline): return deadline
            case .pinging(_, let since, _): return Milliseconds.sum(since, limits.patience)
            default: return isLasting ? nil : Milliseconds.sum(touched, limits.idleStream)
            }
        }
    }

    var isNegotiating: Bool {
        if case .negotiating = stage { true } else { false }
    }
}

/// What is known of a peer that has blocks.
struct CatchUpPeer: Sendable {
    let handle: UInt64
    /// The highest height that it ever named.
    var claim: UInt64
    /// It is believed to have the blocks below this one.
    var height: UInt64
    /// Faults in a row that an honest peer may have.
    var faults: UInt64 = 0
    /// It is not asked before this.
    var pausedUntil: UInt64 = 0
    /// Milliseconds of its answers for each 1,024 bytes and block of them, smoothed, in thousandths; nil: it never answered.
    var cost: UInt64?
    /// Milliseconds until one of its answers was whole, smoothed.
    var span: UInt64 = 0
    /// It sent what no honest peer sends.
    var isBlamed = false

    init(_ handle: UInt64, claim: UInt64) {
        self.handle = handle
        self.claim = claim
        height = claim
    }

    /// Not to be asked for a while: twice as long with each fault.
    mutating func pause(_ now: UInt64) {
        faults += 1
        let pause = CatchUpLimit.pause << min(faults - 1, 6)
        pausedUntil = now &+ min(pause, CatchUpLimit.longestPause)
    }

    /// A whole answer came after some milliseconds.
    mutating func answered(_ bytes: Int, _ blocks: UInt64, after span: UInt64) {
        faults = 0
        let units = UInt64(max(bytes, 0)) / 1024 + blocks + 1
        let cost = span &* 1000 / units
        self.cost = self.cost.map { ($0 &* 3 &+ cost) / 4 } ?? cost
        self.span = self.span == 0 ? span : (self.span * 3 + span) / 4
    }
}

/// A range that a peer was asked for.
struct CatchUpRequest: Sendable {
    let id: UInt64
    let peer: UInt64
    let from: UInt64
    let count: UInt64
    let started: UInt64
    /// When it last came on by a block, or by bytes enough.
    var progressed: UInt64
    /// Blocks that came.
    var got: UInt64 = 0
    /// Bytes of them.
    var bytes = 0
    /// Bytes that came since the last progress.
    var loose = 0

    init(id: UInt64, peer: UInt64, from: UInt64, count: UInt64, now: UInt64) {
        (self.id, self.peer, self.from, self.count) = (id, peer, from, count)
        (started, progressed) = (now, now)
    }

    /// The first height that it still is to bring.
    var next: UInt64 { from + got }
    /// The height behind its last.
    var end: UInt64 { from + count }

    /// Whether it is to bring a height.
    func covers(_ height: UInt64) -> Bool { next <= height && height < end }

    func isStill(_ now: UInt64) -> Bool { now >= progressed &+ CatchUpLimit.still }

    func isOver(_ now: UInt64) -> Bool {
        now >= progressed &+ CatchUpLimit.soft || now >= started &+ CatchUpLimit.hard
    }

    /// Some bytes came that are no block yet.
    mutating func add(loose bytes: Int, _ now: UInt64) {
        loose = min(loose + max(0, min(bytes, CatchUpLimit.answerBytes)), CatchUpLimit.answerBytes)
        guard loose >= CatchUpLimit.progressBytes else { return }
        loose = 0
        progressed = now
    }
}

/// The way from a node to another.
struct Way: Sendable {
    /// How far apart the points are between which the delay goes straight, at least: 100 ms.
    private static let leastStep: UInt64 = 100_000_000

    /// Of both ends' lines, with what was changed of this way.
    private(set) var line = Line()
    /// Whether it has a rate of its own.
    private(set) var gate = RateGate(rate: nil, queue: 0)
    /// Until when nothing passes; 0: it is open.
    var cutUntil: UInt64 = 0
    /// Packets that threw the dice.
    private var thrown: UInt64 = 0
    /// Its own row of the dice.
    private let row: UInt64

    init(row: UInt64) {
        self.row = row
    }

    /// From what both ends' lines are, and what was changed of the way.
    mutating func set(_ from: Line, _ to: Line, _ change: LineChange?) {
        var mean = Line()
        mean.delay = (from.delay + to.delay) / 2
        mean.jitter = min((from.jitter + to.jitter) / 2, mean.delay)
        mean.loss = (from.loss + to.loss) / 2
        mean.burst = from.burst ?? to.burst
        mean.queue = max(from.queue, to.queue)
        line = change?.applied(to: mean) ?? mean
        gate.set(rate: change?.rates?.first, queue: mean.queue)
    }

    /// Whether nothing passes.
    func isCut(at time: UInt64) -> Bool { time < cutUntil }

    /// When a packet that comes now has its turn at the way's own rate; nil: its queue is full.
    mutating func pass(_ bytes: Int, now: UInt64) -> UInt64? { gate.pass(bytes, now: now) }

    /// Whether the next packet is lost.
    mutating func loses(at time: UInt64, _ dice: Dice) -> Bool {
        let loss = line.loss(at: time)
        guard loss > 0 else { return false }
        thrown += 1
        return dice.number(below: UInt64(LabLimit.loss), 2 * row, thrown) < UInt64(loss)
    }

    /// How long a packet that sets out now is under way.
    ///
    /// The delay goes straight from one thrown point to the next, and so slowly that no packet overtakes another:
    /// lines queue, they do not shuffle.
    func delay(at time: UInt64, _ dice: Dice) -> UInt64 {
        let jitter = line.jitter
        guard jitter > 0 else { return line.delay }
        let step = max(Self.leastStep, 4 * jitter)
        let (place, into) = time.quotientAndRemainder(dividingBy: step)
        let span = 2 * jitter + 1
        let from = dice.number(below: span, 2 * row + 1, place)
        let to = dice.number(below: span, 2 * row + 1, place + 1)
        let moved = (to > from ? to - from : from - to).multipliedFullWidth(by: into)
        let part = step.dividingFullWidth(moved).quotient
        return line.delay - jitter + (to > from ? from + part : from - part)
    }
}

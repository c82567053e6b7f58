/// The lines between nodes: packets in, and when and where they come out or why they do not.
///
/// Time is nanoseconds since the emulator began, and never goes back. The same seed, packets and times give the same
/// outcome. Each packet that was taken comes out once, delivered or dropped.
package struct Emulator: Sendable {
    /// Why a packet does not arrive.
    package enum Drop: String, CaseIterable, Sendable {
        /// By the dice.
        case lost
        /// The way is cut.
        case cut
        /// It would have waited too long at a rate.
        case queue
        /// Too many packets are under way.
        case full
    }

    /// What became of a packet.
    package enum Outcome: Hashable, Sendable {
        /// It is to be handed to its receiver now.
        case delivered(Packet)
        /// It is gone.
        case dropped(Packet, Drop)
    }

    /// Packets and bytes of a node.
    package struct Counts: Hashable, Sendable {
        /// Sent by it.
        package var sent: UInt64 = 0
        package var sentBytes: UInt64 = 0
        /// Handed to it.
        package var received: UInt64 = 0
        package var receivedBytes: UInt64 = 0
        /// Sent by it and dropped, by `Drop`.
        package var lost: UInt64 = 0
        package var cut: UInt64 = 0
        package var queue: UInt64 = 0
        package var full: UInt64 = 0

        fileprivate mutating func add(_ drop: Drop) {
            switch drop {
            case .lost: lost += 1
            case .cut: cut += 1
            case .queue: queue += 1
            case .full: full += 1
            }
        }
    }

    /// Lines as the lab has them, and as they are now.
    private let usual: [Line]
    private var lines: [Line]
    private var changes: [LineChange?]
    private var ways: [Way]
    private var up: [RateGate]
    private var down: [RateGate]
    private var waiting = PacketHeap()
    private let dice: Dice
    /// By number of the node.
    package private(set) var counts: [Counts]

    /// Nothing is under way.
    package init(_ lines: [Line], seed: UInt64) {
        usual = lines
        self.lines = lines
        let count = lines.count
        changes = Array(repeating: nil, count: count * count)
        ways = (0..<count * count).map { Way(row: UInt64($0)) }
        up = lines.map { RateGate(rate: $0.up, queue: $0.queue) }
        down = lines.map { RateGate(rate: $0.down, queue: $0.queue) }
        counts = Array(repeating: Counts(), count: count)
        dice = Dice(seed)
        setWays()
    }

    // MARK: - Packets

    /// When the next packet comes out, or has to be looked at; nil: none is under way.
    package var next: UInt64? { waiting.first?.at }
    /// Packets under way.
    package var inFlight: Int { waiting.count }

    /// Takes a packet between two of the nodes.
    /// - Returns: nil: it is under way; otherwise why it is gone already.
    package mutating func enter(_ packet: Packet, now: UInt64) -> Drop? {
        counts[packet.from].sent += 1
        counts[packet.from].sentBytes += UInt64(packet.bytes)
        let drop = send(packet, now)
        if let drop { counts[packet.from].add(drop) }
        return drop
    }

    private mutating func send(_ packet: Packet, _ now: UInt64) -> Drop? {
        let way = packet.from * lines.count + packet.to
        guard waiting.count < LabLimit.packets else { return .full }
        if ways[way].isCut(at: now) { return .cut }
        guard let sent = up[packet.from].pass(packet.bytes, now: now),
            let passed = ways[way].pass(packet.bytes, now: sent)
        else { return .queue }
        if ways[way].loses(at: passed, dice) { return .lost }
        waiting.add(packet, at: passed + ways[way].delay(at: passed, dice), isThrough: false)
        return nil
    }

    /// What has become of the next packet by now; nil: nothing more until `next`.
    package mutating func take(now: UInt64) -> Outcome? {
        while let first = waiting.first, first.at <= now, let entry = waiting.takeFirst() {
            let packet = entry.packet
            if ways[packet.from * lines.count + packet.to].isCut(at: entry.at) { return drop(packet, .cut) }
            if entry.isThrough { return deliver(packet) }
            // As of the moment when it came, however late it is looked at: so no rate depends on the one who asks.
            guard let leaves = down[packet.to].pass(packet.bytes, now: entry.at) else {
                return drop(packet, .queue)
            }
            if leaves <= now { return deliver(packet) }
            waiting.add(packet, at: leaves, isThrough: true)
        }
        return nil
    }

    private mutating func deliver(_ packet: Packet) -> Outcome {
        counts[packet.to].received += 1
        counts[packet.to].receivedBytes += UInt64(packet.bytes)
        return .delivered(packet)
    }

    private mutating func drop(_ packet: Packet, _ drop: Drop) -> Outcome {
        counts[packet.from].add(drop)
        return .dropped(packet, drop)
    }

    // MARK: - Faults

    /// Cuts nodes off from all others, or ways; what is under way there is lost.
    /// - Parameter end: when they are open again; nil: never.
    package mutating func cut(_ place: Place, until end: UInt64?) {
        for (from, to) in pairs(place) {
            for way in [from * lines.count + to, to * lines.count + from] {
                ways[way].cutUntil = max(ways[way].cutUntil, end ?? .max)
            }
        }
    }

    /// Changes the lines of nodes, or the ways between nodes, until `heal`.
    package mutating func slow(_ place: Place, _ change: LineChange) {
        switch place {
        case .nodes(let nodes):
            for node in nodes { lines[node] = change.applied(to: lines[node]) }
        case .between(let ones, let others):
            var back = change
            back.rates = change.rates.map { LineChange.Rates(first: $0.second, second: $0.first) }
            for (one, other) in ones.flatMap({ one in others.map { (one, $0) } }) {
                add(change, to: one * lines.count + other)
                add(back, to: other * lines.count + one)
            }
        }
        setWays()
    }

    /// Everything is as the lab has it.
    package mutating func heal() {
        lines = usual
        for way in ways.indices { (changes[way], ways[way].cutUntil) = (nil, 0) }
        setWays()
    }

    /// Lines as they are now.
    package var current: [Line] { lines }

    /// Ways that are cut, each once, and until when; nil: until `heal`.
    package func cuts(now: UInt64) -> [(from: Int, to: Int, until: UInt64?)] {
        var result: [(from: Int, to: Int, until: UInt64?)] = []
        for from in lines.indices {
            for to in lines.indices where from < to && ways[from * lines.count + to].isCut(at: now) {
                let end = ways[from * lines.count + to].cutUntil
                result.append((from, to, end == .max ? nil : end))
            }
        }
        return result
    }

    /// Ways with lines of their own, each direction.
    package func slowed() -> [(from: Int, to: Int, line: Line)] {
        changes.indices.filter { changes[$0] != nil }.map { way in
            var line = ways[way].line
            (line.down, line.up) = (ways[way].gate.rate, ways[way].gate.rate)
            return (way / lines.count, way % lines.count, line)
        }
    }

    private func pairs(_ place: Place) -> [(Int, Int)] {
        let (ones, others): ([Int], [Int])
        switch place {
        case .nodes(let nodes): (ones, others) = (nodes, lines.indices.filter { !nodes.contains($0) })
        case .between(let first, let second): (ones, others) = (first, second)
        }
        return ones.flatMap { one in others.map { (one, $0) } }
    }

    private mutating func add(_ change: LineChange, to way: Int) {
        var sum = changes[way] ?? LineChange()
        sum.delay = change.delay ?? sum.delay
        sum.jitter = change.jitter ?? sum.jitter
        sum.loss = change.loss ?? sum.loss
        sum.rates = change.rates ?? sum.rates
        changes[way] = sum
    }

    private mutating func setWays() {
        for node in lines.indices {
            up[node].set(rate: lines[node].up, queue: lines[node].queue)
            down[node].set(rate: lines[node].down, queue: lines[node].queue)
        }
        for from in lines.indices {
            for to in lines.indices where from != to {
                let way = from * lines.count + to
                ways[way].set(lines[from], lines[to], changes[way])
            }
        }
    }
}

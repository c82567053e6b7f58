import NodeDomain
import P2PCore
import TestSupport

/// An attacker who wants all connections that a node makes itself.
///
/// It has 4,096 addresses in 16 parts of the network, makes up four keys for each, always answers, holds inbound
/// places of the victim from the first minute, and feeds its addresses for a day as fast as the victim takes them. The
/// honest network answers as home lines do, and leaves. Then the victim starts again from its book.
struct EclipseWorld {
    /// What is varied.
    struct Setup: Sendable {
        /// Whether addresses are put into buckets, and connections spread, by part of the network: off, it must fail.
        var isGrouped = true
        var hours: UInt64 = 24
        /// Honest peers that the victim had reached before the attack.
        var reached = 300
        /// Inbound places that the attacker holds, spread over its parts of the network.
        var inbound: UInt32 = 16
        /// Starts after the attack; each is one try.
        var starts = 1
    }

    /// What became of a run.
    struct Outcome: Equatable, Sendable {
        /// Starts after which all connections were the attacker's.
        var eclipses = 0
        var starts = 0
        /// Connections of the attacker's, of all that were made.
        var hostile = 0
        var connections = 0
        /// What the attacker has of the book.
        var hostileNew = 0
        var new = 0
        var hostileTried = 0
        var tried = 0

        static func += (left: inout Outcome, right: Outcome) {
            left.eclipses += right.eclipses
            left.starts += right.starts
            left.hostile += right.hostile
            left.connections += right.connections
            left.hostileNew += right.hostileNew
            left.new += right.new
            left.hostileTried += right.hostileTried
            left.tried += right.tried
        }
    }

    private static let hostileMark: UInt64 = 1 << 63
    static let hostileGroups = 16
    private static let step = 2 * Milliseconds.minute
    /// 16,384 keys at 4,096 addresses, 256 in each of 16 parts of the network.
    private static let hostile: [PeerContact] = (0..<16_384 as Range<UInt32>).map { number in
        var random = SplitMix(seed: UInt64(number))
        let peer = PeerID(publicKey: Bytes32(random.next(), random.next(), UInt64(number), hostileMark))
        let place = (150 + number % 16) << 16 + (number / 16) % 256 << 8 + 1
        return PeerContact(peer: peer, addresses: [Multiaddress(.ip4(20 << 24 + place), port: 7_610)])
    }

    /// 2,000 nodes in 500 parts of the network.
    private static let honest: [PeerContact] = (0..<2_000 as Range<UInt32>).map { number in
        var random = SplitMix(seed: 1 << 40 + UInt64(number))
        let peer = PeerID(publicKey: Bytes32(random.next(), random.next(), UInt64(number), 0))
        let place = (number % 500) << 16 + (number / 500) << 8 + 1
        return PeerContact(peer: peer, addresses: [Multiaddress(.ip4(64 << 24 + place), port: 7_610)])
    }

    private let setup: Setup
    private var random: SplitMix
    private var book: PeerBook
    private var dialler: Dialler
    private var nextHandle: UInt64 = 1
    private var feeding: [(handle: PeerHandle, group: NetworkGroup)] = []

    init(_ setup: Setup, seed: UInt64) {
        self.setup = setup
        random = SplitMix(seed: seed)
        var parameters = PeerBookParameters()
        parameters.isGrouped = setup.isGrouped
        let key = KeyedHash(key0: random.next(), key1: random.next())
        book = PeerBook(parameters, key: key, seed: random.next())
        dialler = Self.dialler(setup, seed: random.next())
    }

    private static func dialler(_ setup: Setup, seed: UInt64) -> Dialler {
        var parameters = DiallerParameters()
        parameters.isGroupUnique = setup.isGrouped
        return Dialler(parameters, own: somePeer(1), seed: seed, now: 0)
    }

    private static func isHostile(_ peer: PeerID) -> Bool { peer.publicKey.word3 == hostileMark }

    /// One run.
    static func run(_ setup: Setup, seed: UInt64) -> Outcome {
        var world = EclipseWorld(setup, seed: seed)
        world.settle()
        world.attack()
        return world.restart()
    }

    // MARK: - Before

    /// The victim has lived among honest nodes: heard of all, reached some.
    private mutating func settle() {
        for _ in 0..<3 {
            for contact in Self.honest {
                let source = Self.honest[random.below(Self.honest.count)].group
                _ = book.add(contact, from: source, now: 0)
            }
        }
        for _ in 0..<setup.reached { book.reached(Self.honest[random.below(Self.honest.count)].peer, now: 0) }
        tick(0)
    }

    // MARK: - A day

    private mutating func attack() {
        for number in 0..<setup.inbound { feed(number % UInt32(Self.hostileGroups), 0) }
        for now in stride(from: Self.step, through: setup.hours * Milliseconds.hour, by: Int(Self.step)) {
            leave(now)
            tick(now)
            // A tenth a second is all that is taken.
            let first = Int(now / Self.step) * 12
            for (handle, group) in feeding { tell(handle, group, 12, from: first, now) }
        }
    }

    private mutating func feed(_ number: UInt32, _ now: UInt64) {
        let handle = PeerHandle(value: nextHandle)
        nextHandle += 1
        book.connected(handle, now: now)
        feeding.append((handle, NetworkGroup(.ip4(20 << 24 + (150 + number) << 16), .large)))
    }

    /// Tells of so many of the attacker's, one after the other: where they come in the book is under the book's key, so
    /// their order is of no use to the attacker.
    private mutating func tell(
        _ handle: PeerHandle, _ group: NetworkGroup, _ count: Int, from first: Int, _ now: UInt64
    ) {
        for place in first..<first + count {
            _ = book.receive(
                Self.hostile[place % Self.hostile.count], from: handle, source: group, now: now)
        }
    }

    /// Honest peers leave after eight hours on average, the attacker's never.
    private mutating func leave(_ now: UInt64) {
        for peer in dialler.connections where !Self.isHostile(peer) && random.below(240) == 0 {
            dialler.disconnected(peer, now: now)
        }
    }

    private mutating func tick(_ now: UInt64) {
        for part in 0..<2 as Range<UInt64> where part == 0 || dialler.connections.count < 12 {
            let time = now + part * 1_000
            dialler.tip(from: nil, now: time)
            for case .dial(let peer, _, let purpose) in dialler.tick(
                &book, isConnected: { _ in false }, now: time)
            {
                guard Self.isHostile(peer) || random.below(10) < 7 else {
                    dialler.failed(peer, &book, now: time)
                    continue
                }
                _ = dialler.connected(peer, &book, now: time)
                if purpose == .relay { ask(peer, time) }
            }
        }
    }

    /// A new connection is asked for others: an honest one knows 250, a fifth of them the attacker's already.
    private mutating func ask(_ peer: PeerID, _ now: UInt64) {
        guard let group = book.contact(of: peer)?.group else { return }
        let handle = PeerHandle(value: nextHandle)
        nextHandle += 1
        book.connected(handle, now: now)
        book.asked(handle, now: now)
        if Self.isHostile(peer) {
            tell(handle, group, 1_000, from: random.below(Self.hostile.count), now)
            feeding.append((handle, group))
        } else {
            tell(handle, group, 50, from: random.below(Self.hostile.count), now)
            for _ in 0..<200 {
                let contact = Self.honest[random.below(Self.honest.count)]
                _ = book.receive(contact, from: handle, source: group, now: now)
            }
            book.disconnected(handle)
        }
    }

    // MARK: - The start

    private mutating func restart() -> Outcome {
        var outcome = Outcome(new: book.newCount, tried: book.triedCount)
        for contact in Self.hostile {
            switch book.isTried(contact.peer) {
            case true?: outcome.hostileTried += 1
            case false?: outcome.hostileNew += 1
            case nil: break
            }
        }
        let end = setup.hours * Milliseconds.hour + Self.step
        // A copy is only worth its time when it is needed again.
        let kept = setup.starts > 1 ? book : nil
        for _ in 0..<setup.starts {
            if let kept { book = kept }
            dialler = Self.dialler(setup, seed: random.next())
            feeding = []
            for second in 0..<20 as Range<UInt64> where dialler.connections.count < 12 {
                tick(end + second * 4_000)
            }
            let connections = dialler.connections
            let hostile = connections.filter(Self.isHostile).count
            outcome.starts += 1
            outcome.eclipses += hostile == connections.count ? 1 : 0
            outcome.hostile += hostile
            outcome.connections += connections.count
        }
        return outcome
    }
}

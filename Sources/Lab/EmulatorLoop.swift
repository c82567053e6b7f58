internal import CTun
internal import Foundation
internal import LabCore
internal import NodeCommand

/// Carries packets between the TUNs as the emulator decides, and takes wishes.
struct EmulatorLoop: ~Copyable {
    /// Packets of one node that are read before the others have their turn.
    private static let atOnce = 64
    /// Names of what is watched: a node's number, the listener, and connections after it.
    private static let listenerName = UInt32(LabLimit.nodes)

    private let plan: LabPlan
    private var emulator: Emulator
    private var pool = PacketPool()
    private let tuns: [Int32]
    private let poll: Int32
    private var server: EmulatorServer
    private let began = EmulatorLoop.clock()
    private var others: UInt64 = 0
    private var refused: UInt64 = 0
    private var isEnding = false
    /// When it looked last whether the lab is still there.
    private var looked: UInt64 = 0

    /// Opens a TUN in each namespace, and listens for wishes.
    static func open(_ plan: LabPlan) throws -> EmulatorLoop {
        let tuns = try openTuns(plan)
        return EmulatorLoop(plan, tuns, listener: try UnixSocket.listen(plan.socket))
    }

    private init(_ plan: LabPlan, _ tuns: [Int32], listener: Int32) {
        self.plan = plan
        self.tuns = tuns
        emulator = Emulator(plan.nodes.map(\.line), seed: plan.setup.seed)
        server = EmulatorServer(listener)
        poll = tun_make_set()
    }

    deinit {
        for tun in tuns { close(tun) }
        close(poll)
    }

    private static func openTuns(_ plan: LabPlan) throws -> [Int32] {
        let root = Glibc.open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)
        guard root >= 0 else { throw CommandFault.system("/proc/self/ns/net cannot be opened") }
        defer { close(root) }
        return try plan.nodes.map { node in
            let namespace = Glibc.open("\(Namespaces.folder)/\(node.namespace)", O_RDONLY | O_CLOEXEC)
            guard namespace >= 0 else { throw CommandFault.system("\(node.namespace) cannot be opened") }
            defer { close(namespace) }
            guard tun_enter_network(namespace) == 0 else {
                throw CommandFault.system("\(node.namespace) cannot be entered")
            }
            let tun = tun_open(LabPlan.interface)
            let error = errno
            guard tun_enter_network(root) == 0 else {
                throw CommandFault.system("the namespace of the machine cannot be entered again")
            }
            errno = error
            guard tun >= 0 else { throw CommandFault.system("no TUN can be made in \(node.namespace)") }
            return tun
        }
    }

    /// Carries packets until it is asked to end, or the flag is raised.
    mutating func run(_ stop: StopFlag) throws {
        try watchAll()
        var names = [UInt32](repeating: 0, count: 128)
        while !isEnding, !stop.isRaised {
            let count = tun_wait(poll, &names, Int32(names.count), wait)
            if count < 0, errno != EINTR { throw CommandFault.system("the lines cannot be watched") }
            for name in names.prefix(Int(max(0, count))) {
                if name < Self.listenerName { readPackets(Int(name)) } else { serve(name) }
            }
            deliver()
            lookForFolder()
        }
        unlink(plan.socket)
    }

    /// A lab whose folder was removed has nobody who could end this process.
    private mutating func lookForFolder() {
        let now = now
        guard now - looked >= 1_000_000_000 else { return }
        looked = now
        if access(plan.labFile, F_OK) != 0, errno == ENOENT { isEnding = true }
    }

    private func watchAll() throws {
        for (number, tun) in tuns.enumerated() where tun_watch(poll, tun, UInt32(number)) != 0 {
            throw CommandFault.system("the TUN of \(plan.nodes[number].name) cannot be watched")
        }
        guard tun_watch(poll, server.listener, Self.listenerName) == 0 else {
            throw CommandFault.system("\(plan.socket) cannot be watched")
        }
    }

    /// Milliseconds until the next packet is due, rounded up: none leaves early, and many leave together.
    private var wait: Int32 {
        guard let next = emulator.next else { return 1000 }
        let now = now
        guard next > now else { return 0 }
        return Int32(min(1000, (next - now + 999_999) / 1_000_000))
    }

    // MARK: - Packets

    private mutating func readPackets(_ node: Int) {
        for _ in 0..<Self.atOnce {
            guard let place = pool.take() else { return }
            let count = read(tuns[node], pool[place], PacketPool.place)
            guard count > 0 else { return pool.give(place) }
            guard let to = receiver(pool[place], count), to != node else {
                others += 1
                pool.give(place)
                continue
            }
            let packet = Packet(number: place, from: node, to: to, bytes: count)
            if emulator.enter(packet, now: now) != nil { pool.give(place) }
        }
    }

    /// The node to whose address an IPv4 packet goes; nil: no node's.
    private func receiver(_ packet: UnsafeMutableRawPointer, _ count: Int) -> Int? {
        let bytes = UnsafeRawBufferPointer(start: packet, count: count)
        guard count >= 20, bytes[0] >> 4 == 4, bytes[16] == 10, bytes[17] == 78, bytes[18] == 0 else {
            return nil
        }
        return plan.node(last: bytes[19])
    }

    private mutating func deliver() {
        let now = now
        while let outcome = emulator.take(now: now) {
            switch outcome {
            case .delivered(let packet):
                if write(tuns[packet.to], pool[packet.number], packet.bytes) != packet.bytes { refused += 1 }
                pool.give(packet.number)
            case .dropped(let packet, _): pool.give(packet.number)
            }
        }
    }

    /// Nanoseconds since it began.
    private var now: UInt64 { EmulatorLoop.clock() - began }

    private static func clock() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: - Wishes

    private mutating func serve(_ name: UInt32) {
        if name == Self.listenerName {
            guard let file = server.accept() else { return }
            if tun_watch(poll, file, Self.listenerName + 1 + UInt32(file)) != 0 { server.drop(file) }
            return
        }
        let file = Int32(name - Self.listenerName - 1)
        guard let request = server.read(file) else { return }
        server.reply(file, answer(request))
    }

    private mutating func answer(_ request: EmulatorRequest) -> EmulatorReply {
        do {
            let places = try request.places.map { try Place($0, names: plan.names) }
            switch request.verb {
            case .report: break
            case .cut: for place in places { emulator.cut(place, until: request.lasts.map { now + $0 }) }
            case .slow:
                let change = request.change.map { LineChange($0) } ?? LineChange()
                for place in places { emulator.slow(place, change) }
            case .heal: emulator.heal()
            case .end: isEnding = true
            }
            return EmulatorReply(report: report())
        } catch {
            return EmulatorReply(fault: "\(error)")
        }
    }

    private func report() -> EmulatorReport {
        let now = now
        let names = plan.names
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let cpu =
            (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000
            + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000
        return EmulatorReport(
            pid: getpid(), upMilliseconds: now / 1_000_000, cpuMilliseconds: UInt64(max(0, cpu)),
            inFlight: emulator.inFlight, others: others, refused: refused,
            nodes: zip(plan.nodes, zip(emulator.counts, emulator.current)).map { node, state in
                .init(node.name, state.1, state.0)
            },
            cuts: emulator.cuts(now: now).map { cut in
                .init(
                    from: names[cut.from], to: names[cut.to],
                    leftMilliseconds: cut.until.map { ($0 - now) / 1_000_000 })
            },
            slowed: emulator.slowed().map { way in
                .init(from: names[way.from], to: names[way.to], line: way.line.text)
            })
    }
}

extension EmulatorReport.Node {
    init(_ name: String, _ line: Line, _ counts: Emulator.Counts) {
        self.init(
            name: name, line: line.text, sent: counts.sent, sentBytes: counts.sentBytes,
            received: counts.received, receivedBytes: counts.receivedBytes, lost: counts.lost,
            cut: counts.cut, queue: counts.queue, full: counts.full)
    }
}

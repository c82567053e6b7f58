/// Questions of peers: answered as the budget and their lines allow, a few at a time.
struct RequestServer: Sendable {
    /// A question, its answer, and what is left of that to send.
    private struct Service: Sendable {
        let id: ServedID
        let peer: PeerHandle
        let stream: StreamHandle
        let kind: RequestKind
        let started: UInt64
        var reader = FrameReader(limit: RequestLimit.question)
        /// Nil: it has not come yet.
        var question: Question?
        /// Bytes that its answer may have.
        var allowance = 0
        var items = 0
        var bytes = 0
        var queue = ByteQueue()
        var isEnding = false
        /// Bytes that the peer takes now.
        var room = 0
        /// When it last took some, or had nothing to take.
        var moved: UInt64

        /// Whether the node is asked for things and has not given all.
        var isWaiting: Bool { question != nil && !isEnding }
    }

    private(set) var budget: RequestBudget
    private var services: [Service] = []
    private var lastID: UInt64 = 0
    /// When peers were last answered, for kinds that are answered rarely.
    private var answered: [RequestKind: [PeerHandle: UInt64]] = [:]
    /// Who is next to send.
    private var turn = 0

    init(_ budget: RequestBudget) {
        self.budget = budget
    }

    /// Questions that are being answered.
    var count: Int { services.count }
    /// Bytes that wait to be sent.
    var waiting: Int { services.reduce(0) { $0 + $1.queue.count } }

    func owns(_ peer: PeerHandle, _ stream: StreamHandle) -> Bool { place(peer, stream) != nil }

    // MARK: - Streams

    mutating func open(
        _ kind: RequestKind, _ peer: PeerHandle, _ stream: StreamHandle, _ now: UInt64
    ) -> [RequestAction] {
        let own = services.count { $0.peer == peer && $0.kind == kind }
        // Room is kept for those who are told that there is none.
        guard own < 2 * RequestLimit.ofPeer, services.count < 2 * RequestLimit.served else {
            return [.connection(peer, .reset(stream))]
        }
        lastID += 1
        services.append(
            Service(
                id: ServedID(number: lastID), peer: peer, stream: stream, kind: kind, started: now, moved: now
            ))
        return []
    }

    mutating func take(_ action: ConnectionAction, _ peer: PeerHandle, _ now: UInt64) -> [RequestAction] {
        switch action {
        case .data(let stream, let bytes): return read(bytes, peer, stream, now)
        case .writable(let stream, let room):
            guard let place = place(peer, stream) else { return [] }
            services[place].room = max(0, room)
            return send(now)
        case .finished(let stream):
            // Whoever says no more and has not asked will not ask.
            guard let place = place(peer, stream), services[place].question == nil else { return [] }
            return drop(place)
        case .reset(let stream, _), .closed(let stream), .refused(let stream, _):
            guard let place = place(peer, stream) else { return [] }
            let service = services.remove(at: place)
            return service.isWaiting ? [.unwanted(service.id)] : []
        case .opened, .send, .secured, .identified, .pong, .close: return []
        }
    }

    private mutating func read(
        _ bytes: [UInt8], _ peer: PeerHandle, _ stream: StreamHandle, _ now: UInt64
    ) -> [RequestAction] {
        let consumed = RequestAction.connection(peer, .consumed(stream, bytes.count))
        guard let place = place(peer, stream) else { return [consumed] }
        var service = services[place]
        guard service.question == nil else {
            return [consumed] + drop(place) + [.blame(peer, "it asks more than one thing on a stream")]
        }
        service.reader.append(bytes)
        do {
            guard let frame = try service.reader.next() else {
                services[place] = service
                return [consumed]
            }
            let question = try Question(service.kind, bytes: frame)
            guard service.reader.waiting == 0 else {
                throw WireFault.invalid(offset: 0, what: "bytes follow it")
            }
            service.question = question
            services[place] = service
            return [consumed] + begin(place, question, now)
        } catch {
            return [consumed] + drop(place) + [.blame(peer, "its question cannot be read: \(error)")]
        }
    }

    // MARK: - Answers

    private mutating func begin(_ place: Int, _ question: Question, _ now: UInt64) -> [RequestAction] {
        let service = services[place]
        let own = services.count { $0.peer == service.peer && $0.kind == service.kind && $0.question != nil }
        let active = services.count { $0.isWaiting || !$0.queue.isEmpty }
        let isEarly = answered[service.kind]?[service.peer].map {
            Milliseconds.since($0, now: now) < service.kind.interval
        }
        let backlog = waiting
        guard own <= RequestLimit.ofPeer, active <= RequestLimit.served, isEarly != true,
            backlog <= RequestLimit.waiting, budget.span(of: backlog) <= RequestLimit.longest / 2
        else { return end(place, .busy, now) }
        if service.kind.interval > 0 { answered[service.kind, default: [:]][service.peer] = now }
        // What can be sent before whoever asks gives up, shared with the others.
        let share = Int(clamping: budget.rate * (RequestLimit.longest / 1000)) / max(1, active)
        services[place].allowance = min(service.kind.answerBytes, max(share, RequestLimit.write))
        return [.serve(service.id, service.peer, question, bytes: services[place].allowance)]
    }

    mutating func provide(_ id: ServedID, _ items: [[UInt8]], isLast: Bool, _ now: UInt64) -> [RequestAction]
    {
        guard let place = services.firstIndex(where: { $0.id == id }), services[place].isWaiting,
            let question = services[place].question
        else { return [] }
        var isFull = false
        for item in items where !isFull {
            let service = services[place]
            let isFirst = service.items == 0
            isFull =
                service.items >= question.count || item.count > service.kind.itemBytes
                || !isFirst && service.bytes + item.count > service.allowance
            if isFull { break }
            // A single large thing may take longer than anybody waits.
            if isFirst, budget.span(of: waiting + item.count) > RequestLimit.longest {
                return end(place, .busy, now)
            }
            services[place].queue.append(AnswerFrame.item(item).delimited)
            services[place].items += 1
            services[place].bytes += item.count
        }
        guard isLast || isFull || services[place].items == question.count else { return send(now) }
        return end(place, .done, now)
    }

    mutating func refuse(_ id: ServedID, _ now: UInt64) -> [RequestAction] {
        guard let place = services.firstIndex(where: { $0.id == id }), services[place].isWaiting else {
            return []
        }
        return end(place, .busy, now)
    }

    private mutating func end(_ place: Int, _ how: AnswerFrame.End, _ now: UInt64) -> [RequestAction] {
        services[place].queue.append(AnswerFrame.end(how).delimited)
        services[place].isEnding = true
        services[place].moved = now
        return send(now)
    }

    // MARK: - Sending

    /// Writes what budget and lines allow, a piece for each in turn.
    private mutating func send(_ now: UInt64) -> [RequestAction] {
        var actions: [RequestAction] = []
        budget.fill(now: now)
        var idle = 0
        while !services.isEmpty, idle < services.count {
            turn = turn % services.count
            guard let piece = piece(turn) else {
                idle += 1
                turn += 1
                continue
            }
            idle = 0
            budget.spend(piece.count)
            services[turn].moved = now
            services[turn].room -= piece.count
            let (peer, stream) = (services[turn].peer, services[turn].stream)
            actions.append(.connection(peer, .write(stream, piece)))
            if services[turn].isEnding, services[turn].queue.isEmpty {
                actions.append(.connection(peer, .finish(stream)))
                services.remove(at: turn)
            } else {
                turn += 1
            }
        }
        return actions
    }

    private mutating func piece(_ place: Int) -> [UInt8]? {
        let queued = services[place].queue.count
        let most = min(queued, services[place].room, RequestLimit.write)
        // Many small writes cost more than they bring.
        let least = min(most, RequestLimit.leastWrite)
        guard most > 0, budget.bytes >= least else { return nil }
        return services[place].queue.take(min(most, budget.bytes))
    }

    // MARK: - Time

    mutating func tick(_ now: UInt64) -> [RequestAction] {
        var actions = send(now)
        for kind in RequestKind.allCases where kind.interval > 0 {
            answered[kind] = answered[kind]?.filter { Milliseconds.since($0.value, now: now) < kind.interval }
        }
        var place = 0
        while place < services.count {
            // Who waits for the budget is not to blame: only a line that takes nothing is slow.
            if services[place].room > 0, !services[place].queue.isEmpty { services[place].moved = now }
            let service = services[place]
            let isOver =
                now >= Milliseconds.sum(service.moved, RequestLimit.soft)
                || now >= Milliseconds.sum(service.started, RequestLimit.hard)
            guard isOver else {
                place += 1
                continue
            }
            if service.isWaiting, service.items == 0,
                now < Milliseconds.sum(service.started, RequestLimit.hard)
            {
                // The node itself is slow: that is said, and once.
                actions += [.unwanted(service.id)] + end(place, .busy, now)
            } else {
                actions += drop(place)
            }
        }
        return actions
    }

    mutating func left(_ peer: PeerHandle) -> [RequestAction] {
        let gone = services.filter { $0.peer == peer && $0.isWaiting }
        services.removeAll { $0.peer == peer }
        return gone.map { .unwanted($0.id) }
    }

    private mutating func drop(_ place: Int) -> [RequestAction] {
        let service = services.remove(at: place)
        let reset = RequestAction.connection(service.peer, .reset(service.stream))
        return service.isWaiting ? [reset, .unwanted(service.id)] : [reset]
    }

    private func place(_ peer: PeerHandle, _ stream: StreamHandle) -> Int? {
        services.firstIndex { $0.peer == peer && $0.stream == stream }
    }
}

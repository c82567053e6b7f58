/// Requests: which streams are theirs, whom to ask, and what becomes of it.
extension P2PNode {
    /// Whether a connection speaks of a stream of requests.
    func isOfRequests(_ action: ConnectionAction, _ handle: PeerHandle) -> Bool {
        if case .opened(_, let name, inbound: true) = action { return requests.takes(name) }
        return action.stream.map { requests.owns(handle, $0) } ?? false
    }

    mutating func handle(_ event: RequestEvent, _ now: UInt64) -> [NodeAction] {
        guard case .ask(let id, let peer, let question) = event else {
            return carryOut(requests.handle(event, now: now), now)
        }
        guard let handle = peer.value == 0 ? anyone() : peer, links[handle]?.isOurs == true else {
            return [.request(.failed(id, .gone))]
        }
        return carryOut(requests.handle(.ask(id, handle, question), now: now), now)
    }

    /// Does what requests want; those about peers are this node's own.
    mutating func carryOut(_ actions: [RequestAction], _ now: UInt64) -> [NodeAction] {
        var done: [NodeAction] = []
        for action in actions {
            switch action {
            case .connection(let handle, let event):
                if case .write(_, let bytes) = event {
                    gossip.traffic?.sent(UInt64(bytes.count), .sync, to: handle, now: now)
                }
                done.append(.connection(handle, event))
            case .blame(let handle, let reason): done += blame(handle, reason, now)
            case .serve(let id, let handle, .peers, _):
                let records = settings.isPrivate ? [] : memory.book.reply(to: handle, now: now) ?? []
                done += carryOut(requests.handle(.provide(id, records, isLast: true), now: now), now)
            case .serve(let id, let handle, .reach(let port), _): done += probe(id, handle, port, now)
            case .unwanted(let id) where probes.values.contains(id): probes = probes.filter { $0.value != id }
            case .items(let id, let items) where id.kind != .blocks: done += take(id, items, now)
            case .ended(let id) where id.kind != .blocks: questions[id] = nil
            case .failed(let id, _) where id.kind != .blocks:
                let handle = questions.removeValue(forKey: id)
                if id.kind == .reach, let handle { own.answered(handle, .refused, now: now) }
            case .progressed(let id, _) where id.kind != .blocks: break
            case .items, .progressed, .ended, .failed, .serve, .unwanted: done.append(.request(action))
            }
        }
        return done
    }

    /// Asks something of this node's own.
    mutating func ask(_ question: Question, _ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        lastQuestion += 1
        let id = RequestID(question.kind, lastQuestion)
        questions[id] = handle
        return carryOut(requests.handle(.ask(id, handle, question), now: now), now)
    }

    private mutating func take(_ id: RequestID, _ items: [[UInt8]], _ now: UInt64) -> [NodeAction] {
        guard let handle = questions[id] else { return [] }
        if id.kind == .peers { return learn(items, from: handle, now) }
        guard let byte = items.first?.first, let reach = Reach(rawValue: byte) else {
            return blame(handle, "its answer is no answer to whether a port is open", now)
        }
        own.answered(handle, reach, now: now)
        return []
    }
}

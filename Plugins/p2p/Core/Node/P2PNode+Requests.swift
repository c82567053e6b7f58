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

    /// Does what requests want.
    mutating func carryOut(_ actions: [RequestAction], _ now: UInt64) -> [NodeAction] {
        var done: [NodeAction] = []
        for action in actions {
            switch action {
            case .connection(let handle, let event): done.append(.connection(handle, event))
            case .blame(let handle, let reason): done += blame(handle, reason, now)
            case .items, .progressed, .ended, .failed, .serve, .unwanted: done.append(.request(action))
            }
        }
        return done
    }
}

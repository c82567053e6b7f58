/// Streams: what comes in is cut into messages, what goes out waits until there is room.
extension P2PNode {
    mutating func take(_ action: ConnectionAction, _ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        guard links[handle] != nil else { return [] }
        if isOfRequests(action, handle) {
            return carryOut(requests.handle(.connection(handle, action), now: now), now)
        }
        switch action {
        case .identified(let identify): identified(identify, handle, now)
        case .opened(let stream, let name, let isInbound):
            if isInbound { return open(stream, name, handle) }
            setStream(stream, handle) { _ in .open(stream, protocol: name, writable: 0) }
            return settle(handle, now)
        case .refused(let stream, _), .reset(let stream, _), .closed(let stream):
            return end(stream, handle, now)
        case .data(let stream, let bytes): return read(bytes, stream, handle, now)
        case .finished(let stream):
            // One of a request that is over has been finished already.
            guard links[handle]?.incoming.removeValue(forKey: stream) != nil else { return [] }
            return [.connection(handle, .finish(stream))]
        case .writable(let stream, let room):
            setStream(stream, handle) { outgoing in
                guard case .open(_, let name, _) = outgoing else { return outgoing }
                return .open(stream, protocol: name, writable: room)
            }
            return flush(handle, now)
        case .pong(let milliseconds):
            links[handle]?.ping = milliseconds
            gate.ping(handle, milliseconds: milliseconds)
        case .send, .secured, .close: break
        }
        return []
    }

    /// Changes the state of one of our streams.
    private mutating func setStream(
        _ stream: StreamHandle, _ handle: PeerHandle, _ change: (Link.Outgoing) -> Link.Outgoing
    ) {
        guard var link = links[handle] else { return }
        for path in [\Link.direct, \Link.gossip] where link[keyPath: path].handle == stream {
            link[keyPath: path] = change(link[keyPath: path])
        }
        links[handle] = link
    }

    /// A stream of the peer is there: one of each kind, the newer in place of the older.
    private mutating func open(_ stream: StreamHandle, _ name: String, _ handle: PeerHandle) -> [NodeAction] {
        guard var link = links[handle] else { return [] }
        let isGossip = name != directProtocol
        let older = link.incoming.filter { $0.value.isGossip == isGossip }.keys
        for stream in older { link.incoming[stream] = nil }
        let limit = isGossip ? GossipWireLimit.rpcBytes : DirectLimit.message + 16
        link.incoming[stream] = Link.Incoming(isGossip: isGossip, frames: FrameReader(limit: limit))
        links[handle] = link
        return older.sorted().map { .connection(handle, .reset($0)) }
    }

    /// A stream is no more.
    ///
    /// Without one of ours a connection is of little use: it is closed, so that a new one brings all of it.
    private mutating func end(_ stream: StreamHandle, _ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        guard let link = links[handle] else { return [] }
        links[handle]?.incoming[stream] = nil
        for outgoing in [link.direct, link.gossip] where outgoing.handle == stream {
            guard case .opening = outgoing else {
                stories.tell(link.peer, "disconnected: it ended a stream", now: now)
                return drop(handle, now) + [.connection(handle, .close(.normal))]
            }
            setStream(stream, handle) { _ in .none }
        }
        return settle(handle, now)
    }

    /// As soon as it is known what a peer takes, it is introduced.
    private mutating func settle(_ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        guard var link = links[handle], link.isSettled, !link.isGossiping else { return [] }
        guard case .open(_, let name, _) = link.gossip else { return [] }
        link.isGossiping = true
        links[handle] = link
        let version: PeerTraits.Version =
            name == Self.gossipProtocols[0] ? .v12 : name == Self.gossipProtocols[1] ? .v11 : .v10
        let host = link.address.host
        let traits = PeerTraits(
            link.peer, version: version, isOurs: link.isOurs, isOutbound: link.isOutbound,
            group: host.isGlobal ? NetworkGroup(host, .small).key : nil,
            record: link.record)
        return carryOut(gossip.handle(.connected(handle, traits), now: now), now) + flush(handle, now)
    }

    /// Cuts messages out of a stream's bytes.
    ///
    /// They count as consumed at once: what waits for the rest of a message is bounded by the largest one.
    private mutating func read(
        _ bytes: [UInt8], _ stream: StreamHandle, _ handle: PeerHandle, _ now: UInt64
    ) -> [NodeAction] {
        var actions: [NodeAction] = [.connection(handle, .consumed(stream, bytes.count))]
        guard var incoming = links[handle]?.incoming[stream] else { return actions }
        incoming.frames.append(bytes)
        do {
            while let frame = try incoming.frames.next() {
                if incoming.isGossip {
                    actions += carryOut(gossip.handle(.received(handle, frame), now: now), now)
                } else {
                    let verdict = gossip.traffic?.accept(
                        UInt64(frame.count), DirectMessage.messageClass(of: frame), from: handle, now: now)
                    guard verdict == .accept else { continue }
                    actions.append(.received(handle, try DirectMessage(bytes: frame)))
                }
            }
        } catch {
            let kind = incoming.isGossip ? "gossip" : "a direct message"
            return actions + blame(handle, "what it sent as \(kind) cannot be read: \(error)", now)
        }
        // A message may have ended the connection.
        if links[handle]?.incoming[stream] != nil { links[handle]?.incoming[stream] = incoming }
        return actions
    }

    /// Writes what waits, as far as there is room on the stream, and on the line for its class.
    mutating func flush(_ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        // Taken out while it changes, so that what waits is not copied.
        guard links[handle]?.isCongested == false, var link = links.removeValue(forKey: handle) else {
            return []
        }
        var actions: [NodeAction] = []
        let before = link.bytes
        for (path, queue) in [(\Link.direct, \Link.directQueue), (\Link.gossip, \Link.gossipQueue)] {
            guard case .open(let stream, let name, let room) = link[keyPath: path], room > 0 else { continue }
            guard !link[keyPath: queue].isEmpty else { continue }
            let allowances = MessageClass.allCases.map { messageClass in
                Int(clamping: gossip.traffic?.sendable(messageClass, to: handle, now: now) ?? .max)
            }
            let (bytes, shares) = link[keyPath: queue].take(room) { allowances[Int($0.rawValue)] }
            guard !bytes.isEmpty else { continue }
            for (messageClass, count) in shares {
                gossip.traffic?.sent(UInt64(count), messageClass, to: handle, now: now)
            }
            link[keyPath: path] = .open(stream, protocol: name, writable: room - bytes.count)
            actions.append(.connection(handle, .write(stream, bytes)))
        }
        waiting += link.bytes - before
        links[handle] = link
        return actions
    }

    /// Sends a direct message.
    mutating func send(_ message: DirectMessage, to handle: PeerHandle?, _ now: UInt64) -> [NodeAction] {
        guard let handle, links[handle]?.isOurs == true else { return [] }
        let gone = queue(message.delimited, message.messageClass, nil, in: \.directQueue, of: handle)
        return unsent(gone, now) + flush(handle, now)
    }

    /// Lets a frame wait.
    /// - Returns: messages of gossip that had to make room, here or on other connections, with their bytes.
    private mutating func queue(
        _ frame: [UInt8], _ messageClass: MessageClass, _ message: MessageID?,
        in queue: WritableKeyPath<Link, FrameQueue>, of handle: PeerHandle
    ) -> [Gone] {
        guard var link = links.removeValue(forKey: handle) else { return [] }
        let before = link.bytes
        let dropped = link[keyPath: queue].add(frame, messageClass, message: message)
        waiting += link.bytes - before
        links[handle] = link
        var gone = dropped.map { Gone(handle: handle, message: $0.0, bytes: $0.1) }
        while waiting > settings.mostWaiting, let more = shed() { gone += more }
        return gone
    }

    /// Drops the oldest frame of the least important class that anybody waits for: where most bytes wait.
    /// - Returns: its message; nil: nothing waits.
    private mutating func shed() -> [Gone]? {
        var worst: (rank: UInt8, bytes: Int, handle: PeerHandle, queue: WritableKeyPath<Link, FrameQueue>)?
        for (handle, link) in links {
            for queue in [\Link.directQueue, \Link.gossipQueue] {
                guard let least = link[keyPath: queue].least else { continue }
                let bytes = link[keyPath: queue].bytes
                let isWorse =
                    worst.map { ($0.rank, $0.bytes, $0.handle) < (least.rawValue, bytes, handle) } ?? true
                if isWorse { worst = (least.rawValue, bytes, handle, queue) }
            }
        }
        guard let worst, var link = links.removeValue(forKey: worst.handle) else { return nil }
        let before = link.bytes
        let dropped = link[keyPath: worst.queue].drop()
        waiting += link.bytes - before
        links[worst.handle] = link
        return dropped.map { [Gone(handle: worst.handle, message: $0.0, bytes: $0.1)] } ?? []
    }

    private mutating func unsent(_ gone: [Gone], _ now: UInt64) -> [NodeAction] {
        gone.flatMap { gone in
            carryOut(gossip.handle(.unsent(gone.handle, gone.message, bytes: gone.bytes), now: now), now)
        }
    }

    /// Does what gossip wants.
    mutating func carryOut(_ actions: [GossipAction], _ now: UInt64) -> [NodeAction] {
        var done: [NodeAction] = []
        var pending = actions[...]
        while let action = pending.popFirst() {
            switch action {
            case .send(let handle, let rpc, let messageClass, let message):
                let frame = Varint.bytes(UInt64(rpc.count)) + rpc
                for gone in queue(frame, messageClass, message, in: \.gossipQueue, of: handle) {
                    pending += gossip.handle(.unsent(gone.handle, gone.message, bytes: gone.bytes), now: now)
                }
                done += flush(handle, now)
            case .withdraw(let handle, let message):
                guard let bytes = links[handle]?.gossipQueue.withdraw(message) else { continue }
                waiting -= bytes
                pending += gossip.handle(.unsent(handle, message, bytes: bytes), now: now)
            case .validate(let id, let name, let data, let peer):
                guard let topic = topics[name] else { continue }
                if topic == .validators {
                    pending += judge(id, data, now)
                } else {
                    done.append(.validate(id, topic, data, from: peer))
                }
            case .graylisted(let handle, let report):
                done += blame(handle, "its score is too low: \(report)", now)
            case .candidates(let records, let handle): done += learn(records, from: handle, now)
            case .dropped: break
            }
        }
        return done
    }
}

/// A message of gossip that did not leave, with its bytes.
private struct Gone {
    let handle: PeerHandle
    let message: MessageID
    let bytes: Int
}

extension Link.Outgoing {
    /// The stream, if it is wanted or there.
    var handle: StreamHandle? {
        switch self {
        case .opening(let stream), .open(let stream, _, _): stream
        case .none: nil
        }
    }
}

/// Streams: what comes in is cut into messages, what goes out waits until there is room.
extension P2PNode {
    mutating func take(_ action: ConnectionAction, _ handle: PeerHandle, _ now: UInt64) -> [NodeAction] {
        guard links[handle] != nil else { return [] }
        if isOfRequests(action, handle) {
            return carryOut(requests.handle(.connection(handle, action), now: now), now)
        }
        switch action {
        case .identified(let identify): links[handle]?.identify = identify
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
            return flush(handle)
        case .pong(let milliseconds): links[handle]?.ping = milliseconds
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
        var actions: [NodeAction] = link.isOurs ? [.joined(handle, link.peer)] : []
        guard case .open(_, let name, _) = link.gossip else { return actions }
        link.isGossiping = true
        links[handle] = link
        let version: PeerTraits.Version =
            name == Self.gossipProtocols[0] ? .v12 : name == Self.gossipProtocols[1] ? .v11 : .v10
        let traits = PeerTraits(
            link.peer, version: version, isOurs: link.isOurs, isOutbound: link.isOutbound)
        actions += carryOut(gossip.handle(.connected(handle, traits), now: now), now)
        return actions + flush(handle)
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

    /// Writes what waits, as far as there is room.
    mutating func flush(_ handle: PeerHandle) -> [NodeAction] {
        guard var link = links[handle] else { return [] }
        var actions: [NodeAction] = []
        for (path, queue) in [(\Link.direct, \Link.directQueue), (\Link.gossip, \Link.gossipQueue)] {
            guard case .open(let stream, let name, let room) = link[keyPath: path], room > 0 else { continue }
            let bytes = link[keyPath: queue].take(room)
            guard !bytes.isEmpty else { continue }
            link[keyPath: path] = .open(stream, protocol: name, writable: room - bytes.count)
            actions.append(.connection(handle, .write(stream, bytes)))
        }
        links[handle] = link
        return actions
    }

    /// Sends a direct message.
    mutating func send(_ message: DirectMessage, to handle: PeerHandle?) -> [NodeAction] {
        guard let handle, links[handle]?.isOurs == true else { return [] }
        _ = links[handle]?.directQueue.add(message.delimited, message.messageClass)
        return flush(handle)
    }

    /// Does what gossip wants.
    mutating func carryOut(_ actions: [GossipAction], _ now: UInt64) -> [NodeAction] {
        var done: [NodeAction] = []
        var waiting = actions[...]
        while let action = waiting.popFirst() {
            switch action {
            case .send(let handle, let rpc, let messageClass, let message):
                guard links[handle] != nil else { continue }
                let frame = Varint.bytes(UInt64(rpc.count)) + rpc
                let gone = links[handle]?.gossipQueue.add(frame, messageClass, message: message) ?? []
                for (message, bytes) in gone {
                    waiting += gossip.handle(.unsent(handle, message, bytes: bytes), now: now)
                }
                done += flush(handle)
            case .withdraw(let handle, let message):
                guard let bytes = links[handle]?.gossipQueue.withdraw(message) else { continue }
                waiting += gossip.handle(.unsent(handle, message, bytes: bytes), now: now)
            case .validate(let id, let name, let data, let peer):
                if let topic = topics[name] { done.append(.validate(id, topic, data, from: peer)) }
            case .graylisted(let handle, let report):
                done += blame(handle, "its score is too low: \(report)", now)
            case .candidates, .dropped: break
            }
        }
        return done
    }
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

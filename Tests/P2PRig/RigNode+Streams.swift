import NodeCrypto
import P2PCore
import P2PTransport

/// Streams: gossip both ways, echoes both ways.
extension RigNode {
    func openGossip(_ peer: PeerHandle) {
        let stream = nextStream()
        links[peer]?.streams[stream] = RigStream(purpose: .gossipOut)
        transport.open(stream, to: peer, protocols: Self.gossipProtocols)
    }

    func openEcho(_ peer: PeerHandle, _ bytes: [UInt8]) {
        let stream = nextStream()
        links[peer]?.streams[stream] = RigStream(purpose: .echoClient(bytes), waiting: bytes, finishes: true)
        transport.open(stream, to: peer, protocols: [Self.echo])
    }

    func openUnknown(_ peer: PeerHandle) {
        let stream = nextStream()
        links[peer]?.streams[stream] = RigStream(purpose: .unknown)
        transport.open(stream, to: peer, protocols: ["/spacenode/rig/nobody/1"])
    }

    func opened(_ stream: StreamHandle, _ name: String, _ isInbound: Bool, _ peer: PeerHandle) {
        guard let link = links[peer] else { return }
        if isInbound {
            let isGossip = Self.gossipProtocols.contains(name)
            let reader = FrameReader(limit: GossipWireLimit.rpcBytes)
            link.streams[stream] = RigStream(purpose: isGossip ? .gossipIn(reader) : .echoServer)
            return
        }
        guard case .gossipOut = link.streams[stream]?.purpose else { return }
        link.gossip = stream
        let traits = PeerTraits(
            link.peer, version: name == Self.gossipProtocols[0] ? .v12 : .v11, isOurs: false, isOutbound: true
        )
        carryOut(gossip.handle(.connected(peer, traits), now: transport.now))
    }

    /// A stream is not to be had, or broken off.
    func lost(_ stream: StreamHandle, _ why: String, _ peer: PeerHandle) {
        guard let link = links[peer], let lost = link.streams.removeValue(forKey: stream) else { return }
        switch lost.purpose {
        case .unknown: Line(event: "unknown", why: why, refused: true).say()
        case .echoClient: Line(event: "failed", what: "ask_echo", why: why).say()
        case .gossipOut:
            link.gossip = nil
            carryOut(gossip.handle(.disconnected(peer), now: transport.now))
        case .gossipIn, .echoServer: break
        }
    }

    func read(_ bytes: [UInt8], _ stream: StreamHandle, _ peer: PeerHandle) {
        transport.consumed(bytes.count, on: stream, to: peer)
        guard let link = links[peer], var found = link.streams[stream] else { return }
        guard case .gossipIn(var reader) = found.purpose else {
            found.read += bytes
            link.streams[stream] = found
            return
        }
        reader.append(bytes)
        var frames: [[UInt8]] = []
        do {
            while let frame = try reader.next() { frames.append(frame) }
        } catch {
            Line(event: "failed", what: "gossip", why: "\(error)").say()
            return transport.close(peer, .protocolError)
        }
        found.purpose = .gossipIn(reader)
        link.streams[stream] = found
        for frame in frames { hear(frame, peer) }
    }

    /// Control messages are printed on their way to gossip.
    private func hear(_ frame: [UInt8], _ peer: PeerHandle) {
        if let rpc = try? GossipRPC(bytes: frame) {
            let line = Line.Control(
                graft: rpc.graft.map(\.text), prune: rpc.prune.map(\.topic.text),
                idontwant: rpc.dontWant.map(\.description))
            if !line.isEmpty { Line(event: "control", peer: links[peer]?.peer.text, control: line).say() }
        }
        carryOut(gossip.handle(.received(peer, frame), now: transport.now))
    }

    /// The peer has closed its half.
    func finished(_ stream: StreamHandle, _ peer: PeerHandle) {
        guard let link = links[peer], let found = link.streams[stream] else { return }
        switch found.purpose {
        case .echoServer:
            Line(event: "echoed", peer: link.peer.text, count: found.read.count).say()
            link.streams[stream]?.read = []
            link.streams[stream]?.finishes = true
            write(found.read, stream, peer)
        case .echoClient(let wanted):
            Line(event: "echo", count: found.read.count, equal: found.read == wanted).say()
        case .gossipIn, .gossipOut, .unknown: transport.finish(stream, to: peer)
        }
    }

    func write(_ bytes: [UInt8], _ stream: StreamHandle, _ peer: PeerHandle) {
        links[peer]?.streams[stream]?.waiting += bytes
        flush(stream, peer)
    }

    /// Writes what there is room for, and closes our half behind the last byte.
    func flush(_ stream: StreamHandle, _ peer: PeerHandle) {
        guard let link = links[peer], var found = link.streams[stream] else { return }
        let part = Array(found.waiting.prefix(found.room))
        found.waiting.removeFirst(part.count)
        found.room -= part.count
        let isLast = found.finishes && found.waiting.isEmpty && found.room + part.count > 0
        if isLast { found.finishes = false }
        link.streams[stream] = found
        if !part.isEmpty { transport.write(part, on: stream, to: peer) }
        if isLast { transport.finish(stream, to: peer) }
    }
}

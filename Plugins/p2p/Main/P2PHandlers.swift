internal import Foundation
internal import NodeBus
internal import NodeProtocol
internal import P2PCore
internal import P2PTransport

/// Answers `spacenode.p2p.v1`.
struct P2PHandlers: Sendable {
    /// Bytes of the reason of a ban.
    private static let longestReason = 200

    let network: Network

    /// Registers every method.
    func serve(on bus: BusClient) {
        bus.serve(P2pContract.status) { _, _ in try await status() }
        bus.serve(P2pContract.peers) { _, _ in try await peers() }
        bus.serve(P2pContract.add) { request, _ in
            try order(.add(try address(request.address)))
            return Spacenode_P2p_V1_AddReply()
        }
        bus.serve(P2pContract.remove) { request, _ in
            try order(.remove(try peer(request.peer)))
            return Spacenode_P2p_V1_RemoveReply()
        }
        bus.serve(P2pContract.ban) { request, _ in
            try ban(request)
            return Spacenode_P2p_V1_BanReply()
        }
        bus.serve(P2pContract.unban) { request, _ in
            try order(.unban(try peer(request.peer)))
            return Spacenode_P2p_V1_UnbanReply()
        }
        bus.serve(P2pContract.why) { request, _ in try await why(try peer(request.peer)) }
    }

    private func status() async throws -> Spacenode_P2p_V1_StatusReply {
        var reply = Spacenode_P2p_V1_StatusReply()
        reply.peer = network.identity.id.text
        reply.network = network.name
        reply.listening = network.listening.map(\.text)
        reply.privateNetwork = network.settings.isPrivate
        reply.waitingFor = network.waiting
        guard let hub = network.hub, let transport = network.transport else { return reply }
        let (peers, overview) = try await hub.ask { node, now in (node.peers(now: now), node.overview) }
        let counts = try await transport.counts()
        reply.advertised = overview.advertised.map(\.text)
        reply.port =
            switch overview.port {
            case .unknown: "unknown"
            case .open: "open"
            case .closed: "closed"
            }
        reply.known = UInt64(clamping: overview.tried)
        reply.heard = UInt64(clamping: overview.new)
        reply.waitingBytes = UInt64(clamping: overview.waiting)
        reply.peers = UInt32(clamping: peers.count)
        reply.outbound = UInt32(clamping: peers.count { $0.isOutbound })
        reply.pending = UInt32(clamping: counts.pending)
        reply.receivedBytes = counts.traffic.received
        reply.sentBytes = counts.traffic.sent
        return reply
    }

    private func peers() async throws -> Spacenode_P2p_V1_PeersReply {
        guard let hub = network.hub else { throw refused(network.waiting) }
        let (peers, bans, now) = try await hub.ask { node, now in
            (node.peers(now: now), node.bans(now: now), now)
        }
        var reply = Spacenode_P2p_V1_PeersReply()
        reply.peers = peers.map(Spacenode_P2p_V1_Peer.init)
        reply.bans = bans.map { peer, ban in
            var wire = Spacenode_P2p_V1_Ban()
            wire.peer = peer.text
            wire.reason = ban.reason
            wire.leftMs = Milliseconds.since(now, now: ban.until)
            return wire
        }
        return reply
    }

    private func ban(_ request: Spacenode_P2p_V1_BanRequest) throws {
        guard request.reason.utf8.count <= Self.longestReason else {
            throw refused("the reason has more than \(Self.longestReason) bytes: shorten it")
        }
        let (span, overflow) = request.seconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { throw refused("\(request.seconds) seconds are too many") }
        try order(
            .ban(
                try peer(request.peer), milliseconds: span == 0 ? BanList.usual : span,
                reason: request.reason.isEmpty ? "an operator wants it" : request.reason))
    }

    private func why(_ peer: PeerID) async throws -> Spacenode_P2p_V1_WhyReply {
        guard let hub = network.hub else { throw refused(network.waiting) }
        let (story, isThere, now) = try await hub.ask { node, now in
            (node.story(of: peer, now: now), node.handle(of: peer) != nil, now)
        }
        var reply = Spacenode_P2p_V1_WhyReply()
        reply.connected = isThere
        reply.lines = story.map { line in
            var wire = Spacenode_P2p_V1_Line()
            wire.ageMs = Milliseconds.since(line.time, now: now)
            wire.text = line.text
            return wire
        }
        return reply
    }

    // MARK: - Reading

    private func order(_ order: PeerOrder) throws {
        guard let hub = network.hub else { throw refused(network.waiting) }
        hub.post(.order(order))
    }

    private func peer(_ text: String) throws -> PeerID {
        do {
            return try PeerID(text: text)
        } catch {
            throw refused("\(text) is no peer (\(error)): it looks like 12D3KooW…")
        }
    }

    private func address(_ text: String) throws -> Multiaddress {
        do {
            let address = try Multiaddress(text: text)
            if address.peer != nil { return address }
        } catch {
            throw refused(
                "\(text) is no address (\(error)): it looks like /ip4/192.0.2.1/tcp/7610/p2p/12D3KooW…")
        }
        throw refused("\(text) does not say whose key is there: end it with /p2p/12D3KooW…")
    }
}

extension Spacenode_P2p_V1_Peer {
    init(_ report: PeerReport) {
        self.init()
        peer = report.peer.text
        address = report.address.text
        outbound = report.isOutbound
        spacenode = report.isOurs
        ageMs = report.age
        if let ping = report.ping { pingMs = ping }
        agent = report.agent
        purpose = report.purpose
        dropped = report.dropped
        waitingBytes = UInt64(clamping: report.waiting)
    }
}

private func refused(_ text: String) -> BusError { BusError(.failed, text) }

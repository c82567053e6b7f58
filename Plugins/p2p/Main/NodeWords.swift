internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import P2PCore

/// Words between the node and its peers.
struct NodeWords: Sendable {
    let bus: BusClient
    let hub: NetworkHub
    let logger: Logger
    /// Requests of consensus that are under way.
    let asked = AskedPeers()

    // MARK: - From the node

    /// What consensus has to say.
    func carryOutbox() async throws {
        let outbox = try await bus.subscribe(ConsensusContract.outbox)
        while let element = try await outbox.next() {
            guard case .event(let outgoing, _) = element else { continue }
            if outgoing.hasBlock {
                hub.post(.direct(PeerHandle(value: outgoing.peer), .decided(DecidedBytes(outgoing.block))))
                continue
            }
            if outgoing.hasRequest {
                ask(outgoing.request, PeerHandle(value: outgoing.peer))
                continue
            }
            let bytes = [UInt8](outgoing.message)
            if outgoing.peer != 0 {
                hub.post(.direct(PeerHandle(value: outgoing.peer), .consensus(bytes)))
            } else if outgoing.anyone {
                hub.post(.direct(nil, .consensus(bytes)))
            } else if let topic = NetworkTopic(of: bytes) {
                hub.post(.publish(topic, bytes))
            }
        }
    }

    /// What came into the mempool.
    func carryAnnouncements() async throws {
        let announcements = try await bus.subscribe(MempoolContract.announcements)
        while let element = try await announcements.next() {
            guard case .event(let event, _) = element else { continue }
            hub.post(.broadcast(.announcement([UInt8](event.announcement))))
        }
    }

    /// What the mempool asks others for.
    func carryPulls() async throws {
        let pulls = try await bus.subscribe(MempoolContract.pulls)
        while let element = try await pulls.next() {
            guard case .event(let pull, _) = element else { continue }
            guard let peer = try? PeerID(bytes: [UInt8](pull.peer)) else { continue }
            if let handle = try? await hub.ask({ node, _ in node.handle(of: peer) }) { ask(pull, handle) }
        }
    }

    private func ask(_ pull: Spacenode_Mempool_V1_Pull, _ handle: PeerHandle) {
        hub.post(.direct(handle, .want(kind: UInt32(pull.kind.rawValue), ids: pull.ids.map { [UInt8]($0) })))
    }

    // MARK: - From peers

    /// Hands words of peers to the node, some at a time.
    func judge(at once: Int) async throws {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await word in hub.received {
                if running == once { await group.next() } else { running += 1 }
                group.addTask { await take(word) }
            }
        }
    }

    private func take(_ word: PeerWord) async {
        switch word {
        case .topic(let id, let bytes, let peer): await judge(id, bytes, peer)
        case .direct(let message, let peer): await take(message, peer)
        case .left(let peer):
            var offer = Spacenode_Mempool_V1_OfferRequest()
            offer.peer = Data(peer.bytes)
            _ = try? await bus.call(MempoolContract.offer, offer)
        }
    }

    /// Asks consensus what a message of a topic is worth.
    private func judge(_ id: MessageID, _ bytes: [UInt8], _ peer: PeerHandle) async {
        let clock = ContinuousClock()
        let start = clock.now
        var request = Spacenode_Consensus_V1_DeliverRequest()
        request.peer = peer.value
        request.message = Data(bytes)
        // Without an answer nothing is known of it.
        var verdict = Verdict.ignore
        if let reply = try? await bus.call(ConsensusContract.deliver, request) {
            verdict =
                switch reply.verdict {
                case .accept: .accept
                case .reject: .reject
                case .ignore: .ignore
                // A consensus of minor 0 says no more than this.
                case .unspecified, .UNRECOGNIZED: reply.blame.isEmpty ? .accept : .reject
                }
        }
        let took = (clock.now - start).components.attoseconds / 1_000_000_000_000
        hub.post(.verdict(id, verdict, microseconds: UInt64(clamping: took)))
    }

    private func take(_ message: DirectMessage, _ peer: PeerHandle) async {
        switch message {
        case .consensus(let bytes):
            var request = Spacenode_Consensus_V1_DeliverRequest()
            request.message = Data(bytes)
            await deliver(request, peer)
        case .decided(let decided):
            var request = Spacenode_Consensus_V1_DeliverRequest()
            request.block = Spacenode_Consensus_V1_DecidedBlock(decided)
            await deliver(request, peer)
        case .announcement(let bytes): await offer(bytes, peer)
        case .want(let kind, let ids): await serve(kind, ids, peer)
        case .items(let kind, let items): await submit(kind, items)
        }
    }

    private func deliver(_ request: Spacenode_Consensus_V1_DeliverRequest, _ peer: PeerHandle) async {
        var request = request
        request.peer = peer.value
        guard let reply = try? await bus.call(ConsensusContract.deliver, request), !reply.blame.isEmpty else {
            return
        }
        hub.post(.blamed(peer, reply.blame))
    }

    private func offer(_ announcement: [UInt8], _ peer: PeerHandle) async {
        guard !announcement.isEmpty, let id = try? await hub.ask({ node, _ in node.peer(of: peer) }) else {
            return
        }
        var offer = Spacenode_Mempool_V1_OfferRequest()
        offer.peer = Data(id.bytes)
        offer.announcement = Data(announcement)
        guard let reply = try? await bus.call(MempoolContract.offer, offer) else { return }
        for pull in reply.pulls { ask(pull, peer) }
    }

    /// Sends what a peer wants, as far as the mempool has it.
    private func serve(_ kind: UInt32, _ ids: [[UInt8]], _ peer: PeerHandle) async {
        var request = Spacenode_Mempool_V1_ContentRequest()
        request.ids = ids.map { Data($0) }
        guard let reply = try? await bus.call(MempoolContract.content, request) else { return }
        let items = reply.candidates.filter { UInt32($0.kind.rawValue) == kind }.map { [UInt8]($0.raw) }
        if !items.isEmpty { hub.post(.direct(peer, .items(kind: kind, items))) }
    }

    private func submit(_ kind: UInt32, _ items: [[UInt8]]) async {
        guard let kind = Spacenode_Mempool_V1_Kind(rawValue: Int(kind)) else { return }
        var request = Spacenode_Mempool_V1_SubmitRequest()
        request.candidates = items.map { item in
            var candidate = Spacenode_Mempool_V1_Candidate()
            candidate.kind = kind
            candidate.raw = Data(item)
            return candidate
        }
        _ = try? await bus.call(MempoolContract.submit, request)
    }
}

extension NetworkTopic {
    /// The topic of a message of consensus, by its first byte; nil: it is for single peers.
    init?(of message: [UInt8]) {
        switch message.first {
        case Vote.wireTag: self = .votes
        case ProposalMessage.wireTag: self = .proposal
        case BlockPart.wireTag: self = .part
        case Certificate.wireTag: self = .commit
        default: return nil
        }
    }
}

extension DecidedBytes {
    init(_ wire: Spacenode_Consensus_V1_DecidedBlock) {
        self.init(height: wire.height, block: [UInt8](wire.block), certificate: [UInt8](wire.certificate))
    }
}

extension Spacenode_Consensus_V1_DecidedBlock {
    init(_ decided: DecidedBytes) {
        self.init()
        height = decided.height
        block = Data(decided.block)
        certificate = Data(decided.certificate)
    }
}

internal import ArgumentParser
internal import NodeBus
internal import NodeCommand
internal import NodeOperator
internal import NodeProtocol
internal import P2PCore
internal import SwiftProtobuf

/// `spacenode peers X`: what an operator sees and wants of the network.
struct Peers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Peers of this node: who is there, and who may be.",
        discussion: "Exit status: 0 ok, 1 attention (nobody is connected, or nothing is known), 2 error.",
        subcommands: [
            PeersList.self, PeersAdd.self, PeersRemove.self, PeersBan.self, PeersUnban.self, PeersWhy.self,
        ], defaultSubcommand: PeersList.self)
}

/// `spacenode peers list`.
struct PeersList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Who is connected, and who is banned.")

    private struct Answer: Encodable {
        struct Row: Encodable {
            let peer, address, agent, purpose: String
            let isOutbound, isSpacenode: Bool
            let ageMilliseconds: UInt64
            let pingMilliseconds: UInt64?
            let dropped, waitingBytes: UInt64
        }
        struct Ban: Encodable {
            let peer, reason: String
            let leftMilliseconds: UInt64
        }
        let peer, network, waitingFor: String
        let listening, advertised: [String]
        let port: String
        let known, heard, receivedBytes, sentBytes, waitingBytes: UInt64
        let peers: [Row]
        let bans: [Ban]
    }

    @OptionGroup var place: OperatorPlace

    func run() async throws {
        let status = try await place.ask(P2pContract.status, Spacenode_P2p_V1_StatusRequest())
        guard status.waitingFor.isEmpty else {
            throw CommandFault("the network is not open yet: \(status.waitingFor)")
        }
        let reply = try await place.ask(P2pContract.peers, Spacenode_P2p_V1_PeersRequest())
        if place.json { try printJSON(answer(status, reply)) } else { show(status, reply) }
        if reply.peers.isEmpty { throw ExitCode(1) }
    }

    private func answer(_ status: Spacenode_P2p_V1_StatusReply, _ reply: Spacenode_P2p_V1_PeersReply)
        -> Answer
    {
        Answer(
            peer: status.peer, network: status.network, waitingFor: status.waitingFor,
            listening: status.listening, advertised: status.advertised, port: status.port,
            known: status.known, heard: status.heard, receivedBytes: status.receivedBytes,
            sentBytes: status.sentBytes, waitingBytes: status.waitingBytes,
            peers: reply.peers.map { peer in
                Answer.Row(
                    peer: peer.peer, address: peer.address, agent: peer.agent, purpose: peer.purpose,
                    isOutbound: peer.outbound,
                    isSpacenode: peer.spacenode, ageMilliseconds: peer.ageMs,
                    pingMilliseconds: peer.hasPingMs ? peer.pingMs : nil, dropped: peer.dropped,
                    waitingBytes: peer.waitingBytes)
            },
            bans: reply.bans.map { Answer.Ban(peer: $0.peer, reason: $0.reason, leftMilliseconds: $0.leftMs) }
        )
    }

    private func show(_ status: Spacenode_P2p_V1_StatusReply, _ reply: Spacenode_P2p_V1_PeersReply) {
        say("this node  \(status.peer)  network \(status.network)")
        say(
            "listening  \(status.listening.isEmpty ? "nowhere: nobody can call it" : status.listening.joined(separator: " "))"
        )
        say("reachable  \(reach(status))")
        say("known      \(status.known) that were reached, \(status.heard) that were heard of")
        say("peers      \(status.peers), \(status.outbound) of them called by this node")
        for peer in reply.peers {
            let ping = peer.hasPingMs ? "\(peer.pingMs) ms" : "not measured yet"
            let way = peer.outbound ? "out" : "in"
            let kind = peer.spacenode ? "" : "  (another program)"
            say(
                "  \(peer.peer)  \(way)  \(peer.purpose)  \(peer.address)  ping \(ping)  \(timeText(seconds: Double(peer.ageMs) / 1000))\(kind)"
            )
        }
        for ban in reply.bans {
            say(
                "  \(ban.peer)  banned for \(timeText(seconds: Double(ban.leftMs) / 1000)) more: \(ban.reason)"
            )
        }
        if reply.peers.isEmpty {
            note("nobody is connected: `spacenode peers add ADDRESS`, or `peers` in p2p.yaml")
        }
    }
}

extension PeersList {
    /// Whether others can call, as far as is known.
    private func reach(_ status: Spacenode_P2p_V1_StatusReply) -> String {
        if !status.advertised.isEmpty { return "others are told \(status.advertised.joined(separator: " "))" }
        return switch status.port {
        case "open": "the port is open, and not enough others have said where they see this node"
        case "closed":
            "no: who was asked to call back did not get through; open the port at the router, or set `announce`"
        default: "not known yet: nobody has called back"
        }
    }
}

extension OperatorPlace {
    /// Asks for one thing that has no answer but that it was done.
    fileprivate func order<Request: Message, Reply: Message>(
        _ method: CallMethod<Request, Reply>, _ request: Request, _ done: (key: String, what: String),
        _ sentence: String
    ) async throws {
        _ = try await ask(method, request)
        if json { try printJSON([done.key: done.what]) } else { say(sentence) }
    }
}

/// `spacenode peers add`.
struct PeersAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Calls a peer whenever it is not connected, until the node ends.",
        discussion: "For ever: `peers` in DATA/config/p2p.yaml.")

    @OptionGroup var place: OperatorPlace
    @Argument(help: "/ip4/192.0.2.1/tcp/7610/p2p/12D3KooW…") var address: String

    func run() async throws {
        try await place.order(
            P2pContract.add, .with { $0.address = address }, ("added", address),
            "it is called now: `spacenode peers` shows it")
    }
}

/// `spacenode peers remove`.
struct PeersRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Calls a peer no more; a connection that is there stays.")

    @OptionGroup var place: OperatorPlace
    @Argument(help: "12D3KooW…") var peer: String

    func run() async throws {
        try await place.order(
            P2pContract.remove, .with { $0.peer = peer }, ("removed", peer), "it is called no more")
    }
}

/// `spacenode peers ban`.
struct PeersBan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ban", abstract: "Has nothing to do with a peer for a while, also after a new start.")

    @OptionGroup var place: OperatorPlace
    @Argument(help: "12D3KooW…") var peer: String
    @Option(help: "For how many hours.") var hours: Double = 12
    @Option(help: "Why, for whoever asks later.") var reason = ""

    func validate() throws {
        guard hours > 0, hours <= 87_600 else { throw ValidationError("--hours is from above 0 to 87600") }
    }

    func run() async throws {
        let request = Spacenode_P2p_V1_BanRequest.with {
            ($0.peer, $0.reason, $0.seconds) = (peer, reason, max(1, UInt64(hours * 3_600)))
        }
        try await place.order(
            P2pContract.ban, request, ("banned", peer), "it is banned: `spacenode peers unban` lifts it")
    }
}

/// `spacenode peers unban`.
struct PeersUnban: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unban", abstract: "Lifts a ban.")

    @OptionGroup var place: OperatorPlace
    @Argument(help: "12D3KooW…") var peer: String

    func run() async throws {
        try await place.order(
            P2pContract.unban, .with { $0.peer = peer }, ("unbanned", peer), "it may come again")
    }
}

/// `spacenode peers why`.
struct PeersWhy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "What became of a peer, and why, since this node's network began.")

    private struct Answer: Encodable {
        struct Row: Encodable {
            let ageMilliseconds: UInt64
            let text: String
        }
        let isConnected: Bool
        let lines: [Row]
    }

    @OptionGroup var place: OperatorPlace
    @Argument(help: "12D3KooW…") var peer: String

    func run() async throws {
        var request = Spacenode_P2p_V1_WhyRequest()
        request.peer = peer
        let reply = try await place.ask(P2pContract.why, request)
        if place.json {
            try printJSON(
                Answer(
                    isConnected: reply.connected,
                    lines: reply.lines.map { Answer.Row(ageMilliseconds: $0.ageMs, text: $0.text) }))
        } else {
            for line in reply.lines {
                say("\(timeText(seconds: Double(line.ageMs) / 1000)) ago  \(line.text)")
            }
            say(reply.connected ? "it is connected" : "it is not connected")
        }
        guard reply.lines.isEmpty else { return }
        note("nothing was heard of it since the network of this node began")
        throw ExitCode(1)
    }
}

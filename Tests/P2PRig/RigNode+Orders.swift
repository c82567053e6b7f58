import Foundation
import NodeCrypto
import NodeDomain
import P2PCore
import P2PTransport

/// What the script wants.
extension RigNode {
    /// Does what standard input says until it ends or says `quit`; reading waits on a thread of its own.
    func obey() async {
        let (lines, tell) = AsyncStream.makeStream(of: Order.self)
        let thread = Thread {
            while let line = readLine() {
                guard let order = try? JSONDecoder().decode(Order.self, from: Data(line.utf8)) else {
                    Line(event: "failed", what: "order", why: line).say()
                    continue
                }
                if order.do == "quit" { break }
                tell.yield(order)
            }
            tell.finish()
        }
        thread.start()
        for await order in lines {
            if order.do == "status" {
                await status()
            } else {
                transport.run { [self] in carryOut(order) }
            }
        }
    }

    private func carryOut(_ order: Order) {
        switch order.do {
        case "connect":
            guard let text = order.to, let address = try? Multiaddress(text: text) else { return fail(order) }
            transport.dial(address)
        case "subscribe": join(order.topic ?? "")
        case "unsubscribe", "publish", "mesh": carryOutGossip(order)
        default: carryOutOfPeer(order)
        }
    }

    private func carryOutGossip(_ order: Order) {
        if order.do == "mesh" { return mesh() }
        guard let topic = TopicName(order.topic ?? "") else { return fail(order) }
        if order.do == "unsubscribe" {
            carryOut(gossip.handle(.leave(topic), now: transport.now))
            return Line(event: "unsubscribed", topic: topic.text).say()
        }
        let data = payload(order.count ?? 0, seed: order.seed ?? 0)
        carryOut(gossip.handle(.publish(topic, data), now: transport.now))
        Line(
            event: "published", topic: topic.text, count: data.count,
            sha256: Hexadecimal.text(of: SHA2.sha256(data)),
            id: MessageID(topic: topic, data: data).description
        ).say()
    }

    private func carryOutOfPeer(_ order: Order) {
        guard let peer = handle(of: order.peer), let link = links[peer] else { return fail(order) }
        switch order.do {
        case "disconnect": transport.close(peer, .normal)
        case "ping":
            link.pingsWanted = order.count ?? 5
            transport.ping(peer)
        case "ask_echo": openEcho(peer, payload(order.count ?? 0, seed: order.seed ?? 0))
        case "open_unknown": openUnknown(peer)
        default: fail(order)
        }
    }

    private func fail(_ order: Order) { Line(event: "failed", what: order.do, why: "not possible now").say() }

    private func mesh() {
        var topics: [String: [String]] = [:]
        for topic in gossip.joined {
            topics[topic.text] = gossip.mesh(of: topic).compactMap { links[$0]?.peer.text }.sorted()
        }
        Line(event: "mesh", topics: topics).say()
    }

    private func status() async {
        guard let counts = try? await transport.counts() else { return }
        transport.run { [self] in
            let status = Line.Status(
                connections: counts.connections, pending: counts.pending, dialling: counts.dialling,
                leaving: counts.leaving, links: links.count,
                streams: links.values.map(\.streams.count).reduce(0, +),
                accepted: counts.accepted, refused: counts.refusedOfOne + counts.refusedOfAll,
                displaced: counts.displaced, received: counts.traffic.received, sent: counts.traffic.sent)
            Line(event: "status", status: status).say()
        }
    }
}

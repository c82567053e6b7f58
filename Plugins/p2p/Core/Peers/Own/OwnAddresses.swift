/// Where this node is for others: as the operator says, or as enough others see it.
package struct OwnAddresses: Sendable {
    /// Parts of the network that must see the same host before it is believed.
    package static let witnesses = 3
    /// Hosts that are remembered, and parts of the network that saw one.
    static let mostHosts = 16
    static let mostWitnesses = 16
    /// Milliseconds for which what one saw counts.
    static let memory = 24 * Milliseconds.hour
    /// Milliseconds between two questions whether the port is open.
    package static let checkPause = 10 * Milliseconds.minute

    /// Whether others reach this node.
    package enum Port: Hashable, Sendable {
        /// Nobody has said.
        case unknown
        /// Somebody reached it, then.
        case open(since: UInt64)
        /// Who was asked did not, then.
        case closed(since: UInt64)
    }

    private struct Seen: Sendable {
        var host: Multiaddress.Host
        var witnesses: [(group: NetworkGroup, time: UInt64)]
    }

    /// What the operator says; empty: what others see counts.
    package let announced: [Multiaddress]
    /// The port that is listened at; nil: none, so nobody is told of this node.
    package let port: UInt16?
    /// Whether others reach this node.
    package private(set) var state = Port.unknown
    private let allowsLocal: Bool
    private var seen: [Seen] = []
    private var question: (peer: PeerHandle, time: UInt64)?
    private var lastQuestion: UInt64?

    /// Of a start.
    package init(announced: [Multiaddress], port: UInt16?, allowsLocal: Bool = false) {
        self.announced = Array(announced.prefix(PeerBookParameters.mostAddresses))
        (self.port, self.allowsLocal) = (port, allowsLocal)
    }

    /// A peer that we dialled says where it sees us.
    ///
    /// One that dialled us may have made up who it is many times over; those that we chose are not all of one hand.
    package mutating func observed(
        _ host: Multiaddress.Host, by peer: Multiaddress.Host, isOutbound: Bool, now: UInt64
    ) {
        guard isOutbound, allowsLocal || host.isGlobal else { return }
        let group = NetworkGroup(peer, .large)
        // Each part of the network says one host: what it said before is forgotten.
        for place in seen.indices {
            seen[place].witnesses.removeAll {
                $0.group == group || Milliseconds.since($0.time, now: now) > Self.memory
            }
        }
        if let place = seen.firstIndex(where: { $0.host == host }) {
            guard seen[place].witnesses.count < Self.mostWitnesses else { return }
            seen[place].witnesses.append((group, now))
        } else {
            seen.removeAll { $0.witnesses.isEmpty }
            guard seen.count < Self.mostHosts else { return }
            seen.append(Seen(host: host, witnesses: [(group, now)]))
        }
    }

    /// The host that most see, if enough do.
    package var host: Multiaddress.Host? {
        let best = seen.max { $0.witnesses.count < $1.witnesses.count }
        guard let best, best.witnesses.count >= Self.witnesses else { return nil }
        return best.host
    }

    /// What others should be told, at most four; empty: nobody can call here, as far as is known.
    package var advertised: [Multiaddress] {
        if !announced.isEmpty { return announced }
        guard let port, let host, case .open = state else { return [] }
        return [Multiaddress(host, port: port)]
    }

    // MARK: - Is the port open?

    /// Whether a peer should be asked to dial back, as no answer is younger than ten minutes.
    package func isCheckDue(now: UInt64) -> Bool {
        guard port != nil, announced.isEmpty else { return false }
        return lastQuestion.map { Milliseconds.since($0, now: now) >= Self.checkPause } ?? true
    }

    /// A peer was asked.
    package mutating func asked(_ peer: PeerHandle, now: UInt64) {
        (question, lastQuestion) = ((peer, now), now)
    }

    /// Whether a peer was asked and has not answered yet.
    package func isAsking(_ peer: PeerHandle, now: UInt64) -> Bool {
        question.map { $0.peer == peer && Milliseconds.since($0.time, now: now) <= Milliseconds.minute }
            ?? false
    }

    /// A peer answered; one that was not asked, or too long ago, says nothing.
    package mutating func answered(_ peer: PeerHandle, _ answer: Reach, now: UInt64) {
        guard let asked = question, asked.peer == peer else { return }
        question = nil
        guard Milliseconds.since(asked.time, now: now) <= Milliseconds.minute else { return }
        switch answer {
        case .reached: state = .open(since: now)
        case .notReached: state = .closed(since: now)
        case .refused: break
        }
    }

    /// A stranger dialled us from outside, so the port is open whatever was answered.
    package mutating func wasDialled(from host: Multiaddress.Host, now: UInt64) {
        guard host.isGlobal else { return }
        state = .open(since: now)
    }
}

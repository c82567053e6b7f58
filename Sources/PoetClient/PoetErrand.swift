package import NodeDomain

/// Getting one epoch's challenge proved: it is registered at every PoET there is, and the first proof that
/// holds serves everybody.
///
/// A value without I/O or clock: whoever has it asks servers, and tells what they said. Times are milliseconds
/// of one clock.
package struct PoetErrand: Sendable {
    /// Servers of an errand.
    package static let mostServers = 16
    /// First and longest wait between two attempts at a server.
    package static let waits: ClosedRange<UInt64> = 1_000...60_000
    /// Between two attempts to give the proof to the chain.
    package static let postEvery: UInt64 = 2_000

    /// What is to be done.
    package enum Action: Hashable, Sendable {
        /// Register the challenge at a server.
        case register(server: Int)
        /// Fetch a round's proof from a server.
        case fetch(server: Int, round: String)
        /// Give the proof to the mempool.
        case post(PoetProof)
    }

    /// What a server said.
    package enum Answer: Hashable, Sendable {
        /// The challenge is in a round, which ends after so long.
        case registered(round: String, endsIn: UInt64)
        /// Here is the proof, which was judged.
        case proof(PoetProof)
        /// No, because of this; a transient no may become a yes.
        case refused(String, isTransient: Bool)
    }

    /// How far a server is.
    package enum Progress: Hashable, Sendable {
        /// It is to be asked, or was.
        case registering
        /// It works.
        case registered(round: String)
        /// It is not asked any more, because of this.
        case failed(String)
    }

    /// A server, and the last that is known of it.
    package struct Server: Hashable, Sendable {
        /// As it was named.
        package let address: String
        /// How far it is.
        package fileprivate(set) var progress: Progress = .registering
        /// What it said last when it said no; empty: nothing.
        package fileprivate(set) var lastRefusal = ""
        /// Attempts since the last that succeeded.
        package fileprivate(set) var attempts = 0
        fileprivate var next: UInt64
        fileprivate var isAsked = false
    }

    /// The epoch whose challenge it is.
    package let epoch: UInt32
    /// What is to be proved.
    package let challenge: Bytes32
    /// In the order in which they were named.
    package private(set) var servers: [Server]
    /// The proof, once some server has one.
    package private(set) var proof: PoetProof?
    /// Whether the chain has a proof, whosever.
    package private(set) var isDone = false
    private var nextPost: UInt64 = 0

    /// An errand to servers, of which those past the limit are left out.
    package init(epoch: UInt32, challenge: Bytes32, servers: [String], now: UInt64) {
        self.epoch = epoch
        self.challenge = challenge
        self.servers = servers.prefix(Self.mostServers).map { Server(address: $0, next: now) }
    }

    /// The chain has a proof of the epoch: nothing more is to be done.
    package mutating func chainHasProof() { isDone = true }

    /// What is to be done now.
    package mutating func tick(now: UInt64) -> [Action] {
        if isDone { return [] }
        if let proof {
            guard now >= nextPost else { return [] }
            nextPost = now.addingReportingOverflow(Self.postEvery).partialValue
            return [.post(proof)]
        }
        return servers.indices.compactMap { place in
            guard !servers[place].isAsked, now >= servers[place].next else { return nil }
            let action: Action
            switch servers[place].progress {
            case .registering: action = .register(server: place)
            case .registered(let round): action = .fetch(server: place, round: round)
            case .failed: return nil
            }
            servers[place].isAsked = true
            return action
        }
    }

    /// Takes what a server said to what it was asked.
    package mutating func take(_ answer: Answer, from place: Int, now: UInt64) -> [Action] {
        guard servers.indices.contains(place), servers[place].isAsked else { return [] }
        servers[place].isAsked = false
        switch answer {
        case .registered(let round, let endsIn):
            servers[place].progress = .registered(round: round)
            servers[place].attempts = 0
            servers[place].next = now.addingReportingOverflow(endsIn).partialValue
        case .proof(let proof):
            self.proof = self.proof ?? proof
        case .refused(let reason, let isTransient):
            servers[place].lastRefusal = reason
            guard isTransient else {
                servers[place].progress = .failed(reason)
                return tick(now: now)
            }
            let doublings = min(servers[place].attempts, 6)
            let wait = min(Self.waits.lowerBound << UInt64(doublings), Self.waits.upperBound)
            servers[place].attempts += 1
            servers[place].next = now.addingReportingOverflow(wait).partialValue
        }
        return tick(now: now)
    }
}

package import NodeDomain

/// The numbers of a network that consensus keeps to (spec: chain, §8); spans are milliseconds.
package struct ConsensusRules: Hashable, Sendable {
    /// A round's timer: how long in round 0, and how much longer in each further round.
    package struct Timeout: Hashable, Sendable {
        /// In round 0.
        package var first: UInt64
        /// More for each round after it: liveness rests on rounds that become long enough.
        package var growth: UInt64

        /// A timer.
        package init(first: UInt64, growth: UInt64) {
            self.first = first
            self.growth = growth
        }
    }

    /// No timer is longer than this.
    package static let longestTimeout: UInt64 = 600_000
    /// Rounds after which a message's allowed delay grows no further; it is some hundred days by then.
    package static let delayRounds: UInt32 = 140

    /// Least time between two blocks.
    package var interval: UInt64 = 5000
    /// How far the clocks of honest members are apart.
    package var precision: UInt64 = 505
    /// How long a proposal takes to reach everybody, in round 0.
    package var messageDelay: UInt64 = 15_000
    /// Waiting for a proposal.
    package var propose = Timeout(first: 3000, growth: 500)
    /// Waiting for a polka.
    package var prevote = Timeout(first: 1000, growth: 500)
    /// Waiting for a decision.
    package var precommit = Timeout(first: 1000, growth: 500)
    /// A member that misses something says where it stands this often.
    package var gossip: UInt64 = 300

    /// The defaults of mainnet.
    package init() {}

    /// How long a timer runs in a round.
    package func span(of timer: RoundTimer, round: UInt32) -> UInt64 {
        let timeout =
            switch timer {
            case .propose: propose
            case .prevote: prevote
            case .precommit: precommit
            }
        let (growth, overflows) = timeout.growth.multipliedReportingOverflow(by: UInt64(round))
        return overflows ? Self.longestTimeout : min(timeout.first &+ growth, Self.longestTimeout)
    }

    /// How old a proposal of a round may be: a tenth more each round, since a bound that is too small would stop the chain for good.
    package func delay(round: UInt32) -> UInt64 {
        var delay = messageDelay
        for _ in 0..<min(round, Self.delayRounds) { delay += delay / 10 }
        return delay
    }

    /// Whether a block's time fits the moment at which its proposal came (proposer-based timestamps).
    package func isTimely(_ time: Timestamp, at now: UInt64, round: UInt32) -> Bool {
        let proposed = time.milliseconds
        return proposed <= now &+ precision && now <= proposed &+ delay(round: round) &+ precision
    }
}

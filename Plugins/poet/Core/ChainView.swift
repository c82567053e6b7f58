package import NodeDomain

/// What a PoET knows of the chain that it works for (spec: chain, §2).
package struct ChainView: Hashable, Sendable {
    /// The current epoch: its number is the round's.
    package var epoch: UInt32
    /// Unix milliseconds of its start.
    package var start: UInt64
    /// What is worked on for it; nil: only what others register.
    package var challenge: Bytes32?
    /// Whether the chain has a proof of it.
    package var isProved: Bool
    /// Whether the next round takes registrations.
    package var isNextOpen: Bool
    /// What is worked on for the next one, as soon as it is known.
    package var nextChallenge: Bytes32?

    /// A view of a chain: the next round is open as soon as its challenge is known.
    package init(epoch: UInt32, start: UInt64, challenge: Bytes32, nextChallenge: Bytes32?) {
        self.init(
            epoch: epoch, start: start, challenge: challenge, isProved: nextChallenge != nil,
            isNextOpen: nextChallenge != nil, nextChallenge: nextChallenge)
    }

    private init(
        epoch: UInt32, start: UInt64, challenge: Bytes32?, isProved: Bool, isNextOpen: Bool,
        nextChallenge: Bytes32?
    ) {
        self.epoch = epoch
        self.start = start
        self.challenge = challenge
        self.isProved = isProved
        self.isNextOpen = isNextOpen
        self.nextChallenge = nextChallenge
    }

    /// What a PoET without a chain goes by: epochs of a fixed length from a moment on, as the original has them.
    ///
    /// A round belongs to the epoch in which it starts, until the next one starts. Times are milliseconds.
    package static func clock(
        at now: UInt64, genesis: UInt64, epochTime: UInt64, phase: UInt64
    ) -> ChainView {
        let first = genesis.addingReportingOverflow(phase).partialValue
        guard now >= first, epochTime > 0 else {
            return ChainView(
                epoch: 0, start: genesis, challenge: nil, isProved: false, isNextOpen: false,
                nextChallenge: nil)
        }
        let epoch = (now - first) / epochTime
        return ChainView(
            epoch: UInt32(clamping: epoch), start: genesis + epoch * epochTime, challenge: nil,
            isProved: false, isNextOpen: true, nextChallenge: nil)
    }
}

/// When a round of an epoch works, and how much it must have done; times are milliseconds.
package struct RoundTerms: Hashable, Sendable {
    /// From the epoch's start to the start of its round.
    package var phase: UInt64
    /// What a round works.
    package var work: UInt64
    /// Length of an epoch, by plan.
    package var epochTime: UInt64
    /// Fewest leaves that a proof may be of.
    package var fewestLeaves: UInt64

    /// Terms of a network.
    package init(phase: UInt64, work: UInt64, epochTime: UInt64, fewestLeaves: UInt64) {
        self.phase = phase
        self.work = work
        self.epochTime = epochTime
        self.fewestLeaves = fewestLeaves
    }

    /// The terms of a network's file.
    package init(_ parameters: NetworkParameters) {
        self.init(
            phase: parameters.poetPhase, work: parameters.poetWork, epochTime: parameters.epochTime,
            fewestLeaves: parameters.poetLeaves)
    }

    /// Unix milliseconds from which a round works, for the start of its epoch.
    package func begin(_ start: UInt64) -> UInt64 { start.addingReportingOverflow(phase).partialValue }

    /// Unix milliseconds until which it works.
    package func end(_ start: UInt64) -> UInt64 { begin(start).addingReportingOverflow(work).partialValue }

    /// What the original calls the gap: from a round's end to the start of the next one.
    package var gap: UInt64 { epochTime > work ? epochTime - work : 0 }

    /// A processor that makes so many leaves a second is too slow with less room than this.
    package static let room = 1.2

    /// Whether a processor is fast enough for proofs that the chain takes.
    package func isFastEnough(leavesPerSecond: Double) -> Bool {
        leavesPerSecond * Double(work) / 1000 >= RoundTerms.room * Double(fewestLeaves)
    }
}

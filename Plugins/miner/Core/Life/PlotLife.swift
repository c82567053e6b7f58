package import NodeDomain

/// One plot: what is known of it, and what is being done.
package struct PlotLife: Hashable, Sendable {
    /// Work that takes its time.
    package enum Work: Hashable, Sendable {
        case making
        case proving(epoch: UInt32)
    }

    /// A proof that waits for its activation, or goes with it.
    package struct Proved: Hashable, Sendable {
        package let epoch: UInt32
        package let proof: PostProof
        /// Unix milliseconds at which it was there.
        package let since: UInt64
    }

    /// What is mined.
    package let plot: MinedPlot
    /// Its data is there.
    package internal(set) var isMade = false
    /// nil: nothing is under way.
    package internal(set) var work: Work?
    /// How much of the work is done, 0 to 1.
    package internal(set) var share = 0.0
    /// Unix milliseconds at which the work is expected to end; nil: not known.
    package internal(set) var expectedEnd: UInt64?
    /// What stands in the way of the work; empty: nothing.
    package internal(set) var trouble = ""
    /// The newest proof.
    package internal(set) var proved: Proved?
    /// The activation that carries it.
    package internal(set) var draft: UInt64?
    /// An epoch for which no nonce had enough labels.
    package internal(set) var unprovable: UInt32?
    /// The newest epoch of whose activation it was seen that it is on chain.
    package internal(set) var included: UInt32?
    /// The newest epoch that passed without an activation.
    package internal(set) var missed: UInt32?
    /// Failures since the last success, and when to try again.
    package internal(set) var attempt: UInt32 = 0
    package internal(set) var restsUntil: UInt64 = 0
    /// Units by epoch that are not paid yet, the current one included.
    package internal(set) var owed: [UInt32: UInt64] = [:]
    /// Smidge that were paid.
    package internal(set) var paid: UInt64 = 0

    init(_ plot: MinedPlot) {
        self.plot = plot
    }

    /// Waits longer with each failure: 2 s to 64 s.
    mutating func rest(_ now: UInt64) {
        restsUntil = now + Mining.rest << UInt64(min(attempt, 5))
        attempt += 1
    }

    mutating func succeed() {
        attempt = 0
        restsUntil = 0
    }
}

/// One process of the node, as far as its supervision goes.
package struct ProcessRule: Sendable, Hashable {
    package let name: String
    /// Whether the others wait until it is READY.
    package let isRouter: Bool
    /// How long it may finish what it has, before it is killed.
    package let drainMilliseconds: UInt64

    /// A process; the order of the rules is the order of the start, and drains go the other way.
    package init(name: String, isRouter: Bool = false, drainMilliseconds: UInt64 = 12_000) {
        self.name = name
        self.isRouter = isRouter
        self.drainMilliseconds = drainMilliseconds
    }
}

/// Times and counts of the supervision, in milliseconds.
package struct SupervisorPolicy: Sendable, Hashable {
    /// Pause after the first death; it doubles with each one after it.
    package var firstPause: UInt64 = 500
    package var longestPause: UInt64 = 30_000
    /// READY for so long: earlier deaths are forgotten.
    package var healthyAfter: UInt64 = 60_000
    /// A process that is not READY after this time needs somebody's attention; one that replaces another goes.
    package var readyWithin: UInt64 = 10_000
    /// So many deaths within the window are a crash loop.
    package var loopDeaths = 3
    package var loopWindow: UInt64 = 600_000
    /// The router may be silent for so long before what it said is called unknown.
    package var silentAfter: UInt64 = 2000

    /// The defaults.
    package init() {}

    /// How long to wait after so many deaths in a row.
    package func pause(afterDeaths deaths: Int) -> UInt64 {
        guard deaths > 0 else { return 0 }
        // 2^20 pauses are above every limit.
        return min(longestPause, firstPause << UInt64(min(deaths - 1, 20)))
    }
}

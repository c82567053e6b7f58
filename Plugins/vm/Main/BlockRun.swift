internal import NodeProtocol

/// Where the time of one block goes.
struct BlockRun {
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var last: ContinuousClock.Instant
    private var timing = Spacenode_Vm_V1_Timing()
    /// Rounds of reading.
    var reads = 0

    init() {
        start = clock.now
        last = start
    }

    /// Adds the time since the last lap to a part.
    mutating func lap(_ part: WritableKeyPath<Spacenode_Vm_V1_Timing, UInt64>) {
        let now = clock.now
        timing[keyPath: part] += Self.microseconds(now - last)
        last = now
    }

    /// The whole.
    func finished() -> Spacenode_Vm_V1_Timing {
        var timing = timing
        timing.totalUs = Self.microseconds(clock.now - start)
        timing.reads = UInt32(clamping: reads)
        return timing
    }

    private static func microseconds(_ duration: Duration) -> UInt64 {
        UInt64(
            clamping: duration.components.seconds * 1_000_000 + duration.components.attoseconds
                / 1_000_000_000_000)
    }
}

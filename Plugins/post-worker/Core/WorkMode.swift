/// With how much memory RandomX hashes.
package enum WorkMode: Hashable, Sendable {
    /// 256 MiB: ready in half a second.
    case light
    /// Another 2 GiB, which take about a minute of one core to make: each hash then costs about a tenth.
    case fast

    /// Memory that must be free for fast mode: the data set, and room for everybody else.
    package static let fastMemory: UInt64 = 3 << 30
    /// Hashes from which on fast mode is used: two minutes of one core in light mode, twice what its memory costs.
    package static let fastHashes = 5000.0

    /// The mode for so many hashes, of those that the free memory allows; nil: not known.
    package init(expected hashes: Double, freeMemory: UInt64?, isReady: Bool) {
        let hasRoom = freeMemory.map { $0 >= WorkMode.fastMemory } ?? false
        self = isReady || hasRoom && hashes >= WorkMode.fastHashes ? .fast : .light
    }
}

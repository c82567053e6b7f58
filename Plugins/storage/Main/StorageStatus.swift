internal import Glibc
internal import StorageCore
internal import Synchronization

/// What people may know of storage at any moment, shared by all threads.
struct StorageStatus: Sendable {
    var condition = StorageCondition.opening
    var durableSequence: UInt64 = 0
    var space = StorageSpace(free: 0, total: 0, log: 0)
    var ballastBytes: UInt64 = 0
    var writes: UInt64 = 0
    var writtenBytes: UInt64 = 0
    var syncs: UInt64 = 0
    var durableWrites: UInt64 = 0
    var reads: UInt64 = 0
}

/// Milliseconds of a clock that never goes back.
func monotonicMilliseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
}

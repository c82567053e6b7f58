internal import Foundation
package import PostWorkerCore

/// RandomX's memory, made when it is first needed and shared by all who hash.
package final class SharedRandomX: Sendable {
    private let made = Monitor(RandomXCache?.none)
    private let fast = Monitor((set: RandomXDataSet?.none, used: 0.0))

    /// Items that a thread makes before it looks whether it is still wanted: some 50 ms.
    private static let items: UInt = 1 << 14
    /// Seconds after which a data set that nobody uses is given back.
    private static let idle = 600.0

    /// Nothing is made yet.
    package init() {}

    /// The memory of light mode; the first caller makes it, which takes about half a second, and others wait.
    ///
    /// - Throws: `RandomXFault` without memory; the next caller tries again.
    package func cache() throws -> RandomXCache {
        try made.with { made in
            if let made { return made }
            let cache = try RandomXCache(allocated: HugePages.advise)
            made = cache
            return cache
        }
    }

    /// Whether fast mode costs nothing more.
    package var isFastReady: Bool { fast.with { $0.set != nil } }

    /// The memory of fast mode; made by so many threads when it is not there.
    ///
    /// - Returns: nil when the control ended it.
    /// - Throws: `RandomXFault` without memory.
    package func dataSet(threads: Int, control: WorkControl) throws -> RandomXDataSet? {
        if let set = fast.with({ state -> RandomXDataSet? in
            state.used = wallSeconds()
            return state.set
        }) {
            return set
        }
        let set = try RandomXDataSet(try cache(), allocated: HugePages.advise)
        let next = Monitor(UInt(0))
        onThreads(max(threads, 1)) { _ in
            while control.admit(bytes: 0) {
                let first = next.with { next -> UInt in
                    defer { next += SharedRandomX.items }
                    return next
                }
                guard first < RandomXDataSet.items else { return }
                set.fill(first..<first + SharedRandomX.items)
            }
        }
        guard !control.isStopped else { return nil }
        fast.with { $0 = (set, wallSeconds()) }
        return set
    }

    /// Gives the data set back when it was not asked for in ten minutes; who uses it keeps it until then.
    package func giveBackIdle() {
        fast.with { state in
            if wallSeconds() - state.used > SharedRandomX.idle { state.set = nil }
        }
    }
}

internal import Foundation

/// Runs a body on so many threads of their own, and waits for all.
package func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let group = DispatchGroup()
    for number in 0..<count {
        group.enter()
        let thread = Thread {
            body(number)
            group.leave()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }
    group.wait()
}

/// Seconds of a clock that only goes forward.
package func wallSeconds() -> Double { seconds(of: CLOCK_MONOTONIC) }

/// Seconds that this thread had a processor.
package func threadSeconds() -> Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

/// Seconds that all threads of this process had a processor.
package func processSeconds() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

private func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Things of which each thread uses one alone.
package struct PerThread<Thing>: @unchecked Sendable {
    // Unchecked: thread n touches element n and no other.
    private let things: [Thing]

    /// One for each thread.
    package init(_ things: [Thing]) {
        self.things = things
    }

    /// How many threads they are for.
    package var count: Int { things.count }

    /// That of a thread.
    package subscript(thread: Int) -> Thing { things[thread] }
}

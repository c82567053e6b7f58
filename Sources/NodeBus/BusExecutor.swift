internal import Glibc
internal import Synchronization

/// Runs Swift jobs on the thread that owns the sockets (docs/protocol: one thread owns a plugin's sockets).
///
/// `@unchecked Sendable`: `local` is touched by the owning thread alone, `remote` under its lock.
package final class BusExecutor: TaskExecutor, @unchecked Sendable {
    @exclusivity(unchecked) private var local: [UnownedJob] = []
    @exclusivity(unchecked) private var running: [UnownedJob] = []
    private let remote = Mutex<[UnownedJob]>([])
    private let posted = Mutex<[@Sendable () -> Void]>([])
    private let owner = Atomic<UInt>(0)
    private let hasRemote = Atomic<Bool>(false)
    private let wake: @Sendable () -> Void

    /// - Parameter wake: makes the owning thread look again; called from any thread.
    package init(wake: @escaping @Sendable () -> Void) {
        self.wake = wake
    }

    /// Makes the calling thread the owner.
    package func adoptThread() {
        owner.store(UInt(pthread_self()), ordering: .releasing)
    }

    /// Whether the calling thread is the owner.
    @inline(__always)
    package var isCurrent: Bool {
        owner.load(ordering: .acquiring) == UInt(pthread_self())
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            local.append(job)
            return
        }
        remote.withLock { $0.append(job) }
        if !hasRemote.exchange(true, ordering: .acquiringAndReleasing) { wake() }
    }

    /// Runs a closure on the owning thread; for the few doors that other threads have.
    package func post(_ closure: @escaping @Sendable () -> Void) {
        posted.withLock { $0.append(closure) }
        if !hasRemote.exchange(true, ordering: .acquiringAndReleasing) { wake() }
    }

    private func takeRemote() {
        remote.withLock { jobs in
            local.append(contentsOf: jobs)
            jobs.removeAll(keepingCapacity: true)
        }
        let closures = posted.withLock { closures in
            defer { closures.removeAll(keepingCapacity: true) }
            return closures
        }
        for closure in closures { closure() }
    }

    /// Whether a job waits.
    package var hasJobs: Bool {
        !local.isEmpty || hasRemote.load(ordering: .acquiring)
    }

    /// Runs jobs until none waits, at most `rounds` times over.
    /// - Returns: whether some still wait.
    @discardableResult
    package func runJobs(rounds: Int = 64) -> Bool {
        for _ in 0..<rounds {
            if hasRemote.exchange(false, ordering: .acquiringAndReleasing) { takeRemote() }
            if local.isEmpty { return false }
            swap(&local, &running)
            let executor = asUnownedTaskExecutor()
            for job in running { job.runSynchronously(on: executor) }
            running.removeAll(keepingCapacity: true)
        }
        return hasJobs
    }
}

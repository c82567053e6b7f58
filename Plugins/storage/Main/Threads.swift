internal import Foundation

/// Many inside together, or one alone; whoever wants to be alone goes first.
///
/// `@unchecked Sendable`: the lock is what it guards.
final class ReadWriteGate: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        pthread_rwlock_init(lock, &attributes)
        pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }

    func shared<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return try body()
    }

    func alone<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return try body()
    }
}

/// A queue with one lock; what takes from it may sleep.
///
/// `@unchecked Sendable`: everything is under the condition's lock.
final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var elements: [Element] = []
    private var isClosed = false

    /// - Returns: false when the queue is closed; the element was not taken.
    func add(_ element: Element) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        if isClosed { return false }
        elements.append(element)
        condition.signal()
        return true
    }

    /// Everything that waits; nothing when the time is over; nil when the queue is closed and empty.
    func takeAll(within milliseconds: UInt64) -> [Element]? {
        let date = Date() + Double(milliseconds) / 1000
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty, !isClosed {
            if !condition.wait(until: date) { break }
        }
        if elements.isEmpty, isClosed { return nil }
        defer { elements.removeAll(keepingCapacity: true) }
        return elements
    }

    /// The oldest that waits; nil when the queue is closed and empty.
    func take() -> Element? {
        condition.lock()
        defer { condition.unlock() }
        while elements.isEmpty, !isClosed { condition.wait() }
        return elements.isEmpty ? nil : elements.removeFirst()
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}

/// Threads for calls that may wait for the disk, which neither the bus thread nor Swift's own pool may.
final class ReaderPool: Sendable {
    private let queue = BlockingQueue<@Sendable () -> Void>()

    init(threads: Int) {
        for number in 1...max(1, threads) {
            let thread = Thread { [queue] in
                while let work = queue.take() { work() }
            }
            thread.name = "reader-\(number)"
            thread.start()
        }
    }

    deinit {
        queue.close()
    }

    /// Runs `body` on one of the threads.
    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let wasTaken = queue.add {
                continuation.resume(with: Swift.Result { try body() })
            }
            if !wasTaken { continuation.resume(throwing: CancellationError()) }
        }
    }
}

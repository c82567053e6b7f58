internal import Foundation
internal import NodeCrypto
internal import NodeDomain
internal import Synchronization

/// Threads of its own for the checking of signatures: neither the bus nor other work waits for them.
struct SignaturePool: Sendable {
    private let threads: Int

    /// - Parameter threads: at once; 0: all cores.
    init(threads: Int) {
        self.threads = threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : threads
    }

    /// Answers each job, in their order.
    ///
    /// Jobs are taken in runs, so that no thread stands idle while another has a queue.
    func answers<Job: Sendable>(
        _ jobs: [Job], _ check: @escaping @Sendable (Job) -> Bool
    ) async -> [Bool] {
        guard !jobs.isEmpty else { return [] }
        let board = Board(jobs.count)
        let workers = min(threads, (jobs.count + Board.run - 1) / Board.run)
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let left = Mutex(workers)
            for _ in 0..<workers {
                let thread = Thread {
                    while let range = board.take() {
                        board.put(range, jobs[range].map(check))
                    }
                    let isLast = left.withLock { count in
                        count -= 1
                        return count == 0
                    }
                    if isLast { done.resume() }
                }
                thread.name = "signatures"
                thread.start()
            }
        }
        return board.verdicts
    }

    /// Which jobs are taken, and what came of them.
    private final class Board: Sendable {
        /// Jobs taken at a time.
        static let run = 32
        private let count: Int
        private let state: Mutex<(next: Int, verdicts: [Bool])>

        init(_ count: Int) {
            self.count = count
            state = Mutex((0, [Bool](repeating: false, count: count)))
        }

        func take() -> Range<Int>? {
            state.withLock { state in
                guard state.next < count else { return nil }
                let range = state.next..<min(state.next + Self.run, count)
                state.next = range.upperBound
                return range
            }
        }

        func put(_ range: Range<Int>, _ verdicts: [Bool]) {
            state.withLock { $0.verdicts.replaceSubrange(range, with: verdicts) }
        }

        var verdicts: [Bool] { state.withLock { $0.verdicts } }
    }
}

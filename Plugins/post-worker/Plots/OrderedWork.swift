/// Runs jobs on threads, and hands their results over one after another in the order of the jobs.
struct OrderedWork<Job: Sendable, Result: Sendable>: Sendable {
    /// How many threads.
    let threads: Int
    /// How many jobs may be taken while the result of one is waited for.
    var ahead = Int.max
    /// The next job and its number, from zero without gaps, after a wait perhaps; nil when there are no more.
    let next: @Sendable () throws -> (number: Int, job: Job)?
    /// Does a job, on the thread of that number.
    let work: @Sendable (Int, Job) throws -> Result
    /// Takes a result, one at a time; false ends the work.
    let deliver: @Sendable (Job, Result) throws -> Bool

    private struct State {
        var waiting: [Int: (Job, Result)] = [:]
        var delivered = 0
        var isDelivering = false
        var isEnded = false
        var fault: (any Error)?
    }

    /// Returns when all is done, or the work was ended.
    ///
    /// - Throws: the first error of a job.
    func run() throws {
        let state = Monitor(State())
        onThreads(max(threads, 1)) { thread in
            do {
                while !state.with({ $0.isEnded }), let (number, job) = try next() {
                    let result = try work(thread, job)
                    try hand(over: (job, result), number, state)
                }
            } catch {
                state.with {
                    $0.fault = $0.fault ?? error
                    $0.isEnded = true
                }
            }
        }
        if let fault = state.with({ $0.fault }) { throw fault }
    }

    /// Puts a result into its place; whoever fills the first gap delivers for all.
    private func hand(over result: (Job, Result), _ number: Int, _ state: Monitor<State>) throws {
        state.with { $0.waiting[number] = result }
        while let (job, result) = state.with({ take(from: &$0) }) {
            let goesOn: Bool
            do {
                goesOn = try deliver(job, result)
            } catch {
                state.with { $0.isDelivering = false }
                throw error
            }
            state.with {
                $0.isDelivering = false
                $0.delivered += 1
                if !goesOn { $0.isEnded = true }
            }
        }
        state.wait { $0.isEnded || number - $0.delivered < ahead ? () : nil }
    }

    private func take(from state: inout State) -> (Job, Result)? {
        guard !state.isDelivering, !state.isEnded,
            let result = state.waiting.removeValue(forKey: state.delivered)
        else { return nil }
        state.isDelivering = true
        return result
    }
}

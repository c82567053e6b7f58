internal import Foundation
package import NodeDomain
package import PostWorkerCore

/// A proof to be judged, with all that the verdict depends on.
package struct JudgeCase: Sendable {
    /// The judge.
    package let verifier: ProofVerifier
    /// The proof.
    package let proof: PostProof
    /// Of which plot.
    package let plot: Plot
    /// For which challenge.
    package let challenge: Bytes32
    /// Which labels are computed.
    package let sample: ProofSample

    /// A case.
    package init(
        verifier: ProofVerifier, proof: PostProof, plot: Plot, challenge: Bytes32, sample: ProofSample
    ) {
        self.verifier = verifier
        self.proof = proof
        self.plot = plot
        self.challenge = challenge
        self.sample = sample
    }
}

/// Threads that judge proofs, each with a RandomX machine and tables of its own.
package final class JudgePool: Sendable {
    private typealias Verdict = Result<ProofRefusal?, any Error>
    private struct State {
        var jobs: [(JudgeCase, @Sendable (Verdict) -> Void)] = []
        var isClosed = false
    }

    private let state = Monitor(State())

    /// Starts the threads; RandomX's memory is made for the first proof whose shape is right.
    package init(threads: Int, randomX: SharedRandomX) {
        for _ in 0..<threads {
            let thread = Thread { [state] in
                var bench = Bench(randomX: randomX)
                while let (job, done) = state.wait({ state -> (JudgeCase, @Sendable (Verdict) -> Void)?? in
                    if !state.jobs.isEmpty { return state.jobs.removeFirst() }
                    return state.isClosed ? .some(nil) : nil
                }) {
                    done(Verdict { try bench.judge(job) })
                }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit { state.with { $0.isClosed = true } }

    /// Judges a proof on one of the threads.
    ///
    /// - Returns: why not; nil when it is valid.
    /// - Throws: when it cannot be judged, without memory say.
    package func judge(_ job: JudgeCase) async throws -> ProofRefusal? {
        try await withCheckedThrowingContinuation { continuation in
            state.with { $0.jobs.append((job, { continuation.resume(with: $0) })) }
        }
    }

    /// What one thread judges with.
    private struct Bench {
        let randomX: SharedRandomX
        var machine: MachineBox?
        var labels: (scryptN: UInt32, worker: any LabelWorker)?

        init(randomX: SharedRandomX) { self.randomX = randomX }

        mutating func judge(_ job: JudgeCase) throws -> ProofRefusal? {
            do {
                let indices = try job.verifier.checkShape(job.proof, of: job.plot)
                let machine = try machine ?? MachineBox(RandomXMachine(randomX.cache()))
                self.machine = machine
                try job.verifier.checkWork(
                    job.proof, of: job.plot, challenge: job.challenge, on: &machine.machine)
                let worker = try worker(job.plot.scryptN)
                try job.verifier.checkLabels(
                    job.proof, of: job.plot, challenge: job.challenge, indices: indices, sample: job.sample,
                    by: worker)
                return nil
            } catch let refusal as ProofRefusal {
                return refusal
            }
        }

        private mutating func worker(_ scryptN: UInt32) throws(LabelFault) -> any LabelWorker {
            if let labels, labels.scryptN == scryptN { return labels.worker }
            // The tables of the cost before go first.
            labels = nil
            let worker = try LabelProviders.expected.makeWorker(scryptN: scryptN)
            labels = (scryptN, worker)
            return worker
        }
    }
}

package import NodeDomain

/// Where a job stands, as the queue sees it.
package struct JobWord: Hashable, Sendable {
    /// The job.
    package let job: FleetJob
    /// Who has it; nil: nobody.
    package let worker: String?
    /// How much of it is done, 0 to 1.
    package let share: Double
    /// The last error of an attempt; empty: none.
    package let error: String

    /// A word.
    package init(job: FleetJob, worker: String?, share: Double, error: String = "") {
        self.job = job
        self.worker = worker
        self.share = share
        self.error = error
    }
}

/// A worker as the bus shows it.
package struct FleetWorker: Hashable, Sendable {
    /// A directory that it offers.
    package struct Place: Hashable, Sendable {
        /// The directory.
        package let directory: String
        /// The physical disk that it is on.
        package let disk: String
        /// What that disk reads, in bytes a second, by measurement or by the worker's own limit; 0: unknown.
        package let bytesPerSecond: Double

        /// A directory.
        package init(directory: String, disk: String, bytesPerSecond: Double = 0) {
            self.directory = directory
            self.disk = disk
            self.bytesPerSecond = bytesPerSecond
        }
    }

    /// Its name.
    package let name: String
    /// What it has.
    package let places: [Place]
    /// RandomX hashes a second that it measured; 0: not yet.
    package let hashesPerSecond: Double

    /// A worker.
    package init(name: String, places: [Place], hashesPerSecond: Double = 0) {
        self.name = name
        self.places = places
        self.hashesPerSecond = hashesPerSecond
    }
}

/// What happens to a coordinator.
package enum FleetEvent: Hashable, Sendable {
    /// The workers that are there now.
    case workers([FleetWorker])
    /// Where jobs stand now.
    case jobs([JobWord])
    /// A scan found good labels.
    case hits(FleetJob, [FleetHit])
    /// A job ended.
    case ended(FleetJob, JobOutcome)
    /// The verifier has judged the proof that it was last given.
    case judged(Judgement)
    /// Time has passed.
    case tick
}

/// What a coordinator wants done.
package enum FleetAction: Hashable, Sendable {
    /// Put a job into the queue; one that is there already stays.
    case offer(FleetJob)
    /// Take a job out of the queue.
    case cancel(FleetJob, String)
    /// Have the strict verifier judge a proof.
    case judge(PostProof)
    /// All is over.
    case finish(FleetEnd)
}

/// How the whole ended.
package enum FleetEnd: Hashable, Sendable {
    /// The plot is made; its smallest label.
    case initialized(NonceCandidate?)
    /// A proof that the strict verifier accepted, and labels that were found to be damaged on the way.
    case proof(PostProof, damaged: [UInt64])
    /// No nonce had enough labels; the best had so many.
    case unproved(best: Int, damaged: [UInt64])
    /// It cannot go on: why, and what to do.
    case failed(String)
}

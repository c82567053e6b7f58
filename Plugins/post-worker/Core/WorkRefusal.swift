internal import NodeDomain

/// Why a task or request is not carried out: what is wrong, and what to do.
package struct WorkRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The whole of it.
    package let description: String

    /// A refusal in plain words.
    package init(_ description: String) {
        self.description = description
    }
}

/// What bounds tasks and requests besides the limits of plots and proofs.
package enum WorkLimit {
    /// Labels of a plot: 16 EiB of them.
    package static let labels: UInt64 = 1 << 60
    /// Groups of a pass: so many there are.
    package static let groups = Int(ProofCipher.nonces / ProofCipher.noncesPerGroup)
    /// Bytes of a path.
    package static let pathBytes = 4096
    /// Hits that a result carries.
    package static let resultHits = 200_000
    /// Hits of one call to the owner.
    package static let callHits = 10_000
    /// Bytes of the packed indices of a proof.
    package static let indexBytes = 512 << 10
    /// Bytes of a seed.
    package static let seedBytes = 64
    /// What judging one proof may cost: labels times their scrypt N, a hundred times a proof of the networks.
    package static let judgeCost: UInt64 = 1 << 26
    /// Slowest rate that reading can be held to: below it a block would take longer than a lease.
    package static let slowestRead: UInt64 = 65_536
    /// Threads.
    package static let threads = 1024
    /// Segments that are offered.
    package static let segments = 4096
}

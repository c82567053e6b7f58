package import NodeDomain
package import PostWorkerCore

/// What a proof is asked for.
package struct ProofRequest: Sendable {
    /// The challenge.
    package let challenge: Bytes32
    /// What the network asks.
    package let rules: ProofRules
    /// Nonces of a pass over the plot, a multiple of 16.
    package let nonces: UInt32
    /// Nonces below this alone may win.
    package let maxNonces: UInt32

    /// A request.
    package init(challenge: Bytes32, rules: ProofRules, nonces: UInt32 = 64, maxNonces: UInt32 = 288) {
        self.challenge = challenge
        self.rules = rules
        self.nonces = nonces
        self.maxNonces = maxNonces
    }
}

/// What a prover is at.
package enum ProveProgress: Sendable {
    /// RandomX's memory is filled: the share, in fast mode.
    case preparing(Double?)
    /// Proofs of work of a pass: hashes so far, and how many are expected.
    case work(pass: Int, hashes: UInt64, expected: Double)
    /// Reading and looking.
    case scan(pass: Int, bytes: UInt64, best: Int)
    /// The verifier looks at the proof.
    case verifying
}

/// How a proof ended.
package enum ProveOutcome: Sendable {
    /// A proof, which the strict verifier and the chain's rules accept.
    case proof(PostProof, isDirect: Bool)
    /// No nonce had enough labels; the best had so many.
    case none(best: Int)
    /// The control ended it.
    case stopped
}

/// Makes a proof of space from files: proofs of work of a pass, a scan, the next pass, until a nonce has enough labels.
package struct PlotProver: Sendable {
    private let segments: [PlotSegment]
    private let request: ProofRequest
    private let threads: Int
    private let path: ScanPath
    private let memory: RandomXChoice
    private let control: WorkControl

    /// A prover over segments of one plot.
    package init(
        _ segments: [PlotSegment], request: ProofRequest, threads: Int = 1, path: ScanPath = .expected,
        memory: RandomXChoice = .automatic, control: WorkControl = WorkControl()
    ) {
        // In the order of the labels, so that the order of directories changes nothing.
        self.segments = segments.sorted { $0.files.lowerBound < $1.files.lowerBound }
        self.request = request
        self.threads = max(threads, 1)
        self.path = path
        self.memory = memory
        self.control = control
    }

    /// Proves.
    ///
    /// - Parameter progress: called on threads of the work, one call at a time.
    /// - Throws: `PlotFileFault` for files that cannot be read, `ProofRefusal` when the proof is not valid, as of a damaged
    ///   plot, `RandomXFault` and `LabelFault` without memory.
    package func run(progress: @escaping @Sendable (ProveProgress) -> Void = { _ in }) throws -> ProveOutcome
    {
        guard let plot = segments.first?.layout.plot else { return .none(best: 0) }
        guard let difficulty = ProvingDifficulty(k1: request.rules.k1, labels: plot.labels) else {
            throw ProofRefusal.tooFewLabels(labels: plot.labels, k1: request.rules.k1)
        }
        let passes = ProvePasses.groups(nonces: request.nonces, limit: request.maxNonces)
        progress(.preparing(nil))
        let work = try WorkSearch(
            challenge: request.challenge, identity: plot.identity, units: plot.units,
            difficulty: request.rules.powDifficulty, groups: passes.first?.count ?? 1, threads: threads,
            memory: memory, control: control
        ) { progress(.preparing($0)) }
        var best = 0
        for (number, range) in passes.enumerated() {
            let groups = try work.groups(range) { progress(.work(pass: number, hashes: $0, expected: $1)) }
            guard let groups else { return .stopped }
            let pass = ScanPass(challenge: request.challenge, groups: groups, difficulty: difficulty)
            let scanner = PlotScanner(
                pass: pass, needed: request.rules.k2, threads: threads, path: path, control: control)
            let known = Monitor(HitCollector(needed: request.rules.k2))
            let outcome = try scanner.scan(
                segments.map { ScanPart($0) },
                hits: { hits in known.with { for hit in hits { $0.add(hit) } } },
                progress: { state in
                    let best = known.with { $0.best }
                    progress(.scan(pass: number, bytes: state.bytes, best: best))
                })
            guard outcome.isFinished else { return .stopped }
            best = max(best, outcome.hits.best)
            if let proof = outcome.hits.proof(groups: groups, labels: plot.labels) {
                progress(.verifying)
                try verify(proof, of: plot, work)
                return .proof(proof, isDirect: outcome.isDirect)
            }
        }
        return .none(best: best)
    }

    private func verify(_ proof: PostProof, of plot: Plot, _ work: WorkSearch) throws {
        let verifier = ProofVerifier(
            rules: request.rules, chain: ChainRules(maxNonces: min(request.maxNonces, ProofCipher.nonces)))
        var machine = try RandomXMachine(work.cache)
        let worker = try LabelProviders.expected.makeWorker(scryptN: plot.scryptN)
        try verifier.verify(proof, of: plot, challenge: request.challenge, on: &machine, by: worker)
    }
}

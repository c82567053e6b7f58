internal import Foundation
internal import MinerCore
internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import SwiftProtobuf

/// Turns jobs into tasks of the bus, and what comes back into words for the coordinator.
struct FleetWire: Sendable {
    let plan: FleetPlan
    /// nil: the plan is for making alone.
    let proof: ProofTerms?

    /// What a proof is made for, beside the coordinator's numbers.
    struct ProofTerms: Sendable {
        let challenge: Bytes32
        let powDifficulty: Bytes32
        let ask: ProofAsk
    }

    static let initialize = "post.InitializeRange"
    static let work = "post.ProofOfWork"
    static let scan = "post.ScanRange"

    private var plot: Spacenode_Post_V1_Plot {
        var plot = Spacenode_Post_V1_Plot()
        plot.identity = Data(plan.identity.bytes)
        plot.commitmentAtx = Data(plan.commitmentATX.bytes)
        plot.units = plan.units
        plot.labelsPerUnit = plan.labelsPerUnit
        plot.scryptN = plan.scryptN
        plot.maxFileSize = plan.maxFileSize
        return plot
    }

    private var challenge: Data { Data((proof?.challenge ?? .zero).bytes) }

    // MARK: - Jobs to tasks

    /// The task of a job.
    /// - Parameters:
    ///   - groups: of the pass that it scans.
    ///   - locality: the place that it is bound to.
    /// - Returns: nil when the plan has no terms for it.
    func task(of job: FleetJob, groups: [FleetGroup], locality: String) throws -> TaskSpecification? {
        switch job {
        case .initialize(let segment, let file, let round):
            var work = Spacenode_Post_V1_InitializeRangeWork()
            work.plot = plot
            work.directory = plan.segments[segment].directory
            work.files.first = file
            work.files.last = file
            work.round = round
            return TaskSpecification(
                kind: FleetWire.initialize, inputs: try work.serializedBytes(), capability: "init",
                locality: locality)
        case .work(let group, let round):
            guard let proof else { return nil }
            var work = Spacenode_Post_V1_ProofOfWorkWork()
            work.identity = Data(plan.identity.bytes)
            work.challenge = challenge
            work.units = plan.units
            work.difficulty = Data(proof.powDifficulty.bytes)
            work.firstGroup = UInt32(group)
            work.groups = 1
            work.round = round
            return TaskSpecification(
                kind: FleetWire.work, inputs: try work.serializedBytes(), capability: "pow")
        case .scan:
            return try scanTask(job, groups, locality)
        }
    }

    private func scanTask(
        _ job: FleetJob, _ groups: [FleetGroup], _ locality: String
    ) throws -> TaskSpecification? {
        guard let proof, case .scan(let segment, _, let from, let round) = job else { return nil }
        let files = plan.segments[segment].files
        var work = Spacenode_Post_V1_ScanRangeWork()
        work.plot = plot
        work.files.first = files.lowerBound
        work.files.last = files.upperBound - 1
        work.challenge = challenge
        work.groups = groups.map { group in
            var wire = Spacenode_Post_V1_Group()
            wire.number = UInt32(group.number)
            wire.pow = group.pow
            return wire
        }
        work.k1 = proof.ask.k1
        work.k2 = UInt32(clamping: proof.ask.k2)
        work.firstLabel = from
        work.round = round
        return TaskSpecification(
            kind: FleetWire.scan, inputs: try work.serializedBytes(), capability: "scan", locality: locality)
    }

    /// The job that a task of an earlier life was; nil: of another plan.
    func job(of task: TaskSpecification) -> FleetJob? {
        switch task.kind {
        case FleetWire.initialize:
            guard let work = try? Spacenode_Post_V1_InitializeRangeWork(serializedBytes: task.inputs),
                work.plot == plot, let segment = segment(holding: work.files.first)
            else { return nil }
            return .initialize(segment: segment, file: work.files.first, round: work.round)
        case FleetWire.work:
            guard let work = try? Spacenode_Post_V1_ProofOfWorkWork(serializedBytes: task.inputs),
                work.identity == plot.identity, work.challenge == challenge
            else { return nil }
            return .work(group: UInt8(clamping: work.firstGroup), round: work.round)
        case FleetWire.scan:
            guard let work = try? Spacenode_Post_V1_ScanRangeWork(serializedBytes: task.inputs),
                work.plot == plot, work.challenge == challenge,
                let segment = segment(holding: work.files.first), let group = work.groups.first,
                let pass = proof?.ask.passes.firstIndex(where: { $0.contains(UInt8(clamping: group.number)) })
            else { return nil }
            return .scan(segment: segment, pass: pass, from: work.firstLabel, round: work.round)
        default: return nil
        }
    }

    private func segment(holding file: UInt64) -> Int? {
        plan.segments.firstIndex { $0.files.contains(file) }
    }

    // MARK: - What comes back

    /// How a job ended, by its record; nil: it has not.
    func outcome(of job: FleetJob, _ record: TaskRecord) -> JobOutcome? {
        guard case .finished(let outcome) = record.state else { return nil }
        switch outcome {
        case .output(let bytes):
            return result(of: job, bytes) ?? .failed("the worker's result cannot be read")
        case .failed(let text): return .failed(text)
        case .cancelled:
            let checkpoint = try? Spacenode_Post_V1_ScanRangeCheckpoint(serializedBytes: record.checkpoint)
            let next = checkpoint?.nextLabel ?? 0
            guard case .scan = job, next > 0 else { return .cancelled(next: nil) }
            return .cancelled(next: next)
        }
    }

    /// How much of a job is done.
    ///
    /// What a worker says is of the labels that it began with, which after a return are fewer than the job's.
    /// - Parameter said: the label before which the worker has told all hits.
    func share(of job: FleetJob, _ record: TaskRecord, said: UInt64) -> Double {
        guard case .scan(let segment, _, let from, _) = job,
            let checkpoint = try? Spacenode_Post_V1_ScanRangeCheckpoint(serializedBytes: record.checkpoint)
        else { return record.progress }
        let end = plan.labels(ofSegment: segment).upperBound
        let next = min(max(checkpoint.nextLabel, said), end)
        return next > from ? Double(next - from) / Double(end - from) : 0
    }

    private func result(of job: FleetJob, _ bytes: [UInt8]) -> JobOutcome? {
        switch job {
        case .initialize:
            guard let result = try? Spacenode_Post_V1_InitializeRangeResult(serializedBytes: bytes) else {
                return nil
            }
            guard result.hasNonce, let label = Bytes32([UInt8](result.nonceLabel)) else { return .made(nil) }
            return .made(NonceCandidate(index: result.nonce, label: label))
        case .work(let group, _):
            let result = try? Spacenode_Post_V1_ProofOfWorkResult(serializedBytes: bytes)
            guard let found = result?.groups.first(where: { $0.number == UInt32(group) }) else { return nil }
            return .work(pow: found.pow)
        case .scan:
            guard let result = try? Spacenode_Post_V1_ScanRangeResult(serializedBytes: bytes),
                let hits = FleetWire.hits(result.hits)
            else { return nil }
            return .scanned(hits, next: result.nextLabel)
        }
    }

    /// Hits as they cross the bus; nil when there are not as many nonces as indices.
    static func hits(_ wire: Spacenode_Post_V1_Hits) -> [FleetHit]? {
        guard wire.nonces.count == wire.indices.count else { return nil }
        return zip(wire.nonces, wire.indices).map { FleetHit(nonce: $0, index: $1) }
    }

    /// The question whether a proof is valid by the strict verifier and the chain's rules.
    func question(_ made: PostProof) -> Spacenode_Post_V1_VerifyRequest {
        var request = Spacenode_Post_V1_VerifyRequest()
        request.plot = plot
        request.challenge = challenge
        request.nonce = made.nonce
        request.indices = Data(made.indices)
        request.pow = made.pow
        request.rules.k1 = proof?.ask.k1 ?? 0
        request.rules.k2 = UInt32(clamping: proof?.ask.k2 ?? 0)
        request.rules.powDifficulty = Data((proof?.powDifficulty ?? .zero).bytes)
        request.rules.maxNonces = proof?.ask.maxNonces ?? 0
        return request
    }
}

internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import PostWorkerCore
internal import PostWorkerPlots
internal import SwiftProtobuf
internal import Synchronization

/// `post.ProofOfWork`: finds the smallest pow of each of some groups.
struct ProofOfWorkTask: Sendable {
    static let kind = "post.ProofOfWork"

    let runner: TaskRunner

    /// What is asked, within its limits.
    private struct Work: Sendable {
        let identity: Bytes32
        let challenge: Bytes32
        let units: UInt32
        let difficulty: Bytes32
        let groups: Range<UInt32>

        init(_ wire: Spacenode_Post_V1_ProofOfWorkWork) throws {
            identity = try WorkCheck.bytes("identity", [UInt8](wire.identity))
            challenge = try WorkCheck.bytes("challenge", [UInt8](wire.challenge))
            units = try WorkCheck.number("units", wire.units, 1...UInt32.max)
            difficulty = try WorkCheck.bytes("difficulty", [UInt8](wire.difficulty))
            groups = try WorkCheck.groups(first: wire.firstGroup, count: wire.groups)
        }
    }

    func run(_ context: TaskContext) async throws -> [UInt8] {
        let work = try Work(decode("the task", context.task.inputs))
        let before: Spacenode_Post_V1_ProofOfWorkCheckpoint = try decode("the checkpoint", context.checkpoint)
        let state = runner.state
        let control = WorkControl()
        let output = try await runner.run(
            .init(context.task, lane: TaskRunner.work), control: control
        ) { report in
            try ProofOfWorkTask.search(work, from: before, state, control, context, report)
        }
        return try output.serializedBytes()
    }

    /// Machines with as much memory as so many hashes are worth.
    private static func searcher(
        _ work: Work, _ hashes: Double, _ state: WorkerState, _ control: WorkControl
    ) throws -> WorkSearch {
        let mode = WorkMode(
            expected: hashes, freeMemory: MemoryRoom.free, isReady: state.randomX.isFastReady)
        let dataSet =
            mode == .fast ? try state.randomX.dataSet(threads: state.threads, control: control) : nil
        if control.isStopped { throw CancellationError() }
        return try WorkSearch(
            challenge: work.challenge, identity: work.identity, units: work.units,
            difficulty: work.difficulty, threads: state.threads, control: control,
            cache: state.randomX.cache(), dataSet: dataSet)
    }

    /// All groups after those that are done.
    private static func search(
        _ work: Work, from before: Spacenode_Post_V1_ProofOfWorkCheckpoint, _ state: WorkerState,
        _ control: WorkControl, _ context: TaskContext, _ report: @escaping TaskRunner.Report
    ) throws -> Spacenode_Post_V1_ProofOfWorkResult {
        var output = Spacenode_Post_V1_ProofOfWorkResult()
        var checkpoint = before
        let done = WorkCheck.done(before.done.map { ($0.number, $0.pow) }, of: work.groups)
        if done.count != before.done.count || before.nextPow >= ProofWork.limit { checkpoint = .init() }
        let expected = WorkSearch.expected(
            below: WorkDifficulty.scaled(work.difficulty, units: work.units))
        let left = expected * Double(work.groups.count - checkpoint.done.count)
        let search = try searcher(work, left, state, control)
        let total = UInt64(min(expected, 1e16)) * UInt64(work.groups.count)
        let start = wallSeconds()
        while checkpoint.done.count < work.groups.count {
            let group = work.groups.lowerBound + UInt32(checkpoint.done.count)
            let first = checkpoint.nextPow
            let (base, tried) = (checkpoint, output.hashes)
            let found = try search.pow(of: UInt8(truncatingIfNeeded: group), from: first) { next in
                let done = tried + (next - first)
                report(done, total)
                var now = base
                now.nextPow = next
                try? context.report(
                    progress: min(share(done, of: total), 0.99), checkpoint: now.serializedBytes())
            }
            guard let pow = found else {
                if control.isStopped { throw CancellationError() }
                throw WorkRefusal("group \(group) has no pow below 2^56 at this difficulty")
            }
            output.hashes += pow + 1 - first
            checkpoint.done.append(
                Spacenode_Post_V1_Group(ScanGroup(number: UInt8(truncatingIfNeeded: group), pow: pow)))
            checkpoint.nextPow = 0
            report(output.hashes, total)
            try context.report(
                progress: share(UInt64(checkpoint.done.count), of: UInt64(work.groups.count)),
                checkpoint: checkpoint.serializedBytes())
        }
        output.groups = checkpoint.done
        output.tookMs = milliseconds(since: start)
        let took = wallSeconds() - start
        if took > 0.5 { state.measured.withLock { $0.hashesPerSecond = Double(output.hashes) / took } }
        return output
    }
}

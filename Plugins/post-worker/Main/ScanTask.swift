internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import PostWorkerCore
internal import PostWorkerPlots
internal import SwiftProtobuf
internal import Synchronization

/// `post.ScanRange`: reads files of a plot and finds the good labels of a pass.
struct ScanTask: Sendable {
    static let kind = "post.ScanRange"

    let runner: TaskRunner
    let bus: BusClient

    /// What is asked, within its limits.
    private struct Work: Sendable {
        let layout: PlotLayout
        let files: Range<UInt64>
        let pass: ScanPass
        let needed: Int
        let labels: Range<UInt64>

        init(_ wire: Spacenode_Post_V1_ScanRangeWork, from checkpoint: Spacenode_Post_V1_ScanRangeCheckpoint)
            throws
        {
            layout = try wire.plot.layout()
            files = try wire.files.range(of: layout)
            needed = Int(try WorkCheck.number("k2", wire.k2, 1...UInt32(UInt16.max)))
            let groups = try WorkCheck.groups(wire.groups.map { ($0.number, $0.pow) })
            guard let difficulty = ProvingDifficulty(k1: wire.k1, labels: layout.plot.labels) else {
                throw WorkRefusal("\(ProofRefusal.tooFewLabels(labels: layout.plot.labels, k1: wire.k1))")
            }
            pass = ScanPass(
                challenge: try WorkCheck.bytes("challenge", [UInt8](wire.challenge)), groups: groups,
                difficulty: difficulty)
            let all = layout.labels(of: files)
            let start = max(all.lowerBound, wire.firstLabel, checkpoint.nextLabel)
            guard start <= all.upperBound else {
                throw WorkRefusal(
                    "first_label \(wire.firstLabel) is behind the range, which ends at \(all.upperBound)")
            }
            labels = start..<all.upperBound
        }
    }

    /// What the thread that scans and the one that talks share.
    private final class Talk: Sendable {
        let outbox: Mutex<HitOutbox>
        let isUnwanted = Atomic<Bool>(false)

        init(from start: UInt64) { outbox = Mutex(HitOutbox(from: start)) }
    }

    func run(_ context: TaskContext) async throws -> [UInt8] {
        let work = try Work(
            decode("the task", context.task.inputs), from: decode("the checkpoint", context.checkpoint))
        let talk = Talk(from: work.labels.lowerBound)
        let control = WorkControl()
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await self.scan(work, context, talk, control) }
            group.addTask {
                await self.say(talk, work, context, control)
                return nil
            }
            defer { group.cancelAll() }
            while let output = try await group.next() {
                if let output { return output }
            }
            throw CancellationError()
        }
    }

    private func scan(
        _ work: Work, _ context: TaskContext, _ talk: Talk, _ control: WorkControl
    ) async throws -> [UInt8] {
        let state = runner.state
        let survey = state.look.survey
        let disk = survey.disk(of: work.files, layout: work.layout)
        let (outcome, took) = try await runner.run(
            .init(context.task, lane: disk ?? "disk", disk: disk, reads: true), control: control
        ) { report in
            let segment = try survey.segment(of: work.files, layout: work.layout)
            let scanner = PlotScanner(
                pass: work.pass, needed: work.needed, threads: state.threads, control: control)
            let bytes = UInt64(work.labels.count) * PlotLayout.labelBytes
            let start = wallSeconds()
            let outcome = try scanner.scan(
                [ScanPart(segment, from: work.labels.lowerBound)],
                hits: { hits in talk.outbox.withLock { $0.add(hits) } },
                progress: { now in
                    talk.outbox.withLock { $0.advance(to: now.next) }
                    report(now.bytes, bytes)
                })
            return (outcome, wallSeconds() - start)
        }
        let isUnwanted = talk.isUnwanted.load(ordering: .relaxed)
        guard outcome.isFinished || isUnwanted else { throw CancellationError() }
        let outbox = talk.outbox.withLock { $0 }
        guard outbox.pending.count <= WorkLimit.resultHits else {
            throw WorkRefusal(
                "\(outbox.pending.count) hits wait for the owner, \(WorkLimit.resultHits) are carried: serve ScanHits, or cut the range"
            )
        }
        var output = Spacenode_Post_V1_ScanRangeResult()
        output.hits = Spacenode_Post_V1_Hits(outbox.pending)
        // A short rest behind the last whole chunk of a file is looked at by nobody.
        let isWhole = outcome.isFinished && outcome.hits.winner == nil
        output.nextLabel = isWhole ? work.labels.upperBound : outbox.next
        if let winner = outcome.hits.winner { output.winner = winner.nonce }
        output.bytes = outcome.bytes
        output.tookMs = UInt32(clamping: Int(took * 1000))
        output.direct = outcome.isDirect
        note(outcome, disk, took)
        return try output.serializedBytes()
    }

    /// Remembers the rate of a disk that nothing held back.
    private func note(_ outcome: ScanOutcome, _ disk: String?, _ took: Double) {
        let reins = runner.state.reins.book.reins(disk: disk)
        guard let disk, took > 1, reins.readLimit == nil, !reins.isPaused else { return }
        let rate = WorkerState.Rate(perSecond: Double(outcome.bytes) / took, at: unixMilliseconds())
        runner.state.measured.withLock { $0.disks[disk] = rate }
    }

    /// Tells the owner of hits once a second, and moves the checkpoint on behind its answers.
    private func say(_ talk: Talk, _ work: Work, _ context: TaskContext, _ control: WorkControl) async {
        while !Task.isCancelled {
            if let parcel = talk.outbox.withLock({ $0.parcel() }) {
                var request = Spacenode_Post_V1_HitsRequest()
                request.task = Data(context.task.id.bytes)
                request.fence = context.fence
                request.hits = Spacenode_Post_V1_Hits(parcel.hits)
                request.nextLabel = parcel.next
                let reply = try? await bus.call(ScanHitsContract.hits, request)
                talk.outbox.withLock { if reply == nil { $0.failed() } else { $0.answered() } }
                if let reply, !reply.wanted {
                    talk.isUnwanted.store(true, ordering: .relaxed)
                    control.stop()
                }
            }
            let (next, reached) = talk.outbox.withLock { ($0.checkpoint, $0.next) }
            var checkpoint = Spacenode_Post_V1_ScanRangeCheckpoint()
            checkpoint.nextLabel = next
            let done = share(reached - work.labels.lowerBound, of: UInt64(work.labels.count))
            try? context.report(progress: done, checkpoint: checkpoint.serializedBytes())
            await bus.pause(1000)
        }
    }
}

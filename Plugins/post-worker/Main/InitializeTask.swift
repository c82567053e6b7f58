internal import Foundation
internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import PostWorkerCore
internal import PostWorkerPlots
internal import SwiftProtobuf
internal import Synchronization

/// `post.InitializeRange`: makes files of a plot.
struct InitializeTask: Sendable {
    static let kind = "post.InitializeRange"

    let runner: TaskRunner
    let surveyor: Surveyor

    func run(_ context: TaskContext) async throws -> [UInt8] {
        let work: Spacenode_Post_V1_InitializeRangeWork = try decode("the task", context.task.inputs)
        let layout = try work.plot.layout()
        let files = try work.files.range(of: layout)
        let state = runner.state
        let parent = try state.allowed.parent(of: work.directory)
        let disk = state.look.survey.roots.first { $0.path == parent }?.disk
        let control = WorkControl()
        let (result, took) = try await runner.run(
            .init(context.task, lane: TaskRunner.labels, disk: disk), control: control
        ) { report in
            try state.allowed.check(work.directory)
            let initializer = try PlotInitializer(
                directory: work.directory, layout: layout, files: files, threads: state.threads,
                control: control)
            let start = wallSeconds()
            let result = try initializer.run { now in
                report(now.done, now.all)
                var checkpoint = Spacenode_Post_V1_InitializeRangeCheckpoint()
                checkpoint.labels = now.done
                try? context.report(
                    progress: share(now.done, of: now.all), checkpoint: checkpoint.serializedBytes())
            }
            return (result, wallSeconds() - start)
        }
        guard result.isFinished else { throw CancellationError() }
        if took > 0.5, result.made > 0 {
            state.measured.withLock { $0.labelsPerSecond = Double(result.made) / took }
        }
        // The new files are offered before the result goes out.
        try? await surveyor.look()
        return try output(result, labels: UInt64(layout.labels(of: files).count), took).serializedBytes()
    }

    private func output(
        _ result: InitializeResult, labels: UInt64, _ took: Double
    ) -> Spacenode_Post_V1_InitializeRangeResult {
        var output = Spacenode_Post_V1_InitializeRangeResult()
        if let index = result.nonce.index {
            output.nonce = index
            output.nonceLabel = Data(result.nonce.label.bytes)
        }
        output.labels = labels
        output.madeLabels = result.made
        output.madeMs = UInt32(clamping: Int(took * 1000))
        return output
    }
}

internal import NodeProtocol
internal import NodeTasks
internal import PostWorkerCore
internal import PostWorkerPlots
internal import SwiftProtobuf

/// `post.VerifyData`: computes stored labels anew and compares.
struct CheckTask: Sendable {
    static let kind = "post.VerifyData"

    let runner: TaskRunner

    func run(_ context: TaskContext) async throws -> [UInt8] {
        let wire: Spacenode_Post_V1_VerifyDataWork = try decode("the task", context.task.inputs)
        let layout = try wire.plot.layout()
        let files = try wire.files.range(of: layout)
        let parts = try WorkCheck.number("sample_ppm", wire.samplePpm, 1...1_000_000)
        let before: Spacenode_Post_V1_VerifyDataCheckpoint = try decode("the checkpoint", context.checkpoint)
        let state = runner.state
        let survey = state.look.survey
        let disk = survey.disk(of: files, layout: layout)
        let control = WorkControl()
        let done = try await runner.run(
            .init(context.task, lane: TaskRunner.labels, disk: disk), control: control
        ) { report -> Spacenode_Post_V1_VerifyDataCheckpoint in
            let place = try survey.segment(of: files, layout: layout)
            let directory = try PlotDirectory(place.directory, scryptN: layout.plot.scryptN)
            var done = before
            for file in files where file >= before.nextFile {
                let checker = PlotChecker(
                    directory, files: file..<file + 1,
                    sample: CheckSample(share: Double(parts) / 1e6) ?? .all, threads: state.threads,
                    control: control)
                let base = UInt64(layout.labels(of: files.lowerBound..<file).count)
                let own = UInt64(layout.labels(of: file).count)
                let all = UInt64(layout.labels(of: files).count)
                let result = try checker.run { now in
                    let reached = base + UInt64(now.share * Double(own))
                    report(reached, all)
                    try? context.report(progress: share(reached, of: all))
                }
                guard result.isFinished else { throw CancellationError() }
                done.add(result, through: file)
                try context.report(
                    progress: share(base + own, of: all), checkpoint: done.serializedBytes())
            }
            return done
        }
        var output = Spacenode_Post_V1_VerifyDataResult()
        output.checkedLabels = done.checkedLabels
        output.badLabels = done.badLabels
        output.bad = done.bad
        return try output.serializedBytes()
    }
}

extension Spacenode_Post_V1_VerifyDataCheckpoint {
    /// Takes what came of a file.
    fileprivate mutating func add(_ result: CheckResult, through file: UInt64) {
        nextFile = file + 1
        // The numbers before are the owner's: they may be anything.
        checkedLabels &+= result.checked
        badLabels &+= result.bad.count
        for part in result.bad.parts where bad.count < BadLabels.limit {
            var range = Spacenode_Post_V1_BadRange()
            range.file = part.file
            range.firstByte = part.bytes.lowerBound
            range.lastByte = part.bytes.upperBound - 1
            range.readable = part.isReadable
            bad.append(range)
        }
    }
}

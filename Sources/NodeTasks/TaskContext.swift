internal import Synchronization

/// What a handler knows of the task it works on, and what it says of it.
package final class TaskContext: Sendable {
    private struct Word {
        var checkpoint: [UInt8] = []
        var progress = 0.0
    }

    package let task: TaskSpecification
    /// Names the lease, beside the task's id.
    package let fence: UInt64
    /// Where an earlier holder was, empty: begin at the beginning.
    package let checkpoint: [UInt8]
    private let word = Mutex(Word())

    init(_ grant: TaskGrant) {
        task = grant.task
        fence = grant.fence
        checkpoint = grant.checkpoint
        word.withLock { $0.checkpoint = grant.checkpoint }
    }

    /// Says how far the work is; goes to the owner with the next renewal.
    /// - Parameters:
    ///   - progress: 0 to 1.
    ///   - checkpoint: enough to go on from here elsewhere; nil: as before.
    /// - Throws: `TaskFault` when the checkpoint has over `TaskLimit.checkpointBytes`; the one before stays.
    package func report(progress: Double, checkpoint: [UInt8]? = nil) throws(TaskFault) {
        if let checkpoint, checkpoint.count > TaskLimit.checkpointBytes {
            throw TaskFault(
                "a checkpoint has \(checkpoint.count) bytes, at most \(TaskLimit.checkpointBytes): say where, not what"
            )
        }
        word.withLock { word in
            word.progress = progress
            if let checkpoint { word.checkpoint = checkpoint }
        }
    }

    var latest: (checkpoint: [UInt8], progress: Double) {
        word.withLock { ($0.checkpoint, $0.progress) }
    }
}

/// Does one kind of work.
///
/// Runs off the bus thread only where it moves itself there; it ends early, by throwing, when its task is cancelled. The
/// bytes it returns are the output, at most `TaskLimit.outputBytes`.
package typealias TaskHandler = @Sendable (TaskContext) async throws -> [UInt8]

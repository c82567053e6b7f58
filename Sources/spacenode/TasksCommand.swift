internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeProtocol
internal import Traffic

extension Bus {
    /// Command `bus tasks`.
    struct Tasks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Long work handed out by lease: who does what, how far, until when.")
        @OptionGroup var common: CommonOptions
        @Option(name: .shortAndLong, help: "How many.") var number: UInt32 = 50

        func run() async throws {
            var request = Spacenode_Task_V1_ListRequest()
            request.limit = number
            let reply = try await ask(common, TasksContract.list, request)
            if common.json { return try printJSON(TaskList(reply)) }
            print("\(reply.leased) at work, \(reply.waiting) waiting, \(reply.finished) ended")
            guard !reply.tasks.isEmpty else { return }
            printTable(
                ["TASK", "KIND", "STATE", "WORKER", "DONE", "LEASE", "HANDED OUT", "WHERE", "LAST ERROR"],
                reply.tasks.map(row))
        }

        private func row(_ task: Spacenode_Task_V1_TaskInfo) -> [String] {
            [
                hex(ArraySlice(task.id.prefix(8))), task.kind, task.state,
                task.worker.isEmpty ? "-" : task.worker,
                String(format: "%.1f %%", task.progress * 100),
                task.state == "leased" ? "\((task.leaseLeftMs + 999) / 1000) s" : "-",
                "\(task.fence) x", task.locality.isEmpty ? "anywhere" : task.locality,
                task.lastError.isEmpty ? "-" : task.lastError,
            ]
        }
    }
}

/// The queue as JSON.
private struct TaskList: Encodable {
    struct Row: Encodable {
        let id, kind, capability, locality, state, worker, lastError: String
        let fence, leaseLeftMilliseconds, deadlineMilliseconds: UInt64
        let progress: Double
        let attempts: UInt32
    }

    let leased, waiting, finished: UInt64
    let tasks: [Row]

    init(_ reply: Spacenode_Task_V1_ListReply) {
        leased = reply.leased
        waiting = reply.waiting
        finished = reply.finished
        tasks = reply.tasks.map { task in
            Row(
                id: hex(ArraySlice(task.id)), kind: task.kind, capability: task.capability,
                locality: task.locality, state: task.state, worker: task.worker,
                lastError: task.lastError, fence: task.fence, leaseLeftMilliseconds: task.leaseLeftMs,
                deadlineMilliseconds: task.deadlineMs, progress: task.progress, attempts: task.attempts)
        }
    }
}

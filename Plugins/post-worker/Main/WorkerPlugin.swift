internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeProtocol
internal import NodeTasks
internal import PostWorkerCore
internal import PostWorkerPlots
internal import ServiceLifecycle
internal import SwiftProtobuf
internal import Synchronization

/// The worker on the bus: what it offers, the tasks it takes, and what it tells of them.
struct WorkerPlugin: Service {
    private let bus: BusClient
    private let state: WorkerState
    private let tasks: TaskWorker
    private let surveyor: Surveyor
    private let logger: Logger

    /// Registers the handlers; disks are looked at in `run`.
    /// - Throws: when results cannot be kept.
    init(_ options: BusOptions, _ settings: WorkerSettings, logger: Logger) throws {
        let state = WorkerState(settings, worker: options.name)
        let bus = BusClient(options: options, logger: logger)
        self.state = state
        self.bus = bus
        self.logger = logger
        var offered = TaskWorker.Options(name: options.name, slots: WorkerPlugin.slots(settings))
        offered.kept = try KeptResults(folder: settings.results)
        let runner = TaskRunner(state: state)
        let surveyor = Surveyor(state: state, bus: bus)
        tasks = TaskWorker(
            bus: bus, options: offered,
            handlers: [
                InitializeTask.kind: { try await InitializeTask(runner: runner, surveyor: surveyor).run($0) },
                ProofOfWorkTask.kind: { try await ProofOfWorkTask(runner: runner).run($0) },
                ScanTask.kind: { [unowned bus] in try await ScanTask(runner: runner, bus: bus).run($0) },
                CheckTask.kind: { try await CheckTask(runner: runner).run($0) },
            ])
        surveyor.tell(tasks)
        self.surveyor = surveyor
        OfferHandlers(state: state, surveyor: surveyor).serve(on: bus)
        JudgeHandler(state).serve(on: bus)
    }

    /// Tasks held at a time: those bound to a place here wait for its lane, as nobody else could take them.
    private static func slots(_ settings: WorkerSettings) -> [String: UInt32] {
        ["init": 4, "check": 4, "scan": 64, "pow": settings.provesWork ? 1 : 0]
    }

    func run() async throws {
        // The session ends last: the tasks are given back over it.
        try await bus.run(beside: [tasks.run, lookAgain, tell])
    }

    // MARK: - What others are told

    /// Looks at the disks at the start and now and then.
    private func lookAgain() async {
        var known: Set<String> = []
        while !Task.isCancelled {
            try? await surveyor.look()
            let faults = state.look.faults
            for fault in faults where !known.contains(fault) { await warn(fault) }
            known = Set(faults)
            await bus.pause(UInt64(state.settings.rescanSeconds) * 1000)
        }
    }

    private func warn(_ fault: String) async {
        logger.warning("\(fault)")
        var event = Spacenode_System_V1_Event()
        event.what = fault
        event.sinceMs = unixMilliseconds()
        event.effect = "what is there is not proved"
        event.fix = "mend it: the directories are looked at every \(state.settings.rescanSeconds) s"
        event.severity = 1
        _ = try? await bus.publish(SystemContract.events, event)
    }

    /// Publishes how far the tasks are.
    private func tell() async {
        while !Task.isCancelled {
            await bus.pause(state.progress.withLock { $0.interval })
            state.randomX.giveBackIdle()
            let now = steadyMilliseconds()
            let (page, count) = state.progress.withLock { ($0.page(), $0.count) }
            guard count > 0 else { continue }
            var event = Spacenode_Post_V1_Progress()
            event.tasks = page.map { $0.wire(now: now) }
            event.tasksHeld = UInt32(clamping: count)
            _ = try? await bus.publish(PostContract.progresses, event)
        }
    }
}

extension WorkerState.Looked {
    /// What the operator has to know: directories that are not there, labels that are wrong.
    ///
    /// An unfinished plot is no fault.
    var faults: [String] {
        survey.roots.compactMap(\.fault) + survey.found.filter { !$0.isProbed }.compactMap(\.fault)
    }
}

extension ProgressBook.Entry {
    fileprivate func wire(now: UInt64) -> Spacenode_Post_V1_TaskProgress {
        var wire = Spacenode_Post_V1_TaskProgress()
        wire.task = Data(task)
        wire.kind = kind
        wire.lane = lane
        wire.done = done
        wire.total = total
        switch kind {
        case "ScanRange": wire.unit = .bytes
        case "ProofOfWork": wire.unit = .hashes
        default: wire.unit = .labels
        }
        wire.perSecond = perSecond(now: now)
        wire.etaSeconds = secondsLeft(now: now) ?? 0
        wire.waiting = isWaiting
        return wire
    }
}

internal import Foundation
internal import Logging
internal import StorageCore
internal import Synchronization

/// What the storage thread has to say to the bus.
enum StorageNotice: Sendable {
    case condition(StorageCondition)
    /// Something that a person may want to know.
    case note(String)
    /// The database cannot be opened, and waiting will not help.
    case fatal(StorageFailure)
}

/// The one thread that opens, writes, syncs and closes the database.
///
/// `@unchecked Sendable`: all but the streams belongs to that thread once it has started.
final class StorageThread: @unchecked Sendable {
    let engine: StorageEngine
    /// Every change, for the bus.
    let notices: AsyncStream<StorageNotice>
    private let finished: AsyncStream<Void>
    let tell: AsyncStream<StorageNotice>.Continuation
    private let finish: AsyncStream<Void>.Continuation
    let mark: MarkFile
    private let ballast: Ballast
    private let plan: SpacePlan
    private(set) var health: StorageHealth
    var database: RocksDatabase?
    let scratch = RocksBatch()
    private var onCondition: @Sendable (StorageCondition) -> Void = { _ in }

    init(_ engine: StorageEngine) throws {
        self.engine = engine
        let directory = engine.settings.directory
        mark = try MarkFile(directory)
        plan = SpacePlan(wanted: UInt64(engine.settings.ballastBytes), total: directory.space().total)
        ballast = Ballast(path: directory.ballast, bytes: plan.ballast)
        health = StorageHealth(plan: plan)
        (notices, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
        (finished, finish) = AsyncStream.makeStream()
    }

    /// Opens the database and takes jobs from here on.
    ///
    /// - Parameter onCondition: called at every change, on the storage thread.
    func start(onCondition: @escaping @Sendable (StorageCondition) -> Void) {
        self.onCondition = onCondition
        let thread = Thread { [self] in main() }
        thread.name = "storage"
        thread.start()
    }

    /// Takes nothing more, finishes what there is, and returns when the database is closed.
    func end() async {
        engine.jobs.close()
        for await _ in finished {}
    }

    private func main() {
        if case .fatal(let failure) = open(isFirst: true) { tell.yield(.fatal(failure)) }
        var nextSecond = monotonicMilliseconds() + 1000
        while let jobs = engine.jobs.takeAll(within: milliseconds(until: nextSecond)) {
            carryOut(jobs)
            if monotonicMilliseconds() >= nextSecond {
                nextSecond = monotonicMilliseconds() + 1000
                take(.second(measure()))
            }
        }
        // Closed on every way out: RocksDB dies badly otherwise.
        close()
        tell.finish()
        finish.finish()
    }

    /// By the clock that never goes back: the other one may be set while we wait.
    private func milliseconds(until time: UInt64) -> UInt64 {
        let now = monotonicMilliseconds()
        return time > now ? time - now : 0
    }

    private func carryOut(_ jobs: [StorageJob]) {
        var writes: [WriteJob] = []
        for job in jobs {
            switch job {
            case .write(let write): writes.append(write)
            case .readFailed(let failure): take(.readFailed(failure))
            }
        }
        if !writes.isEmpty { commit(writes) }
    }

    // MARK: - Health

    /// Hands an event to the state machine and does what it says.
    func take(_ event: HealthEvent) {
        for action in health.handle(event, now: monotonicMilliseconds()) {
            switch action {
            case .tell: tellCondition()
            case .freeBallast: ballast.free()
            case .makeBallast:
                let free = engine.settings.directory.space().free
                take(.ballast(ballast.make(free: free, margin: plan.margin)))
            case .reopen:
                close()
                _ = open(isFirst: false)
            }
        }
    }

    private func tellCondition() {
        let condition = health.condition
        engine.status.withLock { $0.condition = condition }
        if condition.reason.isEmpty {
            engine.logger.info("storage is \(condition)")
        } else {
            engine.logger.error("\(condition.reason): \(condition.fix)")
        }
        onCondition(condition)
        tell.yield(.condition(condition))
    }

    private func measure() -> StorageSpace {
        let directory = engine.settings.directory
        let disk = directory.space()
        let space = StorageSpace(
            free: disk.free, total: disk.total, log: RocksDatabase.logBytes(directory.database))
        let present = ballast.present
        engine.status.withLock {
            $0.space = space
            $0.ballastBytes = present
        }
        return space
    }

    // MARK: - Opening and closing

    private enum Opening {
        case tried
        case fatal(StorageFailure)
    }

    /// Opens the database and reports how that went.
    ///
    /// At the first opening only a full disk and damage are worth staying up for: the rest is for a person to mend.
    private func open(isFirst: Bool) -> Opening {
        do throws(StorageFailure) {
            try checkSpace()
            let opened = try Recovery(settings: engine.settings, mark: mark.read()).open()
            if let note = opened.note {
                engine.logger.warning("\(note)")
                tell.yield(.note(note))
            }
            database = opened.database
            engine.replace(with: opened.database)
            // What opening found in the log is in tables now.
            keepMark(opened.database.sequence)
            take(.opened)
        } catch {
            if isFirst, error.kind != .full, error.kind != .corruption { return .fatal(error) }
            if error.kind == .full { openForReading() }
            take(.openFailed(error))
        }
        return .tried
    }

    private func checkSpace() throws(StorageFailure) {
        let space = measure()
        let needed = plan.opening(log: space.log)
        guard space.free >= needed else {
            throw StorageFailure(
                .full, "\(space.free >> 20) MiB are free, opening the database needs \(needed >> 20)")
        }
    }

    /// Without room to open it in full, what there is can still be read.
    private func openForReading() {
        let recovery = Recovery(settings: engine.settings, mark: mark.read())
        do throws(StorageFailure) {
            engine.replace(with: try recovery.open(forReading: true).database)
        } catch {
            engine.logger.error("nothing can be read meanwhile: \(error)")
        }
    }

    private func close() {
        database = nil
        engine.replace(with: nil)
    }

    /// Everything up to this operation is on the disk.
    func keepMark(_ sequence: UInt64) {
        mark.write(DurableMark(sequence: sequence))
        engine.status.withLock { $0.durableSequence = sequence }
    }
}

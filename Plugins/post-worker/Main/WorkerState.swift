internal import Foundation
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization

/// What all parts of the worker share: what lies on the disks, what was measured, what runs.
final class WorkerState: Sendable {
    /// A measured rate.
    struct Rate: Sendable {
        let perSecond: Double
        let at: UInt64
    }

    /// Figures of late.
    struct Measured: Sendable {
        var disks: [String: Rate] = [:]
        var labelsPerSecond = 0.0
        var hashesPerSecond = 0.0
    }

    /// What lay on the disks when they were looked at.
    struct Looked: Sendable {
        var survey = PlotSurvey()
        var rooms: [String: DiskRoom] = [:]
        /// Unix milliseconds, 0: not yet.
        var at: UInt64 = 0

        var disks: Set<String> {
            Set(survey.roots.compactMap(\.disk) + survey.found.compactMap(\.disk))
        }
    }

    let settings: WorkerSettings
    let worker: String
    let lanes = WorkerLanes()
    let reins: WorkerReins
    let randomX = SharedRandomX()
    let progress = Mutex(ProgressBook())
    let measured = Mutex(Measured())
    private let looked = Mutex(Looked())

    init(_ settings: WorkerSettings, worker: String) {
        self.settings = settings
        self.worker = worker
        reins = WorkerReins(settings.control)
    }

    var look: Looked { looked.withLock { $0 } }

    /// Looks at all directories, on a thread.
    func survey() async throws {
        let settings = settings
        let now = try await onOwnThread { () -> Looked in
            var result = Looked()
            result.survey = PlotSurvey(settings.allowed.paths, scryptN: settings.scryptN)
            for root in result.survey.roots {
                guard let disk = root.disk, result.rooms[disk] == nil else { continue }
                result.rooms[disk] = DiskRoom(of: root.path)
            }
            for found in result.survey.found {
                guard let disk = found.disk, result.rooms[disk] == nil else { continue }
                result.rooms[disk] = DiskRoom(of: found.directory)
            }
            result.at = unixMilliseconds()
            return result
        }
        looked.withLock { $0 = now }
    }

    /// Names of the places that tasks may name: a directory that is not there is none, so its tasks wait for it.
    var localities: [String] {
        Array(
            look.survey.roots.filter { $0.fault == nil }.map { locality($0.path) }.prefix(WorkLimit.segments))
    }

    /// The name of the configured directory that this one is or lies in.
    func locality(_ directory: String) -> String {
        let parent = (try? settings.allowed.parent(of: directory)) ?? directory
        return Locality.name(machine: settings.machine, worker: worker, directory: parent)
    }

    /// Threads for work that begins now.
    var threads: Int { reins.book.threads }
}

/// Unix time in milliseconds.
func unixMilliseconds() -> UInt64 {
    UInt64(max(0, Date().timeIntervalSince1970 * 1000))
}

/// Milliseconds of a clock that only goes forward.
func steadyMilliseconds() -> UInt64 {
    UInt64(wallSeconds() * 1000)
}

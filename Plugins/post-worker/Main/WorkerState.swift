internal import Foundation
internal import NodeCommand
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
    private let added: Mutex<[String]>

    init(_ settings: WorkerSettings, worker: String) {
        self.settings = settings
        added = Mutex(WorkerState.readAdded(settings.added))
        self.worker = worker
        reins = WorkerReins(settings.control)
    }

    var look: Looked { looked.withLock { $0 } }

    /// Where tasks may read and write: what the configuration says, and what was added over the bus.
    var allowed: AllowedDirectories { AllowedDirectories(settings.directories + added.withLock { $0 }) }

    /// Offers a directory from now on, and remembers it.
    /// - Throws: `CommandFault` when it is none, or when it cannot be kept.
    func add(_ path: String) throws {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            throw CommandFault("\(path) is no directory here: give the whole path, as this machine has it")
        }
        guard (try? allowed.parent(of: path)) == nil else { return }
        let all = added.withLock { $0 + [path] }
        do {
            try JSONEncoder().encode(all).write(to: URL(fileURLWithPath: settings.added), options: .atomic)
        } catch {
            throw CommandFault("\(settings.added) cannot be written (\(error)): nothing was added")
        }
        added.withLock { $0 = all }
    }

    private static func readAdded(_ path: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return (try? JSONDecoder().decode([String].self, from: data)) ?? []
    }

    /// Looks at all directories, on a thread.
    func survey() async throws {
        let (paths, scryptN) = (allowed.paths, settings.scryptN)
        let now = try await onOwnThread { () -> Looked in
            var result = Looked()
            result.survey = PlotSurvey(paths, scryptN: scryptN)
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
        let parent = (try? allowed.parent(of: directory)) ?? directory
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

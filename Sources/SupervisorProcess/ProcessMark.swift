internal import Foundation

/// The variable in the environment of each process of a node that says whose it is.
///
/// A supervisor that was killed leaves processes behind. They are found by this mark, not by a list of numbers: it
/// needs no file that may be stale or missing, and a number that the kernel gave to somebody else carries none.
package struct ProcessMark: Sendable, Hashable {
    package static let variable = "SPACENODE_SUPERVISED"

    /// Absolute, without symbolic links where it exists: a directory may have several names.
    package let data: String
    /// Place in the order of the start.
    package let place: Int
    package let drainSeconds: Int

    /// The mark of a process.
    package init(data: String, place: Int, drainSeconds: Int) {
        self.data = Self.canonical(data)
        self.place = place
        self.drainSeconds = drainSeconds
    }

    /// As the variable has it.
    package var text: String { "\(place):\(drainSeconds):\(data)" }

    static func canonical(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Reads it; nil when it is none of ours.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let place = Int(parts[0]), let drain = Int(parts[1]),
            (0...600).contains(drain)
        else { return nil }
        self.init(data: String(parts[2]), place: place, drainSeconds: drain)
    }
}

/// A process that carries a mark.
package struct MarkedProcess: Sendable, Hashable {
    package let identity: ProcessIdentity
    package let mark: ProcessMark
    /// Its name in the node.
    package let name: String

    package var pid: Int32 { identity.pid }

    /// Those of a node, in the order of their start.
    package static func all(of data: String) -> [MarkedProcess] {
        let numbers =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        let own = ProcessMark.canonical(data)
        return numbers.compactMap { MarkedProcess($0) }.filter { $0.mark.data == own && $0.pid != getpid() }
            .sorted { ($0.mark.place, $0.pid) < ($1.mark.place, $1.pid) }
    }

    /// Looks at a process; nil when it has no mark, is gone, or belongs to somebody else.
    init?(_ pid: Int32) {
        // The identity first: if the number changes hands after it, the end finds another identity.
        guard let identity = ProcessIdentity(pid), let environment = ProcFile.environment(pid),
            let mark = environment[ProcessMark.variable].flatMap({ ProcessMark($0) })
        else { return nil }
        self.identity = identity
        self.mark = mark
        name = environment["SPACENODE_NAME"] ?? "?"
    }

    /// Sends a signal, if it is still the same process.
    func signal(_ number: Int32) {
        if identity.isAlive { kill(pid, number) }
    }

    /// Ends processes that nobody supervises, the last started first: SIGTERM, and SIGKILL after their time.
    /// - Parameter tell: called for each one with what is done.
    package static func end(_ processes: [MarkedProcess], tell: (String) -> Void) {
        for group in Dictionary(grouping: processes, by: \.mark.place).sorted(by: { $0.key > $1.key }) {
            for process in group.value {
                tell("\(process.name) (pid \(process.pid)) ends")
                process.signal(SIGTERM)
                // One that is stopped cannot end.
                process.signal(SIGCONT)
            }
            let limit = group.value.map(\.mark.drainSeconds).max() ?? 0
            let end = Date() + TimeInterval(limit)
            while group.value.contains(where: \.identity.isAlive), Date() < end { usleep(10_000) }
            for process in group.value where process.identity.isAlive {
                tell("\(process.name) (pid \(process.pid)) did not end within \(limit) s: killed")
                process.signal(SIGKILL)
                while process.identity.isAlive { usleep(10_000) }
            }
        }
    }
}

internal import Foundation

/// Which process it is, for good: its number, and when it began.
package struct ProcessIdentity: Sendable, Hashable {
    package let pid: Int32
    /// Ticks since the machine's start.
    let began: UInt64

    /// The process that has the number now; nil: none, or one that has ended.
    package init?(_ pid: Int32) {
        guard let fields = ProcFile.stat(pid), fields.state != "Z", fields.state != "X" else { return nil }
        self.pid = pid
        began = fields.began
    }

    /// Whether it lives still, and the number is still its own.
    package var isAlive: Bool { ProcessIdentity(pid) == self }
}

/// What the kernel tells of a process.
package enum ProcFile {
    /// State letter and start of a process.
    static func stat(_ pid: Int32) -> (state: Substring, began: UInt64)? {
        guard let text = text("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return nil }
        // The name before it may hold anything.
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let began = UInt64(fields[19]) else { return nil }
        return (fields[0], began)
    }

    /// Variables that a process was started with; nil: gone, or somebody else's.
    static func environment(_ pid: Int32) -> [String: String]? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/environ"), !data.isEmpty else {
            return nil
        }
        var result: [String: String] = [:]
        for entry in data.split(separator: 0) {
            guard let equals = entry.firstIndex(of: 0x3d) else { continue }
            let name = String(decoding: entry[..<equals], as: UTF8.self)
            result[name] = String(decoding: entry[entry.index(after: equals)...], as: UTF8.self)
        }
        return result
    }

    /// Memory in use, in bytes; nil: gone.
    package static func residentBytes(_ pid: Int32) -> UInt64? {
        guard
            let pages = text("/proc/\(pid)/statm")?.split(separator: " ").dropFirst().first.flatMap({
                UInt64($0)
            })
        else { return nil }
        return pages * UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// How many files a process may have open, and how many it has; nil: gone, or somebody else's.
    package static func openFiles(_ pid: Int32) -> (limit: UInt64, used: Int)? {
        guard
            let line = text("/proc/\(pid)/limits")?.split(separator: "\n").first(where: {
                $0.hasPrefix("Max open files")
            }),
            let limit = line.split(separator: " ").dropFirst(3).first,
            let used = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count
        else { return nil }
        return (limit == "unlimited" ? .max : UInt64(limit) ?? 0, used)
    }

    /// Program name of a process.
    package static func name(_ pid: Int32) -> String? {
        text("/proc/\(pid)/comm")?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A small file of /proc, whose length is not known before.
    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

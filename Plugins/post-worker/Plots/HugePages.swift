internal import Foundation

/// Huge pages for memory that a library allocates by itself.
package enum HugePages {
    /// Smallest memory that is advised.
    private static let smallest: UInt = 128 << 20

    /// Asks for huge pages in all large private memory of this process that has no file behind it.
    ///
    /// RandomX's cache is such memory, and it offers no way to ask. It only changes speed, so failure is silent.
    package static func advise() {
        guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return }
        for line in maps.split(separator: "\n") {
            // address-address rw-p offset device inode [path]
            let fields = line.split(separator: " ")
            guard fields.count == 5, fields[1] == "rw-p" else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[1] - ends[0] >= smallest else { continue }
            _ = madvise(UnsafeMutableRawPointer(bitPattern: ends[0]), Int(ends[1] - ends[0]), MADV_HUGEPAGE)
        }
    }

    /// Memory that processes could take without any being swapped out; 0 when the system does not say.
    static var freeBytes: UInt64 {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) })
        else { return 0 }
        return kibibytes << 10
    }
}

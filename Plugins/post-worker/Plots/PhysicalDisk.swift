internal import Foundation
package import PostWorkerCore

/// The disk below a file system: what serves one reader best.
package struct PhysicalDisk: Hashable, Sendable {
    /// Name of the disk (`sda`, `nvme0n1`), or the number of the file system where it has none of its own.
    package let name: String

    /// The disk that holds a path.
    ///
    /// Partitions of one disk are one. Of a volume over several disks the first is taken.
    ///
    /// - Throws: `PlotFileFault.system` when there is no such path.
    package init(of path: String) throws(PlotFileFault) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw OpenFile.fault(path, "look at", nil, errno) }
        let device = UInt64(status.st_dev)
        let (major, minor) = (
            device >> 8 & 0xfff | device >> 32 & ~0xfff, device & 0xff | device >> 12 & ~0xff
        )
        name = PhysicalDisk.name(of: "/sys/dev/block/\(major):\(minor)") ?? "device \(major):\(minor)"
    }

    /// Follows a device down to the disk.
    private static func name(of link: String, depth: Int = 0) -> String? {
        guard depth < 8, let resolved = realpath(link, nil) else { return nil }
        defer { free(resolved) }
        let place = String(cString: resolved)
        let below = (try? FileManager.default.contentsOfDirectory(atPath: "\(place)/slaves"))?.sorted().first
        if let below { return name(of: "\(place)/slaves/\(below)", depth: depth + 1) }
        if access("\(place)/partition", F_OK) == 0 { return name(of: "\(place)/..", depth: depth + 1) }
        return place.split(separator: "/").last.map(String.init)
    }
}

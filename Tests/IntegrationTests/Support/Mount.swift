import Foundation

/// Whether a file system can be mounted here.
enum Mount {
    static let isPossible: Bool = {
        let folder = NSTemporaryDirectory() + "mount-\(UUID().uuidString.prefix(8))"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        guard (try? Programs.run("/bin/mount", ["-t", "tmpfs", "tmpfs", folder]).status) == 0 else {
            return false
        }
        _ = try? Programs.run("/bin/umount", [folder])
        return true
    }()
}

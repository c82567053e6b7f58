internal import Glibc

/// What a program that only looks on takes of the processors.
enum WatcherPriority {
    private static let nice: Int32 = 15

    /// Lets every process of the node go first; what is missed then is counted.
    ///
    /// Call it before the session begins: threads made later have the priority of who makes them.
    static func lower() {
        guard let folder = opendir("/proc/self/task") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let thread = UInt32(name) {
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), thread, nice)
            }
        }
    }
}

internal import Foundation
package import NodeConfiguration

/// The one supervisor of a data directory.
package final class NodeLock {
    /// Who holds it.
    package struct Holder: Codable, Sendable {
        package let pid: Int32
        /// Unix milliseconds.
        package let since: UInt64
        /// Folder of its sockets.
        package let run: String
    }

    private let file: Int32

    /// Takes the lock.
    /// - Returns: nil when another one holds it: `holder` says who.
    /// - Throws: `SupervisorFault` when the data directory cannot be written.
    package init?(_ paths: NodePaths) throws {
        let descriptor = open(paths.nodeLock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SupervisorFault(
                "cannot write \(paths.nodeLock): \(String(cString: strerror(errno))); give this user the data directory, or another with --data"
            )
        }
        var lock = Self.whole
        guard fcntl(descriptor, OpenFileLock.set, &lock) == 0 else {
            close(descriptor)
            return nil
        }
        file = descriptor
        let holder = Holder(pid: getpid(), since: UInt64(Date().timeIntervalSince1970 * 1000), run: paths.run)
        let bytes = [UInt8]((try? JSONEncoder().encode(holder)) ?? Data()) + [0x0a]
        guard ftruncate(file, 0) == 0, write(file, bytes, bytes.count) == bytes.count else {
            throw SupervisorFault(
                "cannot write \(paths.nodeLock): \(String(cString: strerror(errno))); make room on the disk, or choose another with --data"
            )
        }
    }

    deinit {
        close(file)
    }

    /// Whether somebody holds the lock of a data directory.
    package static func isHeld(_ paths: NodePaths) -> Bool {
        let descriptor = open(paths.nodeLock, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Asks without taking it, not even for a moment.
        var lock = Self.whole
        return fcntl(descriptor, OpenFileLock.get, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    private static var whole: flock {
        flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
    }

    /// Who holds the lock; nil: nobody, or it cannot be read.
    package static func holder(_ paths: NodePaths) -> Holder? {
        guard isHeld(paths), let data = FileManager.default.contents(atPath: paths.nodeLock) else {
            return nil
        }
        return try? JSONDecoder().decode(Holder.self, from: data)
    }
}

/// Locks of an open file, as Linux numbers them; the headers hide the names.
private enum OpenFileLock {
    static let get: Int32 = 36
    static let set: Int32 = 37
}

internal import Foundation
internal import PostWorkerCore

/// Keeps other processes from writing to a directory, until it goes away or its process ends.
final class DirectoryLock {
    private let descriptor: Int32

    /// Makes the directory if it is not there, and locks it.
    ///
    /// - Throws: `PlotFileFault.busy` when somebody else holds it.
    init(making directory: String) throws(PlotFileFault) {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .system(
                path: directory, action: "make the directory", bytes: nil, reason: error.localizedDescription)
        }
        descriptor = retried { open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw OpenFile.fault(directory, "open", nil, errno) }
        // File systems without locks let everybody in: there it is the operator's care.
        if retried({ flock(descriptor, LOCK_EX | LOCK_NB) }) != 0, errno == EWOULDBLOCK {
            throw .busy(directory: directory)
        }
    }

    deinit { _ = close(descriptor) }
}

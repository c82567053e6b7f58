internal import Foundation
internal import Glibc

/// Why a file cannot be used; the text names the fix.
package struct FileFault: Error, CustomStringConvertible {
    /// What is wrong, and what to do.
    package let description: String

    init(_ description: String) {
        self.description = description
    }

    static func system(_ what: String) -> FileFault {
        FileFault("\(what) (\(String(cString: strerror(errno)))): free room, or see to the rights")
    }
}

/// A file in a folder that one process has: pieces are appended, or everything is replaced.
///
/// Every call waits for the disk, so it is made on a thread that may.
/// `@unchecked Sendable`: it is used from one thread at a time, by whoever owns it.
package final class AppendFile: @unchecked Sendable {
    private let folder: String
    private let path: String
    private let lock: Int32
    private var descriptor: Int32

    private init(folder: String, path: String, lock: Int32, descriptor: Int32) {
        (self.folder, self.path, self.lock, self.descriptor) = (folder, path, lock, descriptor)
    }

    deinit {
        close(descriptor)
        close(lock)
    }

    /// Takes a folder, which is made when it is not there, and reads the file in it.
    ///
    /// - Parameters:
    ///   - name: of the file; there need not be one.
    ///   - owner: what kind of process has such a folder, for whoever is second.
    /// - Throws: `FileFault` when another process has the folder, or it cannot be used.
    package static func open(
        folder: String, name: String, owner: String
    ) throws -> (file: AppendFile, bytes: [UInt8]) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw FileFault("\(folder) cannot be made: \(error)")
        }
        let lock = Glibc.open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw FileFault.system("\(folder)/lock cannot be opened") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw FileFault("another \(owner) has \(folder): end that one, or give another --data")
        }
        let path = "\(folder)/\(name)"
        let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
        guard descriptor >= 0 else {
            close(lock)
            throw FileFault.system("\(path) cannot be opened")
        }
        return (AppendFile(folder: folder, path: path, lock: lock, descriptor: descriptor), bytes)
    }

    /// Cuts off what is behind so many bytes.
    package func cut(to count: Int) throws {
        guard ftruncate(descriptor, off_t(count)) == 0 else {
            throw FileFault.system("\(path) cannot be cut")
        }
    }

    /// Puts bytes behind all others; they are on the disk when it returns.
    package func append(_ bytes: [UInt8]) throws { try write(bytes, to: descriptor, path) }

    /// Puts a new file in the place of the old one, whole or not at all.
    package func replace(with bytes: [UInt8]) throws {
        let beside = "\(path).new"
        let file = Glibc.open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0o600)
        guard file >= 0 else { throw FileFault.system("\(beside) cannot be made") }
        do {
            try write(bytes, to: file, beside)
            guard rename(beside, path) == 0 else { throw FileFault.system("\(path) cannot be replaced") }
        } catch {
            close(file)
            throw error
        }
        close(descriptor)
        descriptor = file
        let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw FileFault.system("\(folder) cannot be opened") }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw FileFault.system("\(folder) cannot be synced") }
    }

    private func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFault.system("\(path) cannot be written") }
            written += count
        }
        guard fdatasync(file) == 0 else { throw FileFault.system("\(path) cannot be synced") }
    }
}

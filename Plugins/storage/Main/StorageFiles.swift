internal import Foundation
internal import StorageCore

/// The folder of storage and what lies in it besides the database.
struct StorageDirectory: Sendable {
    let path: String

    /// RocksDB's own folder.
    var database: String { "\(path)/db" }
    var lock: String { "\(path)/lock" }
    var mark: String { "\(path)/durable" }
    var ballast: String { "\(path)/ballast" }

    /// Makes the folder if it is not there, so that it survives a power cut.
    /// - Throws: `StorageFailure` with the system's reason.
    func make() throws(StorageFailure) {
        var missing: [String] = []
        var next = path
        while !next.isEmpty, next != "/", !FileManager.default.fileExists(atPath: next) {
            missing.append(next)
            next = (next as NSString).deletingLastPathComponent
        }
        for folder in missing.reversed() {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Self.failure("make", folder) }
            Self.sync((folder as NSString).deletingLastPathComponent)
        }
    }

    /// Room on the disk that the folder lies on.
    func space() -> (free: UInt64, total: UInt64) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return (0, 0) }
        return (
            UInt64(status.f_bavail) * UInt64(status.f_frsize),
            UInt64(status.f_blocks) * UInt64(status.f_frsize)
        )
    }

    static func sync(_ folder: String) {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    static func failure(_ verb: String, _ path: String) -> StorageFailure {
        let code = errno
        return StorageFailure(
            code == ENOSPC ? .full : .io, "cannot \(verb) \(path): \(String(cString: strerror(code)))")
    }
}

/// Keeps a second process off the folder for as long as it lives.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `StorageFailure` that names the process that holds it.
    init(_ directory: StorageDirectory) throws(StorageFailure) {
        descriptor = open(directory.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageDirectory.failure("open", directory.lock) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw StorageFailure(
                .locked,
                "\(directory.path) is in use by \(Self.holder(descriptor)): stop it first, or give this one another --data"
            )
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit {
        close(descriptor)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = max(0, pread(descriptor, &buffer, buffer.count, 0))
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        guard let process = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            return "another process"
        }
        let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
        let name = String(decoding: command.prefix { $0 != 0 }, as: UTF8.self).split(separator: "/").last
        let known = name.map { " (\($0))" } ?? ""
        return "process \(process)\(known)"
    }
}

/// The file with the `DurableMark`.
struct MarkFile: ~Copyable {
    private let descriptor: Int32

    /// Opens, or makes, the file.
    init(_ directory: StorageDirectory) throws(StorageFailure) {
        descriptor = open(directory.mark, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageDirectory.failure("open", directory.mark) }
    }

    deinit {
        close(descriptor)
    }

    /// What the file holds, nil: nothing whole.
    func read() -> DurableMark? {
        var buffer = [UInt8](repeating: 0, count: DurableMark.count + 1)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        return DurableMark(bytes: buffer[..<max(0, count)])
    }

    /// Writes without waiting for the disk: a late mark is a safe one.
    func write(_ mark: DurableMark) {
        let bytes = mark.bytes
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }
}

/// A file that keeps room, given back when the disk is full so that the database can be closed, opened and tidied.
struct Ballast {
    let path: String
    let bytes: UInt64

    /// What the file takes now.
    var present: UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_blocks) * 512 : 0
    }

    /// Makes it unless it is there, when `free` has room for it and the margin.
    /// - Returns: whether it is in place.
    func make(free: UInt64, margin: UInt64) -> Bool {
        if present >= bytes { return true }
        guard free >= bytes + margin else { return false }
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard posix_fallocate(descriptor, 0, off_t(bytes)) == 0 else {
            unlink(path)
            return false
        }
        return true
    }

    func free() {
        unlink(path)
    }
}

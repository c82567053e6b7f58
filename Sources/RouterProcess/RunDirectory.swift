internal import Glibc
internal import RouterCore

/// What keeps a router from starting, and how to mend it.
package struct RouterStartError: Error, CustomStringConvertible {
    package let description: String
}

/// The folder of the sockets: lock, mode and tokens.
struct RunDirectory: ~Copyable {
    private let lock: Int32
    let path: String

    /// Makes the folder with mode 0700 and takes its lock.
    /// - Throws: `RouterStartError` when another router has it or it cannot be made.
    init(_ path: String) throws {
        // libzmq's limit is sizeof(sun_path) − 1.
        guard "\(path)/control.sock".utf8.count <= 107 else {
            throw RouterStartError(
                description:
                    "run directory \(path): ipc paths end at 107 bytes; choose a shorter one with --run-dir")
        }
        try Self.makeFolders(path)
        let descriptor = open("\(path)/router.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open", "\(path)/router.lock") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw RouterStartError(
                description:
                    "another router runs in \(path); stop it first, or give this one another --run-dir")
        }
        lock = descriptor
        self.path = path
    }

    deinit {
        close(lock)
    }

    private static func makeFolders(_ path: String) throws {
        var prefix = path.hasPrefix("/") ? "" : "."
        for part in "\(path)/tokens".split(separator: "/") {
            prefix += "/\(part)"
            if mkdir(prefix, 0o700) != 0, errno != EEXIST { throw failure("mkdir", prefix) }
        }
    }

    private static func failure(_ call: String, _ path: String) -> RouterStartError {
        RouterStartError(
            description:
                "\(call) \(path): \(String(cString: strerror(errno))); give a folder this user may write with --run-dir"
        )
    }

    /// Reads `tokens/<role>`, and makes those that are missing.
    /// - Returns: 32 bytes by role.
    func tokens(_ roles: [UInt32: String]) throws -> [UInt32: [UInt8]] {
        var result: [UInt32: [UInt8]] = [:]
        for (number, name) in roles where number != 1 {
            result[number] = try token("\(path)/tokens/\(name)")
        }
        return result
    }

    private func token(_ file: String) throws -> [UInt8] {
        if let existing = try read(file), existing.count == 32 { return existing }
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        unlink(file)
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open", file) }
        defer { close(descriptor) }
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Self.failure("write", file) }
        return bytes
    }

    private func read(_ file: String) throws -> [UInt8]? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 33)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw Self.failure("read", file) }
        return Array(bytes.prefix(count))
    }
}

internal import ConsensusCore
internal import Foundation
internal import Glibc

/// Why the log cannot be used.
struct LogFault: Error, CustomStringConvertible {
    let description: String

    static func system(_ what: String) -> LogFault {
        LogFault(description: "\(what): \(String(cString: strerror(errno)))")
    }
}

/// The log of the current height on the disk: `DATA/consensus/log`.
///
/// What is appended waits in memory until `sync`, which writes and flushes it on a thread of its own: neither the bus nor Swift's pool waits
/// for the disk. One process at a time has the folder.
actor LogFile {
    private let folder: String
    private let thread: DiskThread
    private let lock: Int32
    private var descriptor: Int32
    private var pending: [UInt8] = []
    /// Bytes on the disk, for people.
    private(set) var bytes: Int

    private init(folder: String, lock: Int32, descriptor: Int32, bytes: Int) {
        (self.folder, self.lock, self.descriptor, self.bytes) = (folder, lock, descriptor, bytes)
        thread = DiskThread(name: "log")
    }

    /// Takes the folder, reads the log there, and cuts off what a crash tore.
    /// - Throws: `LogFault` when another process has it, or it cannot be used.
    static func open(folder: String) throws -> (LogFile, ConsensusLogReading) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw LogFault(description: "\(folder) cannot be made: \(error)")
        }
        let lock = Glibc.open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw LogFault.system("\(folder)/lock cannot be opened") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(lock)
            throw LogFault(
                description: "another consensus has \(folder): end that one, or give another --data")
        }
        let path = "\(folder)/log"
        let reading = ConsensusLogReading([UInt8](FileManager.default.contents(atPath: path) ?? Data()))
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw LogFault.system("\(path) cannot be opened") }
        guard ftruncate(descriptor, off_t(reading.goodBytes)) == 0 else {
            throw LogFault.system("\(path) cannot be cut")
        }
        let file = LogFile(folder: folder, lock: lock, descriptor: descriptor, bytes: reading.goodBytes)
        return (file, reading)
    }

    /// Puts a record behind the others; it is on the disk after the next `sync`.
    func append(_ record: ConsensusRecord) { pending += ConsensusLog.bytes(of: record) }

    /// Brings everything to the disk.
    func sync() async throws {
        guard !pending.isEmpty else { return }
        let (bytes, descriptor, path) = (pending, descriptor, "\(folder)/log")
        pending = []
        try await thread.run {
            try writeAll(bytes, to: descriptor, path)
            guard fdatasync(descriptor) == 0 else { throw LogFault.system("\(path) cannot be flushed") }
        }
        self.bytes += bytes.count
    }

    /// Begins the log of another height, whole or not at all.
    func begin(chain: String, height: UInt64) async throws {
        let mark = ConsensusLog.mark(chain: chain, height: height)
        let (folder, old) = (folder, descriptor)
        pending = []
        descriptor = try await thread.run {
            let (path, next) = ("\(folder)/log", "\(folder)/log.new")
            let descriptor = Glibc.open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0o600)
            guard descriptor >= 0 else { throw LogFault.system("\(next) cannot be made") }
            try writeAll(mark, to: descriptor, next)
            guard fsync(descriptor) == 0, rename(next, path) == 0 else {
                throw LogFault.system("\(path) cannot be replaced")
            }
            let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer { Glibc.close(directory) }
            guard directory >= 0, fsync(directory) == 0 else {
                throw LogFault.system("\(folder) cannot be flushed")
            }
            Glibc.close(old)
            return descriptor
        }
        bytes = mark.count
    }
}

/// Writes all bytes, however many calls it takes.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if written < 0 {
            if errno == EINTR { continue }
            throw LogFault.system("\(path) cannot be written")
        }
        rest = rest.dropFirst(written)
    }
}

/// A thread that does one thing after the other, and may wait for the disk.
///
/// `@unchecked Sendable`: everything is under the condition's lock.
private final class DiskThread: @unchecked Sendable {
    private let condition = NSCondition()
    private var work: [@Sendable () -> Void] = []
    private var isClosed = false

    init(name: String) {
        let thread = Thread { [weak self] in
            while let next = self?.next() { next() }
        }
        thread.name = name
        thread.start()
    }

    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            condition.lock()
            work.append { continuation.resume(with: Swift.Result { try body() }) }
            condition.signal()
            condition.unlock()
        }
    }

    private func next() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while work.isEmpty, !isClosed { condition.wait() }
        return work.isEmpty ? nil : work.removeFirst()
    }
}

internal import Foundation
internal import Glibc
internal import MempoolCore

/// The journal on the disk, written by a thread of its own: neither the bus nor the pool waits for the disk.
///
/// What is appended is written and synced together, at most `syncMilliseconds` later. After a write that failed the file is written anew
/// from the start, as nobody knows how much of it arrived.
///
/// `@unchecked Sendable`: everything is under the condition's lock; the descriptor is the thread's alone.
final class JournalFile: @unchecked Sendable {
    private let condition = NSCondition()
    private let folder: String
    private let sync: Double
    private let lock: Int32
    private var descriptor: Int32
    /// To be written behind what is there, or behind `whole`.
    private var pending: [UInt8] = []
    /// To be written in place of what is there.
    private var whole: [UInt8]?
    private var length: UInt64
    private var failure: String?
    private var isClosed = false
    private var hasEnded = false

    /// More than this is not held for a disk that stands still.
    private static let largestPending = 64 << 20

    private var path: String { "\(folder)/journal" }

    /// Takes the folder, reads the journal there, and cuts off what is not good at its end.
    /// - Throws: `JournalFault` when another process has the folder, or it cannot be used.
    static func open(folder: String, syncMilliseconds: Int) throws -> (JournalFile, JournalReading) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw JournalFault("\(folder) cannot be made: \(error)")
        }
        let lock = Glibc.open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw JournalFault.system("\(folder)/lock cannot be opened") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(lock)
            throw JournalFault("another mempool has \(folder): end that one, or give another --data")
        }
        let path = "\(folder)/journal"
        let reading = JournalReading([UInt8](FileManager.default.contents(atPath: path) ?? Data()))
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND, 0o600)
        guard descriptor >= 0 else { throw JournalFault.system("\(path) cannot be opened") }
        guard ftruncate(descriptor, off_t(reading.goodBytes)) == 0 else {
            throw JournalFault.system("\(path) cannot be cut")
        }
        let file = JournalFile(
            folder: folder, syncMilliseconds: syncMilliseconds, lock: lock, descriptor: descriptor,
            length: UInt64(reading.goodBytes))
        file.start()
        return (file, reading)
    }

    private init(folder: String, syncMilliseconds: Int, lock: Int32, descriptor: Int32, length: UInt64) {
        self.folder = folder
        sync = Double(syncMilliseconds) / 1000
        self.lock = lock
        self.descriptor = descriptor
        self.length = length
    }

    // MARK: - From the pool

    /// Bytes of the file, with those on the way to it.
    var bytes: UInt64 { locked { length + UInt64(pending.count) } }

    /// Why what is written down does not reach the disk; nil: it does.
    var fault: String? { locked { failure } }

    /// Whether the whole must be written again.
    var needsRewrite: Bool { locked { failure != nil && whole == nil } }

    /// Writes records behind all others, soon.
    func append(_ records: [UInt8]) {
        guard !records.isEmpty else { return }
        locked {
            if pending.count + records.count > Self.largestPending {
                failure = failure ?? "the disk below \(folder) stands still: see what keeps it busy"
                pending = []
            }
            if failure == nil || whole != nil { pending += records }
            condition.signal()
        }
    }

    /// Writes the file anew, whole or not at all.
    func rewrite(_ bytes: [UInt8]) {
        locked {
            whole = bytes
            pending = []
            condition.signal()
        }
    }

    /// Writes what is left, and ends.
    func close() async {
        locked {
            isClosed = true
            condition.broadcast()
        }
        while !locked({ hasEnded }) { try? await Task.sleep(for: .milliseconds(5)) }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    // MARK: - The thread

    private func start() {
        let thread = Thread { [self] in
            while let (whole, records) = next() { write(whole, records) }
            Glibc.close(descriptor)
            Glibc.close(lock)
            locked { hasEnded = true }
        }
        thread.name = "journal"
        thread.start()
    }

    /// What is to be written; nil: this is the end.
    private func next() -> (whole: [UInt8]?, records: [UInt8])? {
        condition.lock()
        defer { condition.unlock() }
        while pending.isEmpty, whole == nil, !isClosed { condition.wait() }
        // What comes meanwhile is synced with the first.
        let end = Date() + sync
        while !isClosed, condition.wait(until: end) {}
        if pending.isEmpty, whole == nil { return nil }
        defer {
            pending = []
            whole = nil
        }
        return (whole, pending)
    }

    private func write(_ whole: [UInt8]?, _ records: [UInt8]) {
        // Behind what was written in part nothing would be read again.
        if whole == nil, fault != nil { return }
        do {
            if let whole { try replace(whole) }
            try Self.write(records, to: descriptor, path)
            locked {
                length = (whole.map { UInt64($0.count) } ?? length) + UInt64(records.count)
                failure = nil
            }
        } catch {
            locked { failure = "\(error)" }
        }
    }

    /// Puts a new file in the place of the old one.
    private func replace(_ bytes: [UInt8]) throws {
        let beside = "\(path).new"
        let file = Glibc.open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0o600)
        guard file >= 0 else { throw JournalFault.system("\(beside) cannot be made") }
        do {
            try Self.write(bytes, to: file, beside)
            guard rename(beside, path) == 0 else { throw JournalFault.system("\(path) cannot be replaced") }
        } catch {
            Glibc.close(file)
            throw error
        }
        Glibc.close(descriptor)
        descriptor = file
        let directory = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw JournalFault.system("\(folder) cannot be opened") }
        defer { Glibc.close(directory) }
        guard fsync(directory) == 0 else { throw JournalFault.system("\(folder) cannot be synced") }
    }

    private static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw JournalFault.system("\(path) cannot be written") }
            written += count
        }
        guard fdatasync(file) == 0 else { throw JournalFault.system("\(path) cannot be synced") }
    }
}

/// Why a journal cannot be used; the text names the fix.
struct JournalFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// With what the system says.
    static func system(_ what: String) -> JournalFault {
        JournalFault("\(what) (\(String(cString: strerror(errno)))): free room, or see to the rights")
    }
}

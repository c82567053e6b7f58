internal import Foundation
internal import MempoolCore
internal import NodeFiles

/// The journal on the disk, written by a thread of its own: neither the bus nor the pool waits for the disk.
///
/// What is appended is written and synced together, at most `syncMilliseconds` later. After a write that failed the file is written anew
/// from the start, as nobody knows how much of it arrived.
///
/// `@unchecked Sendable`: everything is under the condition's lock; the file is the thread's alone.
final class JournalFile: @unchecked Sendable {
    private let condition = NSCondition()
    private let folder: String
    private let sync: Double
    private let file: AppendFile
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

    /// Takes the folder, reads the journal there, and cuts off what is not good at its end.
    /// - Throws: `FileFault` when another process has the folder, or it cannot be used.
    static func open(folder: String, syncMilliseconds: Int) throws -> (JournalFile, JournalReading) {
        let (file, bytes) = try AppendFile.open(folder: folder, name: "journal", owner: "mempool")
        let reading = JournalReading(bytes)
        try file.cut(to: reading.goodBytes)
        let journal = JournalFile(
            file, folder: folder, syncMilliseconds: syncMilliseconds, length: UInt64(reading.goodBytes))
        journal.start()
        return (journal, reading)
    }

    private init(_ file: AppendFile, folder: String, syncMilliseconds: Int, length: UInt64) {
        self.file = file
        self.folder = folder
        sync = Double(syncMilliseconds) / 1000
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
            if let whole { try file.replace(with: whole) }
            if !records.isEmpty { try file.append(records) }
            locked {
                length = (whole.map { UInt64($0.count) } ?? length) + UInt64(records.count)
                failure = nil
            }
        } catch {
            locked { failure = "\(error)" }
        }
    }
}

internal import ConsensusCore
internal import Foundation
internal import NodeFiles

/// The log of the current height on the disk: `DATA/consensus/log`.
///
/// What is appended waits in memory until `sync`, which writes and flushes it on a thread of its own: neither the bus nor Swift's pool waits
/// for the disk.
actor LogFile {
    private let file: AppendFile
    private let thread = DiskThread(name: "log")
    private var pending: [UInt8] = []
    /// Bytes on the disk, for people.
    private(set) var bytes: Int

    private init(_ file: AppendFile, bytes: Int) {
        self.file = file
        self.bytes = bytes
    }

    /// Takes the folder, reads the log there, and cuts off what a crash tore.
    /// - Throws: `FileFault` when another process has it, or it cannot be used.
    static func open(folder: String) throws -> (LogFile, ConsensusLogReading) {
        let (file, bytes) = try AppendFile.open(folder: folder, name: "log", owner: "consensus")
        let reading = ConsensusLogReading(bytes)
        try file.cut(to: reading.goodBytes)
        return (LogFile(file, bytes: reading.goodBytes), reading)
    }

    /// Puts a record behind the others; it is on the disk after the next `sync`.
    func append(_ record: ConsensusRecord) { pending += ConsensusLog.bytes(of: record) }

    /// Brings everything to the disk.
    func sync() async throws {
        guard !pending.isEmpty else { return }
        let bytes = pending
        pending = []
        try await thread.run { [file] in try file.append(bytes) }
        self.bytes += bytes.count
    }

    /// Begins the log of another height, whole or not at all.
    func begin(chain: String, height: UInt64) async throws {
        let mark = ConsensusLog.mark(chain: chain, height: height)
        pending = []
        try await thread.run { [file] in try file.replace(with: mark) }
        bytes = mark.count
    }
}

/// A thread that does one thing after the other, and may wait for the disk.
///
/// `@unchecked Sendable`: everything is under the condition's lock.
private final class DiskThread: @unchecked Sendable {
    private let condition = NSCondition()
    private var work: [@Sendable () -> Void] = []

    init(name: String) {
        // The process has one log for as long as it lives, and so has the thread.
        let thread = Thread { [self] in
            while true { next()() }
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

    private func next() -> @Sendable () -> Void {
        condition.lock()
        defer { condition.unlock() }
        while work.isEmpty { condition.wait() }
        return work.removeFirst()
    }
}

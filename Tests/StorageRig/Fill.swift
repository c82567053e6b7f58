import ArgumentParser
import Foundation
import NodeBus
import StorageClient
import StorageWire
import Synchronization
import TestSupport

/// Writers, each one batch after the other, that note every acknowledged batch in a journal.
struct Fill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes batches until storage is lost, or for a time.")

    @Option var bus: String
    @Option(help: "Acknowledged batches are appended here.") var journal: String
    @Option var round: UInt32
    @Option var writers: UInt16 = 8
    @Option(help: "Percent of the batches that are durable.") var durable: UInt32 = 50
    @Option(help: "Each so manieth batch of the first writer is a large one, 0: none.") var large: UInt32 = 0
    @Option(help: "Seconds, 0: until storage is lost.") var seconds: Double = 0
    @Option(help: "Milliseconds between the batches of a writer.") var pause: UInt64 = 0
    @Flag(help: "Writes a batch again until it is acknowledged, while storage refuses.") var insist = false
    @Flag(help: "Removes the round three before this one first.") var prune = false

    struct Report: Encodable {
        var acknowledged = 0
        var refused = 0
        var refusals: [String: Int] = [:]
        var ended = ""
    }

    func run() async throws {
        let work = FillWork(
            journal: AckJournal(journal), round: round, durable: durable, large: large, pause: pause,
            insist: insist, prune: prune, end: seconds > 0 ? Date() + seconds : Date.distantFuture)
        let writers = writers
        do {
            try await withStorage(bus, role: "vm") { bus in
                await withTaskGroup(of: Void.self) { group in
                    for writer in 0..<writers {
                        group.addTask { await work.write(writer, StorageClient(bus)) }
                    }
                }
            }
        } catch {
            // Storage was gone before the first batch.
            work.report.withLock { $0.ended = "\(error)" }
        }
        try printLine(work.report.withLock { $0 })
    }
}

/// What the writers of one round share.
final class FillWork: Sendable {
    let journal: AckJournal
    let round: UInt32
    let durable: UInt32
    let large: UInt32
    let pause: UInt64
    let insist: Bool
    let prune: Bool
    let end: Date
    let report = Mutex(Fill.Report())

    init(
        journal: AckJournal, round: UInt32, durable: UInt32, large: UInt32, pause: UInt64, insist: Bool,
        prune: Bool, end: Date
    ) {
        self.journal = journal
        self.round = round
        self.durable = durable
        self.large = large
        self.pause = pause
        self.insist = insist
        self.prune = prune
        self.end = end
    }

    func write(_ writer: UInt16, _ storage: StorageClient) async {
        do {
            if prune, writer == 0, round >= 3 {
                guard await acknowledge(try Pattern.removal(of: round - 3), true, storage) else { return }
                journal.note("removed \(round - 3)")
            }
            var number: UInt32 = 0
            while Date() < end {
                let isLarge = Pattern.isLarge(writer, number, every: large)
                let isDurable = Pattern.isDurable(writer, number, share: durable)
                let batch = try Pattern.batch(round, writer, number, large: isLarge)
                journal.note("sent \(round) \(writer) \(number)")
                guard await acknowledge(batch, isDurable, storage) else { return }
                journal.note("ack \(round) \(writer) \(number) \(isDurable ? 1 : 0)")
                report.withLock { $0.acknowledged += 1 }
                if pause > 0 { try? await Task.sleep(for: .milliseconds(pause)) }
                number += 1
            }
        } catch {
            report.withLock { $0.ended = "\(error)" }
        }
    }

    /// Writes until it is acknowledged.
    /// - Returns: false when it is not, and the writer has to end.
    private func acknowledge(_ batch: StorageBatch, _ isDurable: Bool, _ storage: StorageClient) async -> Bool
    {
        while true {
            do {
                try await storage.write(batch, durable: isDurable)
                return true
            } catch {
                let refusal = error as? StorageError
                report.withLock {
                    $0.refused += 1
                    if let refusal { $0.refusals[refusal.code.rawValue, default: 0] += 1 }
                }
                guard insist, refusal != nil || (error as? BusError)?.code == .expired, Date() < end else {
                    report.withLock { $0.ended = "\(error)" }
                    return false
                }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}

/// Lines that outlive a kill of their writer; the machine itself does not fail.
final class AckJournal: Sendable {
    private let descriptor: Int32

    init(_ path: String) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "cannot write \(path)")
    }

    func note(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }
}

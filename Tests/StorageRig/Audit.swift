import ArgumentParser
import Foundation
import NodeBus
import StorageClient
import StorageWire
import TestSupport

/// Holds what storage has against the journal of what it acknowledged.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what of the acknowledged batches is there.")

    @Option var bus: String
    @Option var journal: String
    @Option(help: "As of the writers.") var large: UInt32 = 0

    struct Report: Encodable {
        var present = 0
        /// Of the newest round: what was acknowledged, and what of it is lost without having been durable.
        var acknowledged = 0
        var durable = 0
        var lostOthers = 0
        /// Acknowledged as durable, in any round, and not there.
        var lostDurable = 0
        /// Batches of which only a part is there, or with wrong values.
        var half = 0
        var wrong = 0
        /// A later batch of the same writer is there, an earlier one is not.
        var holes = 0
        /// Removed rounds of which something is left.
        var undead = 0
        var problems: [String] = []
    }

    func run() async throws {
        let journal = JournalReading(journal)
        let large = large
        let report = try await withStorage(bus, role: "vm") { bus in
            var audit = AuditWork(journal: journal, large: large)
            try await audit.read(StorageClient(bus))
            return audit.judge()
        }
        try printLine(report)
        let bad = report.lostDurable + report.half + report.wrong + report.holes + report.undead
        if bad > 0 { throw ExitCode(1) }
    }
}

/// One writer of one round.
struct WriterName: Hashable {
    let round: UInt32
    let writer: UInt16
}

/// The journal's content.
struct JournalReading {
    /// Numbers acknowledged, with whether they are durable; numbers sent.
    var acknowledged: [WriterName: [UInt32: Bool]] = [:]
    var sent: [WriterName: UInt32] = [:]
    var removed: Set<UInt32> = []

    init(_ path: String) {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            let numbers = words.dropFirst().compactMap { UInt32($0) }
            switch (words.first, numbers.count) {
            case ("removed", 1): removed.insert(numbers[0])
            case ("sent", 3): sent[WriterName(round: numbers[0], writer: UInt16(numbers[1]))] = numbers[2]
            case ("ack", 4):
                let name = WriterName(round: numbers[0], writer: UInt16(numbers[1]))
                acknowledged[name, default: [:]][numbers[2]] = numbers[3] == 1
            default: break
            }
        }
    }
}

/// Gathers what is there, then judges it.
struct AuditWork {
    let journal: JournalReading
    let large: UInt32
    /// Right entries of each batch.
    private var entries: [WriterName: [UInt32: Int]] = [:]
    private var last: [WriterName: UInt32] = [:]
    private var report = Audit.Report()

    init(journal: JournalReading, large: UInt32) {
        self.journal = journal
        self.large = large
    }

    mutating func read(_ storage: StorageClient) async throws {
        for keyspace in Pattern.keyspaces {
            var scan = storage.scan(StorageRange(keyspace))
            while let entry = try await scan.next() { take(keyspace, entry) }
            if scan.moments > 1 { problem("the scan of \(keyspace.name) was broken off") }
        }
        var scan = storage.scan(StorageRange(.receipts))
        while let entry = try await scan.next() {
            let name = WriterName(
                round: Pattern.number(entry.key[0..<4], UInt32.self),
                writer: Pattern.number(entry.key[4..<6], UInt16.self))
            last[name] = Pattern.number(entry.value[...], UInt32.self)
        }
    }

    private mutating func problem(_ text: String) {
        if report.problems.count < 10 { report.problems.append(text) }
    }

    private mutating func take(_ keyspace: Keyspace, _ entry: StorageEntry) {
        let name = WriterName(
            round: Pattern.number(entry.key[0..<4], UInt32.self),
            writer: Pattern.number(entry.key[4..<6], UInt16.self))
        let batch = Pattern.number(entry.key[6..<10], UInt32.self)
        let isLarge = Pattern.isLarge(name.writer, batch, every: large)
        if entry.value == Pattern.value(keyspace, entry.key, large: isLarge) {
            entries[name, default: [:]][batch, default: 0] += 1
        } else {
            report.wrong += 1
            problem("a wrong value under \(entry.key) in \(keyspace.name)")
        }
    }

    mutating func judge() -> Audit.Report {
        for round in journal.removed {
            let left =
                entries.keys.filter { $0.round == round }.count + last.keys.filter { $0.round == round }.count
            if left > 0 {
                report.undead += 1
                problem("round \(round) was removed and is there")
            }
        }
        let names = Set(journal.sent.keys).union(entries.keys)
        // A round that may have been removed without a word back is whole or gone.
        let newest = names.map(\.round).max() ?? 0
        for name in names where !journal.removed.contains(name.round) {
            if name.round + 3 == newest, entries.keys.allSatisfy({ $0.round != name.round }) { continue }
            judge(name, isNewest: name.round == newest)
        }
        return report
    }

    private mutating func judge(_ name: WriterName, isNewest: Bool) {
        let whole = Pattern.entries * Pattern.keyspaces.count
        let there = entries[name] ?? [:]
        let acknowledged = journal.acknowledged[name] ?? [:]
        if isNewest {
            report.acknowledged += acknowledged.count
            report.durable += acknowledged.values.filter { $0 }.count
        }
        for (number, count) in there {
            if count == whole {
                report.present += 1
            } else {
                report.half += 1
                problem("batch \(number) of \(name) has \(count) of \(whole) entries")
            }
            if number > journal.sent[name] ?? 0 { problem("batch \(number) of \(name) was never sent") }
        }
        for (number, isDurable) in acknowledged where there[number] == nil {
            if isDurable {
                report.lostDurable += 1
                problem("batch \(number) of \(name) was durable and is lost")
            } else if isNewest {
                report.lostOthers += 1
            }
        }
        // One writer's batches come back as a beginning of what it wrote.
        let greatest = there.keys.max()
        let holes = greatest.map { Int($0) + 1 - there.count } ?? 0
        report.holes += holes
        if holes > 0 { problem("\(name) has \(holes) holes") }
        if last[name] != greatest {
            report.half += 1
            problem("\(name): last says \(last[name] ?? 0), \(greatest ?? 0) is there")
        }
    }
}

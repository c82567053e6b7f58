internal import Foundation
internal import MinerCore
internal import NodeDomain
internal import NodeFiles

/// What happened, a line of JSON each, in DATA/miner/events: on the disk before anything follows from it.
final class MinerJournal {
    /// A note with its place in the order.
    struct Entry: Sendable {
        let number: UInt64
        let time: UInt64
        let note: MiningNote
    }

    fileprivate struct Line: Codable {
        let number: UInt64
        let time: UInt64
        let epoch: UInt32
        let kind: String
        let plot: String
        let text: String
        let cause: String
        let attempt: UInt32
        let next: String
        var nonce: UInt32?
        var indices: Data?
        var pow: UInt64?
        var item: Data?
        var plots: [String]?
        var amount: UInt64?
    }

    /// Kept at least; twice as many at most.
    static let most = 10_000

    private let file: AppendFile
    private(set) var entries: [Entry] = []

    /// Takes the folder, and reads the file; a torn last line is cut off.
    /// - Throws: `FileFault` when another process has the folder, or it cannot be used.
    init(folder: String) throws {
        let (file, bytes) = try AppendFile.open(folder: folder, name: "events", owner: "miner")
        self.file = file
        let whole = (bytes.lastIndex(of: 0x0a) ?? -1) + 1
        if whole < bytes.count { try file.cut(to: whole) }
        for line in bytes[..<whole].split(separator: 0x0a) {
            guard let line = try? JSONDecoder().decode(Line.self, from: Data(line)), let entry = Entry(line)
            else {
                continue
            }
            entries.append(entry)
        }
    }

    /// Keeps a note.
    func append(_ note: MiningNote, at time: UInt64) throws -> Entry {
        let entry = Entry(number: (entries.last?.number ?? 0) + 1, time: time, note: note)
        try file.append(try Self.text([entry]))
        entries.append(entry)
        if entries.count > 2 * Self.most { try shorten() }
        return entry
    }

    private static func text(_ entries: [Entry]) throws -> [UInt8] {
        try entries.flatMap { [UInt8](try JSONEncoder().encode($0.line)) + [0x0a] }
    }

    /// Newest notes, rising.
    /// - Parameter fits: which ones.
    func newest(_ limit: Int, after number: UInt64, where fits: (MiningNote) -> Bool) -> [Entry] {
        var found: [Entry] = []
        for entry in entries.reversed() where entry.number > number && found.count < limit {
            if fits(entry.note) { found.append(entry) }
        }
        return found.reversed()
    }

    /// The older half is dropped, but for what a plot's account rests on.
    private func shorten() throws {
        let cut = entries.count - Self.most
        let accounts: Set<MiningNote.Kind> = [.made, .active, .paid, .burnt, .stopped, .resumed]
        let kept = entries[..<cut].filter { accounts.contains($0.note.kind) }.suffix(Self.most / 2)
        let next = Array(kept + entries[cut...])
        try file.replace(with: try Self.text(next))
        entries = next
    }
}

extension MinerJournal.Entry {
    fileprivate init?(_ line: MinerJournal.Line) {
        guard let kind = MiningNote.Kind(rawValue: line.kind) else { return nil }
        var proof: PostProof?
        if let nonce = line.nonce, let indices = line.indices, let pow = line.pow {
            proof = PostProof(nonce: nonce, indices: [UInt8](indices), pow: pow)
        }
        self.init(
            number: line.number, time: line.time,
            note: MiningNote(
                kind, epoch: line.epoch, plot: line.plot, line.text, cause: line.cause, attempt: line.attempt,
                next: line.next, proof: proof, item: [UInt8](line.item ?? Data()), plots: line.plots ?? [],
                amount: line.amount ?? 0))
    }

    fileprivate var line: MinerJournal.Line {
        MinerJournal.Line(
            number: number, time: time, epoch: note.epoch, kind: note.kind.rawValue, plot: note.plot,
            text: note.text, cause: note.cause, attempt: note.attempt, next: note.next,
            nonce: note.proof?.nonce,
            indices: note.proof.map { Data($0.indices) }, pow: note.proof?.pow,
            item: note.item.isEmpty ? nil : Data(note.item), plots: note.plots.isEmpty ? nil : note.plots,
            amount: note.amount == 0 ? nil : note.amount)
    }
}

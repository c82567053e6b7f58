internal import Foundation
internal import NodeCommand
internal import NodeFiles
internal import P2PCore

/// The address book and the bans, `DATA/p2p/peers`.
///
/// Without it, or with one that is damaged, the node goes on as one that knows nobody.
final class PeerMemoryFile: Sendable {
    private static let name = "peers"
    private let file: AppendFile
    private let bytes: [UInt8]
    /// Milliseconds since it was written.
    private let away: UInt64

    /// Takes the folder; there need not be a file.
    /// - Throws: `FileFault` when another process has the folder, or it cannot be used.
    init(folder: String) throws {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(Self.name)")
        let written = attributes?[.modificationDate] as? Date
        away = UInt64(max(0, written.map { Date().timeIntervalSince($0) * 1_000 } ?? 0))
        (file, bytes) = try AppendFile.open(folder: folder, name: Self.name, owner: "p2p")
    }

    /// What it says; nil: there is none yet.
    /// - Throws: `PeerBookFileFault`.
    func read(_ settings: P2PNode.Settings, seed: UInt64, now: UInt64) throws -> PeerMemory? {
        guard !bytes.isEmpty else { return nil }
        return try PeerMemory(file: bytes, settings.book, seed: seed, now: now, away: away)
    }

    /// Puts a new one in its place, on a thread that may wait for the disk.
    /// - Throws: `FileFault`.
    func write(_ memory: PeerMemory, now: UInt64) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread { [file] in
                continuation.resume(with: Result { try file.replace(with: memory.file(now: now)) })
            }
            thread.name = "peers"
            thread.start()
        }
    }
}

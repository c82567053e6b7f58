internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import SignerCore

/// `spacenode signer export`.
struct ToolExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes down how far the consensus key has signed.",
        discussion: """
            With --retire the mark is final: this signer must be stopped, and signs nothing with this key any more, so that \
            another machine can go on at once. Without, the mark may be old when it is used, and import asks for a height.
            """)

    @OptionGroup var place: SignerPlace
    @Option(help: "File to write (default: standard output).") var out: String?
    @Flag(help: "The key moves away: sign nothing with it here any more.") var retire = false
    @Flag(help: "Print JSON (it always is).") var json = false

    func run() throws {
        let folder = try place.folder()
        guard let key = try folder.sealed(.consensus)?.publicKey else {
            throw CommandFault("there is no consensus key in \(folder.keys): there is nothing to export")
        }
        let lock = try retire ? FolderLock(folder) : nil
        defer { withExtendedLifetime(lock) {} }
        var record: SigningRecord
        do throws(RecordFault) {
            record = try RecordStore.record(of: key, from: try? folder.record(of: key))
        } catch {
            throw CommandFault("the record of \(key) cannot be read: \(error)")
        }
        if retire, !record.isRetired {
            record = record.retired
            try store(record, folder)
        }
        let file = MarkFile(HighWaterMark(record))
        guard let out else { return try printJSON(file) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try Files.replace(
            out.hasPrefix("/") ? out : "./\(out)", [UInt8](try encoder.encode(file) + Data("\n".utf8)))
        note("height \(record.point.height) stands in \(out)")
    }
}

/// `spacenode signer import`.
struct ToolImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Raises, or makes anew, the record of what was signed.",
        discussion: """
            The keys must be here already: copy DATA/signer/keys and the passphrase. A record is only ever raised. Where there is none, \
            the mark must be final (export --retire), or --assume-height names a height that the chain will reach later: the key \
            signs nothing up to it. Without a file --chain and --assume-height say all. The signer must be stopped.
            """)

    private struct Imported: Encodable {
        let `operator`: String
        let chain: String?
        let height: UInt64
        let round: UInt32
        let step: String
        let raised: Bool
    }

    @OptionGroup var place: SignerPlace
    @Argument(help: "File that export wrote.") var file: String?
    @Option(help: "The chain's height now, and 1,000 more: nothing up to it will be signed.")
    var assumeHeight: UInt64?
    @Option(help: "Name of the chain, without a file.") var chain: String?
    @Option(help: "Revision of the chain: one more after each recovery.") var revision: UInt32?
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let folder = try place.folder()
        guard let key = try folder.sealed(.consensus)?.publicKey else {
            throw CommandFault(
                "there is no consensus key in \(folder.keys): copy the keys and the passphrase first")
        }
        let lock = try FolderLock(folder)
        defer { withExtendedLifetime(lock) {} }
        let present = (try? folder.record(of: key)).flatMap { try? RecordStore.record(of: key, from: $0) }
        let mark = try mark(key, present)
        let next: SigningRecord
        do throws(ImportRefusal) {
            if mark.key != key { throw .otherKey(mark.key, own: key) }
            next =
                if let present {
                    try present.importing(mark, assumedHeight: assumeHeight)
                } else {
                    try mark.record(assumedHeight: assumeHeight)
                }
        } catch {
            throw CommandFault("\(error)")
        }
        try store(next, folder)
        try show(next, wasRaised: next.point != present?.point || next.chain != present?.chain)
    }

    /// What the file says; without one, what is known here, which is never a final word.
    private func mark(_ key: Bytes32, _ present: SigningRecord?) throws -> HighWaterMark {
        var mark =
            try file.map(MarkFile.read)
            ?? HighWaterMark(
                key: key, chain: present?.chain, point: present?.point ?? .start, isFinal: false)
        guard let name = chain ?? mark.chain?.name else {
            guard revision == nil else { throw CommandFault("--revision needs --chain") }
            return mark
        }
        guard let next = ChainRevision(name: name, revision: revision ?? mark.chain?.revision ?? 0) else {
            throw CommandFault("--chain is the network's name: devnet, testnet, mainnet")
        }
        if let own = mark.chain, own.name != next.name || own.revision > next.revision {
            throw CommandFault("\(ImportRefusal.otherChain(next, own: own))")
        }
        mark.chain = next
        return mark
    }

    private func show(_ record: SigningRecord, wasRaised: Bool) throws {
        if json {
            return try printJSON(
                Imported(
                    operator: "\(record.key)", chain: record.chain?.id, height: record.point.height,
                    round: record.point.round, step: record.point.step.name, raised: wasRaised))
        }
        say(
            wasRaised
                ? "\(record.key) signs what comes after \(record.point)"
                : "nothing changed: \(record.key) had reached \(record.point) already")
    }
}

/// Puts a record on the disk.
private func store(_ record: SigningRecord, _ folder: SignerFolder) throws {
    try folder.make()
    var disk = FolderDisk(folder.records)
    for step in RecordStore.steps(storing: record) { try disk.perform(step) }
}

internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeFiles
internal import NodePoet
internal import PoetCore

/// `DATA/poet`: the server's key, and a folder for each round.
///
/// `@unchecked Sendable`: the thread of the desk alone uses what changes.
final class PoetFolder: @unchecked Sendable {
    let path: String
    /// The server's public key.
    let server: Bytes32
    /// Held while the folder is ours.
    private let keyFile: AppendFile
    private var members: [UInt32: AppendedFile] = [:]

    /// Takes the folder.
    /// - Throws: `FileFault` when another process has it, `CommandFault` when its key is none.
    init(_ path: String) throws {
        let (file, bytes) = try AppendFile.open(folder: path, name: "server.key", owner: "PoET")
        var seed = Bytes32(bytes)
        if bytes.isEmpty {
            var generator = SystemRandomNumberGenerator()
            let new = Bytes32(generator.next(), generator.next(), generator.next(), generator.next())
            try file.append(new.bytes)
            seed = new
        }
        guard let seed, let key = Ed25519.publicKey(seed: seed) else {
            throw CommandFault("\(path)/server.key is no key: put the old one back, or remove it")
        }
        keyFile = file
        server = key
        self.path = path
        try make("\(path)/rounds")
    }

    /// The folder of a round.
    func folder(_ epoch: UInt32) -> String { "\(path)/rounds/\(epoch)" }

    private func make(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFault("cannot make \(folder): \(error.localizedDescription)")
        }
    }

    /// The rounds that are there, by their numbers.
    func stored() throws -> [Round] {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/rounds")
        return try names.compactMap { UInt32($0) }.sorted().map { epoch in
            let folder = folder(epoch)
            if let record = WholeFile.read("\(folder)/proof").flatMap({ ProofRecord(bytes: $0) }) {
                return record.round
            }
            if let beginning = WholeFile.read("\(folder)/begun").flatMap({ RoundBeginning(bytes: $0) }) {
                return Round(
                    epoch: epoch, challenge: beginning.challenge, phase: .working(beginning.members))
            }
            let (registered, good) = MemberRecord.read(WholeFile.read("\(folder)/members") ?? [])
            try AppendedFile("\(folder)/members").cut(to: UInt64(good))
            return Round(epoch: epoch, challenge: nil, registered: registered)
        }
    }

    /// Keeps a registration.
    func keep(_ epoch: UInt32, node: Bytes32, challenge: Bytes32) throws {
        if members[epoch] == nil {
            try make(folder(epoch))
            members[epoch] = try AppendedFile("\(folder(epoch))/members")
            try WholeFile.sync(folder(epoch))
        }
        try members[epoch]?.append(MemberRecord.bytes(node: node, challenge: challenge))
    }

    /// Keeps what work is begun with; once.
    func begin(_ beginning: RoundBeginning) throws {
        members[beginning.epoch] = nil
        try make(folder(beginning.epoch))
        let file = "\(folder(beginning.epoch))/begun"
        guard !FileManager.default.fileExists(atPath: file) else { return }
        try WholeFile.replace(file, beginning.bytes)
    }

    /// Keeps a proof, and drops the work.
    func store(_ record: ProofRecord) throws {
        let folder = folder(record.epoch)
        try make(folder)
        try WholeFile.replace("\(folder)/proof", record.bytes)
        for name in ["nodes", "checkpoint", "begun", "members"] {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    /// Drops everything of a round.
    func forget(_ epoch: UInt32) {
        members[epoch] = nil
        try? FileManager.default.removeItem(atPath: folder(epoch))
    }
}

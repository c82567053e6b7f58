internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import SignerCore

/// `spacenode signer keys`.
struct ToolKeys: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Lists the public keys.",
        discussion: "Needs no passphrase. Exit status: 0 listed, 1 there are none, 2 error.")

    private struct Keys: Encodable {
        let `operator`: String?
        let vrf: String?
        let identities: [String]
    }

    @OptionGroup var place: SignerPlace
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let folder = try place.folder()
        let keys = Keys(
            operator: try folder.sealed(.consensus).map { "\($0.publicKey)" },
            vrf: try folder.sealed(.vrf).map { "\($0.publicKey)" },
            identities: folder.identities().map { "\($0)" })
        if json {
            try printJSON(keys)
        } else {
            if let key = keys.operator { say("operator  \(key)") }
            if let key = keys.vrf { say("vrf       \(key)") }
            for key in keys.identities { say("identity  \(key)") }
        }
        guard keys.operator == nil else { return }
        note("there are no keys in \(folder.keys): `spacenode signer init` makes them")
        throw ExitCode(1)
    }
}

/// `spacenode signer status`.
struct ToolStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "How far the consensus key has signed, and who holds it.",
        discussion: """
            Reads the record on the disk, which is written before each signature leaves. Exit status: 0 the key can sign, 1 it needs \
            a hand, 2 error.
            """)

    private struct Status: Encodable {
        var `operator`: String?
        var chain: String?
        var height: UInt64?
        var round: UInt32?
        var step: String?
        var holder: Int32?
        var fault: String?
    }

    @OptionGroup var place: SignerPlace
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let folder = try place.folder()
        let status = try read(folder)
        if json {
            try printJSON(status)
        } else {
            if let key = status.operator { say("operator  \(key)") }
            if let height = status.height {
                say(
                    "signed    \(status.chain ?? "no chain yet"), height \(height), round \(status.round ?? 0), \(status.step ?? "")"
                )
            }
            say("held by   \(status.holder.map { "process \($0)" } ?? "nobody: the signer does not run")")
            if let fault = status.fault { say("fault     \(fault)") }
        }
        if status.fault != nil { throw ExitCode(1) }
    }

    private func read(_ folder: SignerFolder) throws -> Status {
        var status = Status()
        status.holder = FolderLock.holder(folder)
        let consensus = try folder.sealed(.consensus)?.publicKey
        status.operator = consensus.map { "\($0)" }
        let bytes = try consensus.flatMap { try folder.record(of: $0) }
        // No network makes keys unasked when somebody only looks.
        let start = SignerStart(
            consensus: consensus, hasVrf: try folder.sealed(.vrf) != nil, isBrokenOff: folder.isBrokenOff,
            record: bytes, isOwn: false)
        switch start {
        case .serve, .makeKeys: break
        case .wait(let text), .refuse(let text): status.fault = text
        }
        guard let consensus, let record = try? RecordStore.record(of: consensus, from: bytes) else {
            return status
        }
        status.chain = record.chain?.id
        status.height = record.point.height
        status.round = record.point.round
        status.step = record.point.step.name
        return status
    }
}

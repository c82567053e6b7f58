internal import ArgumentParser
internal import ConsensusCore
internal import Foundation
internal import NodeCommand
internal import NodeDomain

/// What operators agree on when the chain stands still for ever.
struct ToolRecovery: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery", abstract: "Go on behind a halt with another committee.",
        discussion: """
            Everybody who goes on must accept the same recovery: compare its hash with the others by a way that you trust. docs/recovery.md \
            says how.
            """,
        subcommands: [ToolRecoveryPropose.self, ToolRecoveryHash.self])
}

/// The hash of a recovery, to compare and to accept it by.
struct ToolRecoveryHash: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash", abstract: "Print what a recovery is accepted by.")

    @Argument(help: "The recovery.") var file: String

    func run() throws {
        say("\(try RecoveryFile.read(file).hash)")
    }
}

/// A recovery from `halt.json`: everybody of whom something was heard.
struct ToolRecoveryPropose: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "propose",
        abstract: "Make a recovery of a node's halt.json, without those who are missing.")

    @Argument(help: "The node's halt.json.") var halt: String
    @Option(help: "An operator to leave out as well, in hexadecimal digits; again for more.")
    var without: [String] = []
    @Option(help: "An operator to keep although nothing was heard of it; again for more.")
    var keep: [String] = []
    @Option(help: "Where to write it (default: recovery.json).") var output = "recovery.json"

    func run() throws {
        let file: HaltFile = try decodeJSON(halt, limit: 4 << 20)
        guard let root = Bytes32(hexadecimal: file.appHash) else {
            throw CommandFault("\(halt): the app hash has not 64 hexadecimal digits")
        }
        let left = Set(without + file.missing.filter { !keep.contains($0) })
        let seats = try file.members.filter { !left.contains($0.operator) }.map { member in
            guard let key = Bytes32(hexadecimal: member.operator),
                let vrfKey = Bytes32(hexadecimal: member.vrfKey), member.seats > 0
            else { throw CommandFault("\(halt): member \(member.operator) has no keys or no seats") }
            return RecoverySeat(operator: key, vrfKey: vrfKey, power: UInt64(member.seats))
        }
        let recovery = Recovery(
            chain: file.chain, height: file.height, appHash: root, revision: file.revision + 1,
            seats: seats.sorted { $0.operator < $1.operator })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(RecoveryFile(recovery)).write(to: URL(fileURLWithPath: output), options: .atomic)
        say("\(output): \(seats.count) of \(file.members.count) members")
        say("\(try RecoveryFile.read(output).hash)")
    }
}

import ArgumentParser
import LedgerSupport
import NodeDomain
import TestSupport

/// Writes a network file with the rig's operator.
struct Network: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints devnet's file with other numbers.")
    @Option(help: "Gas of a block.") var gas: UInt64 = 120_000_000

    func run() throws {
        print(try World.networkText([("block_gas:", "block_gas: \(gas)")]), terminator: "")
    }
}

/// Writes a checkpoint of height 0 with many accounts.
struct Population: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes a state with many spawned wallets.")
    @Option(help: "The network's file.") var network: String
    @Option(help: "How many accounts.") var accounts: Int
    @Option(help: "The checkpoint to make.") var out: String

    func run() throws {
        let (root, leaves) = try World(network: network, accounts: accounts).writeCheckpoint(to: out)
        try printLine(["root": root.description, "leaves": "\(leaves)"])
    }
}

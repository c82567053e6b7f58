import ArgumentParser
import Foundation
import NodeConfiguration
import NodeCrypto
import NodeDomain
import NodeEncoding
import TestSupport
import VmCore

/// Writes a network file with the rig's operator.
struct Network: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints devnet's file with other numbers.")
    @Option(help: "Gas of a block.") var gas: UInt64 = 120_000_000

    func run() throws {
        guard let file = try NetworkFile.embedded("devnet"),
            let key = Ed25519.publicKey(seed: World.operatorSeed),
            let vrfKey = Ed25519.publicKey(seed: World.vrfSeed)
        else { throw RigFault("there is no devnet") }
        var lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (place, line) in lines.enumerated() {
            if line.hasPrefix("name:") { lines[place] = "name: rig" }
            if line.hasPrefix("genesis_time:") { lines[place] = "genesis_time: \"2026-01-01T00:00:00Z\"" }
            if line.hasPrefix("block_gas:") { lines[place] = "block_gas: \(gas)" }
            if line.hasPrefix("  - operator:") { lines[place] = "  - operator: \(key)" }
            if line.hasPrefix("    vrf_key:") { lines[place] = "    vrf_key: \(vrfKey)" }
        }
        print(lines.joined(separator: "\n"), terminator: "")
    }
}

/// Writes a checkpoint of height 0 with many accounts.
struct Population: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Writes a state with many spawned wallets.")
    @Option(help: "The network's file.") var network: String
    @Option(help: "How many accounts.") var accounts: Int
    @Option(help: "The checkpoint to make.") var out: String

    func run() throws {
        let world = try World(network: network, accounts: accounts)
        let leaves = try world.rules.genesis(accounts: try world.population()).changes
            .compactMap { change in change.value.map { TreeLeaf(preimage: change.key.bytes, value: $0) } }
            .sorted { $0.key < $1.key }
        var builder = TreeBuilder(version: 0)
        for leaf in leaves { try builder.add(leaf) }
        let head = CheckpointHead(
            genesisID: world.rules.parameters.genesisID, genesisTime: world.time, height: 0, time: world.time,
            blockHash: .zero, appHash: builder.finish())
        guard FileManager.default.createFile(atPath: out, contents: nil),
            let file = FileHandle(forWritingAtPath: out)
        else { throw RigFault("\(out) cannot be made") }
        try file.write(contentsOf: CheckpointPart.beginning(head))
        var run = ScaleWriter()
        for leaf in leaves {
            CheckpointLeaves.append(leaf, to: &run)
            guard run.bytes.count > 256 << 10 else { continue }
            try file.write(contentsOf: CheckpointPart.run(run.bytes))
            run = ScaleWriter()
        }
        if !run.bytes.isEmpty { try file.write(contentsOf: CheckpointPart.run(run.bytes)) }
        try file.write(contentsOf: CheckpointPart.end(count: UInt64(leaves.count)))
        try file.close()
        try printLine(["root": head.appHash.description, "leaves": "\(leaves.count)"])
    }
}

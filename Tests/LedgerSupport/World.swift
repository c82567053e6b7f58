internal import Foundation
package import NodeConfiguration
internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding
internal import Synchronization
package import VmCore

/// Everything that follows from a network file and a number of accounts.
package struct World: Sendable {
    /// The operator that holds all seats; its VRF has the same seed with another word.
    package static let operatorSeed = BLAKE3.hash(Array("rig operator".utf8))
    package static let vrfSeed = BLAKE3.hash(Array("rig vrf".utf8))
    /// What each account begins with.
    package static let balance: UInt64 = 1_000_000_000_000

    /// The network, which begins at a moment.
    package let network: NetworkFile
    /// Its rules, with genesis time and id.
    package let rules: ChainRules
    /// How many accounts there are.
    package let accounts: Int
    /// When the network begins.
    package let time: UInt64

    /// The world of a network's file.
    /// - Throws: `WorldFault` when the network begins at no moment.
    package init(network path: String, accounts: Int) throws {
        network = try NetworkFile.read(path)
        guard case .moment(let time) = network.genesis else {
            throw WorldFault("the network begins at no moment")
        }
        self.time = time
        self.accounts = accounts
        var parameters = network.parameters
        parameters.genesisTime = time
        parameters.genesisID = GenesisID.make(time: time / 1000, extraData: network.extraData)
        rules = try ChainRules(
            parameters, chainID: network.name,
            committee: network.committee.map {
                Voter(operator: $0.operator, vrfKey: $0.vrfKey, power: $0.share)
            })
    }

    /// Seed of the key of an account.
    package func seed(_ account: Int) -> Bytes32 { BLAKE3.hash(Array("rig account \(account)".utf8)) }

    /// What an account is spawned with.
    package func arguments(_ account: Int) throws -> SpawnArguments {
        guard let key = Ed25519.publicKey(seed: seed(account)) else {
            throw WorldFault("libsodium does not start")
        }
        return .wallet(key: key)
    }

    /// All accounts, made on all cores.
    package func population() throws -> [Address: Account] {
        let made = Mutex<[Address: Account]>([:])
        let runs = 64
        DispatchQueue.concurrentPerform(iterations: runs) { run in
            var part: [(Address, Account)] = []
            for account in stride(from: run, to: accounts, by: runs) {
                guard let arguments = try? arguments(account) else { continue }
                part.append(
                    (arguments.principal, Account(nextNonce: 0, balance: Self.balance, spawned: arguments)))
            }
            made.withLock { all in for (address, account) in part { all[address] = account } }
        }
        let all = made.withLock { $0 }
        guard all.count == accounts else { throw WorldFault("\(all.count) accounts of \(accounts)") }
        return all
    }
}

/// What went wrong in a rig or a test itself.
package struct WorldFault: Error, CustomStringConvertible {
    /// What it was.
    package let description: String

    /// A fault in plain words.
    package init(_ description: String) {
        self.description = description
    }
}

extension World {
    /// The text of devnet's file with the world's operator and other numbers.
    /// - Parameter lines: what other lines become, by the words they begin with.
    package static func networkText(_ lines: [(beginning: String, line: String)]) throws -> String {
        guard let file = try NetworkFile.embedded("devnet"),
            let key = Ed25519.publicKey(seed: operatorSeed), let vrfKey = Ed25519.publicKey(seed: vrfSeed)
        else { throw WorldFault("there is no devnet") }
        let fixed: [(beginning: String, line: String)] = [
            ("name:", "name: rig"), ("genesis_time:", "genesis_time: \"2026-01-01T00:00:00Z\""),
            ("  - operator:", "  - operator: \(key)"), ("    vrf_key:", "    vrf_key: \(vrfKey)"),
        ]
        var text = file.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for (beginning, line) in fixed + lines {
            guard let place = text.firstIndex(where: { $0.hasPrefix(beginning) }) else {
                throw WorldFault("devnet's file has no line that begins with \(beginning)")
            }
            text[place] = line
        }
        return text.joined(separator: "\n")
    }

    /// A state of height 0 in which all accounts are spawned, as a checkpoint's file.
    package func writeCheckpoint(to path: String) throws -> (root: Bytes32, leaves: Int) {
        let leaves = try rules.genesis(accounts: try population()).changes
            .compactMap { change in change.value.map { TreeLeaf(preimage: change.key.bytes, value: $0) } }
            .sorted { $0.key < $1.key }
        var builder = TreeBuilder(version: 0)
        for leaf in leaves { try builder.add(leaf) }
        let head = CheckpointHead(
            genesisID: rules.parameters.genesisID, genesisTime: time, height: 0, time: time,
            blockHash: .zero, appHash: builder.finish())
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw WorldFault("\(path) cannot be made") }
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
        return (head.appHash, leaves.count)
    }
}

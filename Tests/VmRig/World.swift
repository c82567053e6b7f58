import Foundation
import NodeConfiguration
import NodeCrypto
import NodeDomain
import NodeEncoding
import Synchronization
import VmCore

/// Everything that follows from a network file, a seed and a number of accounts.
struct World: Sendable {
    /// The operator that holds all seats; its VRF has the same seed with another word.
    static let operatorSeed = BLAKE3.hash(Array("rig operator".utf8))
    static let vrfSeed = BLAKE3.hash(Array("rig vrf".utf8))
    /// What each account begins with.
    static let balance: UInt64 = 1_000_000_000_000

    let network: NetworkFile
    let rules: ChainRules
    let accounts: Int
    let time: UInt64

    init(network path: String, accounts: Int) throws {
        network = try NetworkFile.read(path)
        guard case .moment(let time) = network.genesis else {
            throw RigFault("the network begins at no moment")
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
    func seed(_ account: Int) -> Bytes32 { BLAKE3.hash(Array("rig account \(account)".utf8)) }

    /// What an account is spawned with.
    func arguments(_ account: Int) throws -> SpawnArguments {
        guard let key = Ed25519.publicKey(seed: seed(account)) else {
            throw RigFault("libsodium does not start")
        }
        return .wallet(key: key)
    }

    /// All accounts, made on all cores.
    func population() throws -> [Address: Account] {
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
        guard all.count == accounts else { throw RigFault("\(all.count) accounts of \(accounts)") }
        return all
    }
}

/// What went wrong in the rig itself.
struct RigFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

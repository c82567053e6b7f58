import Foundation
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// `Tests/Vectors/ledger/economics.json`, as far as it is read here.
struct EconomicsVectors: Decodable {
    struct Subsidy: Decodable {
        struct Row: Decodable {
            let index: UInt64
            let layer_subsidy, accumulated: String
        }
        let rows: [Row]
    }
    struct Vesting: Decodable {
        struct Row: Decodable {
            let layer: UInt64
            let accumulated, this_layer: String
        }
        let rows: [Row]
    }
    struct Vault: Decodable {
        let start, end, layer: UInt64
        let total, vested: String
    }
    struct Gas: Decodable {
        struct Row: Decodable {
            let tx: String
            let size: Int
            let max_gas: UInt64
        }
        let rows: [Row]
    }
    struct Split: Decodable {
        struct Payout: Decodable {
            let weight, total, subsidy: String
        }
        let subsidy, fees, burnt: String
        let payouts: [Payout]
    }
    struct Compact: Decodable {
        let value, hex: String
    }
    struct Addresses: Decodable {
        struct Row: Decodable {
            let kind, address: String
            let pubkey, owner, total, initial: String?
            let pubkeys: [String]?
            let required: UInt8?
            let start, end: UInt32?
        }
        let templates: [String: String]
        let rows: [Row]
    }
    struct Transactions: Decodable {
        struct Published: Decodable {
            let raw_hex, id_base64, principal, amount, destination, signature_hex: String
            let nonce, gas_price, max_gas: UInt64
            let method: UInt8
        }
        struct Made: Decodable {
            let raw_hex: String
            let id_hex: String
            let max_gas: UInt64
        }
        let published: [Published]
        let made_here: [Made]
    }
    struct Genesis: Decodable {
        struct Row: Decodable {
            let address, balance: String
        }
        let count: Int
        let sum: String
        let rows: [Row]
    }
    struct Constants: Decodable {
        let genesis_unix: UInt64
        let genesis_extra_data, genesis_id_hex: String
    }

    let constants: Constants
    let subsidy: Subsidy
    let vesting_library: Vesting
    let vault_vm: [Vault]
    let gas: Gas
    let reward_split: [Split]
    let scale_compact: [Compact]
    let addresses: Addresses
    let transactions: Transactions
    let genesis_accounts: Genesis

    static func read() throws -> EconomicsVectors {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../Vectors/ledger/economics.json")
        return try JSONDecoder().decode(EconomicsVectors.self, from: Data(contentsOf: file))
    }
}

@Suite("Economics")
struct EconomicsTests {
    private let vectors: EconomicsVectors

    init() throws {
        vectors = try EconomicsVectors.read()
    }

    @Test("subsidies and their sums")
    func subsidy() {
        for row in vectors.subsidy.rows {
            #expect("\(Issuance.subsidy(row.index))" == row.layer_subsidy, "index \(row.index)")
            #expect("\(Issuance.accumulated(row.index))" == row.accumulated, "index \(row.index)")
        }
    }

    @Test("after the last smidge nothing is minted, whatever the index")
    func end() {
        #expect(Issuance.subsidy(Issuance.lastIndex) == 1)
        for index in [Issuance.lastIndex + 1, 364_487_815, 364_487_816, .max] {
            #expect(Issuance.subsidy(index) == 0)
            #expect(Issuance.accumulated(index) == Issuance.subsidy - (index < 364_487_816 ? 1 : 0))
        }
    }

    @Test("vesting, as the library and as a vault count it")
    func vesting() {
        for row in vectors.vesting_library.rows {
            let before = row.layer == 0 ? 0 : Vesting.accumulated(layer: row.layer - 1)
            let now = Vesting.accumulated(layer: row.layer)
            #expect("\(now)" == row.accumulated && "\(now - before)" == row.this_layer, "layer \(row.layer)")
        }
        for row in vectors.vault_vm {
            let vested = UInt64(row.total).map {
                Vesting.vault(total: $0, start: row.start, end: row.end, layer: row.layer)
            }
            #expect(vested.map(String.init) == row.vested)
        }
    }

    @Test("gas")
    func gas() throws {
        for row in vectors.gas.rows {
            let words = row.tx.split(separator: " ")
            let shape = words.first { $0.contains("-of-") }?.components(separatedBy: "-of-").compactMap {
                Int($0)
            }
            let (required, keys) = (shape?[0] ?? 1, shape?[1] ?? 1)
            let gas =
                if row.tx.contains("self-spawn") {
                    Gas.selfSpawn(size: row.size, signatures: required, keys: keys)
                } else if row.tx.contains("drain") {
                    Gas.drain(size: row.size, signatures: required, keys: keys)
                } else {
                    Gas.spend(size: row.size, signatures: required, keys: keys)
                }
            #expect(gas == row.max_gas, "\(row.tx)")
        }
    }

    @Test("reward split")
    func split() throws {
        for row in vectors.reward_split {
            let weights = row.payouts.compactMap { payout -> RewardSplit.Weight? in
                let parts = payout.weight.split(separator: "/").compactMap { UInt64($0) }
                return parts.count == 2 ? RewardSplit.Weight(parts[0], parts[1]) : nil
            }
            let (subsidy, fees) = (try #require(UInt64(row.subsidy)), try #require(UInt64(row.fees)))
            let split = try #require(RewardSplit.split(subsidy: subsidy, fees: fees, weights: weights))
            #expect(split.payouts.map { "\($0.total)" } == row.payouts.map(\.total))
            #expect(split.payouts.map { "\($0.subsidy)" } == row.payouts.map(\.subsidy))
            #expect("\(split.burnt)" == row.burnt)
        }
    }

    @Test("a split of nothing, of no weight, or of weights beyond 128 bits is none")
    func noSplit() {
        #expect(RewardSplit.split(subsidy: 1, fees: 0, weights: []) == nil)
        #expect(RewardSplit.split(subsidy: 1, fees: 0, weights: [.init(0, 1)]) == nil)
        #expect(RewardSplit.split(subsidy: 1, fees: 0, weights: [.init(1, 0)]) == nil)
        #expect(RewardSplit.split(subsidy: .max, fees: 1, weights: [.init(1, 1)]) == nil)
        let large = [UInt64.max, .max - 1, .max - 2, .max - 4].map { RewardSplit.Weight(.max, $0) }
        #expect(RewardSplit.split(subsidy: 1, fees: 0, weights: large) == nil)
    }

    @Test("genesis id, and the 28 vault accounts")
    func genesis() {
        let constants = vectors.constants
        #expect(
            Hexadecimal.text(
                of: GenesisID.make(time: constants.genesis_unix, extraData: constants.genesis_extra_data))
                == constants.genesis_id_hex)
        let balances = vectors.genesis_accounts.rows.compactMap { UInt64($0.balance) }
        #expect(balances.count == 28 && balances.reduce(0, +) == Issuance.vaulted)
        for row in vectors.genesis_accounts.rows {
            #expect((try? Address(text: row.address, prefix: "sm"))?.text() == row.address)
        }
    }
}

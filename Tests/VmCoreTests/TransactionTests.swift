import Foundation
import NodeCrypto
import NodeDomain
import NodeEncoding
import Testing
import VmCore

@Suite("Transactions and addresses")
struct TransactionTests {
    private let vectors: EconomicsVectors

    init() throws {
        vectors = try EconomicsVectors.read()
    }

    private func bytes(_ hexadecimal: String) throws -> [UInt8] {
        try #require(Hexadecimal.bytes(of: hexadecimal))
    }

    @Test("compact integers")
    func compact() throws {
        for row in vectors.scale_compact {
            let value = try #require(UInt64(row.value))
            var writer = ScaleWriter()
            writer.writeCompact(value)
            #expect(Hexadecimal.text(of: writer.bytes) == row.hex)
            var reader = ScaleReader(writer.bytes)
            #expect(try reader.compact() == value)
        }
    }

    @Test("addresses of templates, and of accounts by template and arguments")
    func addresses() throws {
        for template in Template.allCases {
            #expect(Address(of: template).text() == vectors.addresses.templates[template.name])
            #expect(Address(of: template).template == template)
        }
        for row in vectors.addresses.rows {
            let keys = try (row.pubkeys ?? [row.pubkey].compactMap { $0 }).map {
                try #require(Bytes32(hexadecimal: $0))
            }
            let arguments: SpawnArguments
            switch row.kind {
            case "wallet": arguments = .wallet(key: keys[0])
            case "multisig":
                arguments = .multisig(try #require(MultisigKeys(required: row.required ?? 0, keys: keys)))
            case "vesting":
                arguments = .vesting(try #require(MultisigKeys(required: row.required ?? 0, keys: keys)))
            default:
                arguments = .vault(
                    VaultTerms(
                        owner: try Address(text: row.owner ?? ""),
                        total: try #require(UInt64(row.total ?? "")),
                        initial: try #require(UInt64(row.initial ?? "")), start: row.start ?? 0,
                        end: row.end ?? 0))
            }
            #expect(arguments.principal.text() == row.address)
        }
    }

    @Test("three transactions of the original's mainnet")
    func published() throws {
        for row in vectors.transactions.published {
            let transaction = try SignedTransaction(raw: bytes(row.raw_hex))
            #expect(transaction.body.principal.text() == row.principal)
            #expect(transaction.body.action.method == row.method)
            #expect(transaction.body.nonce == row.nonce && transaction.body.gasPrice == row.gas_price)
            #expect(
                transaction.body.action
                    == .spend(
                        to: try Address(text: row.destination), amount: try #require(UInt64(row.amount))))
            #expect(transaction.signatures == .one(try bytes(row.signature_hex)))
            #expect(Data(transaction.id.bytes).base64EncodedString() == row.id_base64)
            #expect(transaction.gas(for: Signers(wallet: .zero)).most == row.max_gas)
            #expect(SignedTransaction(transaction.body, transaction.signatures) == transaction)
        }
    }

    @Test("transactions made of a known seed, byte for byte")
    func made() throws {
        let seed = try #require(Bytes32((0..<32).map { UInt8($0) }))
        let key = try #require(Ed25519.publicKey(seed: seed))
        let genesis = try bytes(vectors.constants.genesis_id_hex)
        for row in vectors.transactions.made_here {
            let transaction = try SignedTransaction(raw: bytes(row.raw_hex))
            #expect("\(transaction.id)" == row.id_hex)
            #expect(transaction.gas(for: Signers(wallet: .zero)).most == row.max_gas)
            #expect(transaction.isSigned(by: Signers(wallet: key), genesis: genesis))
            #expect(
                !transaction.isSigned(by: Signers(wallet: key), genesis: [UInt8](repeating: 0, count: 20)))
            #expect(!transaction.isSigned(by: Signers(wallet: seed), genesis: genesis))
            let signature = try #require(Ed25519.sign(genesis + transaction.body.scale, seed: seed))
            #expect(SignedTransaction(transaction.body, .one(signature)).raw == transaction.raw)
        }
        let spawn = try SignedTransaction(raw: bytes(vectors.transactions.made_here[0].raw_hex))
        #expect(spawn.isSelfSpawn && spawn.body.action == .spawn(.wallet(key: key)))
    }

    @Test("an account of several keys: as many signatures as it needs, keys rising")
    func several() throws {
        let seeds = try (1...3).map { try #require(Bytes32([UInt8](repeating: $0, count: 32))) }
        let keys = try seeds.map { try #require(Ed25519.publicKey(seed: $0)) }
        let arguments = SpawnArguments.multisig(try #require(MultisigKeys(required: 2, keys: keys)))
        let body = TransactionBody(
            principal: arguments.principal, action: .spawn(arguments), nonce: 0, gasPrice: 1)
        let genesis = [UInt8](repeating: 7, count: 20)
        func part(_ key: Int) throws -> KeySignature {
            KeySignature(
                key: UInt8(key), signature: try #require(Ed25519.sign(genesis + body.scale, seed: seeds[key]))
            )
        }
        let good = SignedTransaction(body, .several([try part(0), try part(2)]))
        #expect(try SignedTransaction(raw: good.raw) == good)
        func signers(_ required: UInt8, _ keys: [Bytes32]) throws -> Signers {
            Signers(try #require(MultisigKeys(required: required, keys: keys)))
        }
        #expect(good.raw.count == 280)
        #expect(try good.gas(for: signers(2, keys)).most == 145_480)
        #expect(good.isSigned(by: try signers(2, keys), genesis: genesis))
        #expect(!good.isSigned(by: try signers(3, keys), genesis: genesis))
        #expect(!good.isSigned(by: try signers(2, keys.reversed()), genesis: genesis))
        let falling = SignedTransaction(body, .several([try part(2), try part(0)]))
        #expect(throws: TransactionFault.order) { try SignedTransaction(raw: falling.raw) }
        let twice = SignedTransaction(body, .several([try part(1), try part(1)]))
        #expect(throws: TransactionFault.order) { try SignedTransaction(raw: twice.raw) }
    }

    @Test(
        "one transaction has one form: a wallet's signature stands alone, that of one key among several has a place"
    )
    func oneForm() throws {
        let seed = try #require(Bytes32([UInt8](repeating: 1, count: 32)))
        let key = try #require(Ed25519.publicKey(seed: seed))
        let genesis = [UInt8](repeating: 7, count: 20)
        let body = TransactionBody(
            principal: Address(of: .wallet), action: .spend(to: Address(of: .vault), amount: 1), nonce: 1,
            gasPrice: 1)
        let signature = try #require(Ed25519.sign(genesis + body.scale, seed: seed))
        let alone = SignedTransaction(body, .one(signature))
        let placed = SignedTransaction(body, .several([KeySignature(key: 0, signature: signature)]))
        let wallet = Signers(wallet: key)
        let multisig = Signers(try #require(MultisigKeys(required: 1, keys: [key])))
        #expect(
            alone.isSigned(by: wallet, genesis: genesis) && placed.isSigned(by: multisig, genesis: genesis))
        #expect(!placed.isSigned(by: wallet, genesis: genesis))
        #expect(!alone.isSigned(by: multisig, genesis: genesis))
    }

    @Test("every prefix and every longer form of a transaction is refused, and one for the right reason each")
    func malformed() throws {
        let raw = try bytes(vectors.transactions.made_here[0].raw_hex)
        for count in 0..<raw.count {
            #expect(throws: TransactionFault.self) { try SignedTransaction(raw: Array(raw[..<count])) }
        }
        #expect(throws: TransactionFault.signatures(65 + 64)) {
            try SignedTransaction(raw: raw + [UInt8](repeating: 1, count: 65))
        }
        func refused(_ change: (inout [UInt8]) -> Void) -> TransactionFault? {
            var bytes = raw
            change(&bytes)
            do {
                _ = try SignedTransaction(raw: bytes)
                return nil
            } catch { return error }
        }
        #expect(refused { $0[0] = 4 } == .version(1))
        #expect(refused { $0[25] = 4 } == .method(1))
        #expect(refused { $0[49] = 9 }.map { "\($0)".contains("no template") } == true)
        #expect(refused { $0.replaceSubrange(0..<1, with: [1, 0]) } == .bytes(.notMinimal(offset: 0)))
        #expect(refused { $0 += [UInt8](repeating: 0, count: 1024) } == .tooLarge(raw.count + 1024))
    }

    @Test("texts that are no addresses, each with its reason")
    func addressFaults() {
        let good = Address(of: .wallet).text()
        func fault(_ text: String, _ prefix: String? = nil) -> AddressFault? {
            do {
                _ = try Address(text: text, prefix: prefix)
                return nil
            } catch { return error }
        }
        #expect(fault(good) == nil && fault(good.uppercased()) == nil)
        #expect(fault(good, "stest") == .prefix("sm", wanted: "stest"))
        #expect(fault(String(good.dropLast())) == .text(.checksum))
        #expect(fault("S" + good.dropFirst()) == .text(.mixedCase))
        #expect(fault("sm1b" + good.dropFirst(4)) == .text(.digit("b")))
        #expect(fault("qqq") == .text(.noPrefix) && fault("") == .text(.noPrefix))
        #expect(fault(String(repeating: "q", count: 91)) == .text(.tooLong))
        #expect(fault(Bech32.text(of: [1, 2, 3], prefix: "sm")) == .length(3))
        #expect(fault(Bech32.text(of: [UInt8](repeating: 1, count: 24), prefix: "sm")) == .zeros)
    }
}

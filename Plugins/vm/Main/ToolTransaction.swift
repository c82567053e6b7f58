internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import NodeEncoding
internal import VmCore

/// Transactions.
struct ToolTransaction: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tx", abstract: "Look into transactions.", subcommands: [ToolDecode.self])
}

/// What a transaction says.
struct ToolDecode: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Show what a transaction says, and whether it is signed.",
        discussion: """
            The account's keys are in the transaction only when it spawns the account itself. For others give --key, in the
            account's order, and --required. Exit status 1: it is no transaction, or its signature is wrong.
            """)

    @Argument(help: "The transaction, in hexadecimal digits or base 64.") var text: String
    @Option(help: "The network's genesis id, 40 hexadecimal digits: for the signature.") var genesisId:
        String?
    @Option(help: "Public key of the account, 64 hexadecimal digits; may be repeated.") var key: [Bytes32] =
        []
    @Option(help: "How many keys must sign.") var required: Int?
    @Option(help: "What stands before the 1 of addresses.") var hrp = "sm"
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        guard let raw = Hexadecimal.bytes(of: text) ?? Data(base64Encoded: text).map(Array.init) else {
            throw CommandFault("this is neither hexadecimal digits nor base 64")
        }
        let transaction: SignedTransaction
        do {
            transaction = try SignedTransaction(raw: raw)
        } catch {
            FileHandle.standardError.write(Data("this is no transaction: \(error)\n".utf8))
            throw ExitCode(1)
        }
        let view = TransactionView(transaction, try signers(transaction), try genesis(), hrp: hrp)
        if json { try printJSON(view) } else { view.print() }
        if view.signature == "invalid" { throw ExitCode(1) }
    }

    private func genesis() throws -> [UInt8]? {
        guard let genesisId else { return nil }
        guard let bytes = Hexadecimal.bytes(of: genesisId), bytes.count == GenesisID.count else {
            throw CommandFault("--genesis-id: 40 hexadecimal digits are needed")
        }
        return bytes
    }

    /// Whose keys they are, as far as transaction and options tell.
    private func signers(_ transaction: SignedTransaction) throws -> Signers? {
        guard !key.isEmpty else {
            guard transaction.isSelfSpawn, case .spawn(let arguments) = transaction.body.action else {
                return nil
            }
            return arguments.signers
        }
        if key.count == 1, case .one = transaction.signatures { return Signers(wallet: key[0]) }
        let required = required ?? (key.count == 1 ? 1 : nil)
        guard let required = required.flatMap(UInt8.init(exactly:)),
            let keys = MultisigKeys(required: required, keys: key)
        else {
            throw CommandFault(
                "--required: how many of the \(key.count) keys must sign? An account has \(MultisigKeys.most) at most"
            )
        }
        return Signers(keys)
    }
}

/// A transaction for people and programs; what is not known is null, and said to be unknown.
struct TransactionView: Encodable {
    let id, action, principal, signature: String
    let method: UInt8
    let template: String?
    let nonce, gasPrice: UInt64
    let maxGas: UInt64?
    /// Smidge as text, so that no reader rounds them.
    let amount: String?
    let destination, vault: String?
    let size: Int

    private enum CodingKeys: String, CodingKey {
        case id, action, method, principal, signature, template, nonce, amount, destination, vault, size
        case gasPrice = "gas_price"
        case maxGas = "max_gas"
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(action, forKey: .action)
        try fields.encode(method, forKey: .method)
        try fields.encode(principal, forKey: .principal)
        // Null: it is not known.
        try fields.encode(template, forKey: .template)
        try fields.encode(maxGas, forKey: .maxGas)
        try fields.encode(nonce, forKey: .nonce)
        try fields.encode(gasPrice, forKey: .gasPrice)
        try fields.encodeIfPresent(amount, forKey: .amount)
        try fields.encodeIfPresent(destination, forKey: .destination)
        try fields.encodeIfPresent(vault, forKey: .vault)
        try fields.encode(size, forKey: .size)
        try fields.encode(signature, forKey: .signature)
    }

    init(_ transaction: SignedTransaction, _ signers: Signers?, _ genesis: [UInt8]?, hrp: String) {
        let body = transaction.body
        id = transaction.id.description
        action = body.action.name
        method = body.action.method
        principal = body.principal.text(prefix: hrp)
        nonce = body.nonce
        gasPrice = body.gasPrice
        size = transaction.raw.count
        let isOfOneKey = if case .one = transaction.signatures { true } else { false }
        switch body.action {
        case .spawn(let arguments):
            (template, amount, destination, vault) = (arguments.template.name, nil, nil, nil)
        case .spend(let to, let value):
            // Only a wallet has a single signature.
            template = isOfOneKey ? Template.wallet.name : nil
            (amount, destination, vault) = ("\(value)", to.text(prefix: hrp), nil)
        case .drain(let from, let to, let value):
            template = Template.vesting.name
            (amount, destination, vault) = ("\(value)", to.text(prefix: hrp), from.text(prefix: hrp))
        }
        // A wallet's key is not needed to tell what it costs.
        maxGas = (signers ?? (isOfOneKey ? Signers(wallet: .zero) : nil)).map {
            transaction.gas(for: $0).most
        }
        if let signers, let genesis {
            signature = transaction.isSigned(by: signers, genesis: genesis) ? "valid" : "invalid"
        } else {
            signature = "not checked: " + (genesis == nil ? "give --genesis-id" : "give the account's --key")
        }
    }

    func print() {
        let unknown = "not known: it depends on the account"
        let rows: [(String, String?)] = [
            ("id", id), ("method", "\(method) (\(action))"), ("template", template ?? unknown),
            ("principal", principal),
            ("vault", vault), ("destination", destination), ("amount", amount.map { "\($0) smidge" }),
            ("nonce", "\(nonce)"),
            ("gas price", "\(gasPrice) smidge"), ("max gas", maxGas.map(String.init) ?? unknown),
            ("size", "\(size) bytes"),
            ("signature", signature),
        ]
        for case (let name, let value?) in rows {
            write(name + String(repeating: " ", count: 13 - name.count) + value + "\n")
        }
    }
}

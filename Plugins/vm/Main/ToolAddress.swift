internal import ArgumentParser
internal import NodeCommand
internal import NodeDomain
internal import NodeEncoding
internal import VmCore

extension Bytes32: ExpressibleByArgument {
    /// Sixty-four hexadecimal digits.
    package init?(argument: String) {
        self.init(hexadecimal: argument)
    }
}

extension Template: ExpressibleByArgument {
    /// Its name.
    package init?(argument: String) {
        self.init(name: argument)
    }

    /// The names that there are.
    package static var allValueStrings: [String] { allCases.map(\.name) }
}

/// Addresses.
struct ToolAddress: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "address", abstract: "Compute and check addresses.",
        subcommands: [ToolDerive.self, ToolCheck.self])
}

/// The address that a template and its arguments make.
struct ToolDerive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "derive", abstract: "Compute the address of an account.",
        discussion:
            "The order of keys counts, and so does how many must sign: another order is another account.")

    @Option(help: "Kind of account.") var template: Template
    @Option(help: "Public key, 64 hexadecimal digits; repeat it for multisig and vesting.") var key:
        [Bytes32] = []
    @Option(help: "multisig, vesting: how many keys must sign.") var required: UInt8 = 1
    @Option(help: "vault: who may draw.") var owner: String?
    @Option(help: "vault: smidge that are vaulted.") var total: UInt64?
    @Option(help: "vault: a number that is part of the address; a quarter of the total at genesis.")
    var initial: UInt64?
    @Option(help: "vault: layer from which on they come free.") var start = UInt32(Vesting.start)
    @Option(help: "vault: layer at which all are free.") var end = UInt32(Vesting.end)
    @Option(help: "What stands before the 1: sm on mainnet, stest on test networks.") var hrp = "sm"
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let address = try arguments().principal.text(prefix: hrp)
        if json {
            try printJSON(["address": address, "template": template.name])
        } else {
            write(address + "\n")
        }
    }

    private func arguments() throws -> SpawnArguments {
        switch template {
        case .wallet:
            guard key.count == 1 else {
                throw CommandFault("a wallet has one key: give --key once")
            }
            return .wallet(key: key[0])
        case .multisig: return .multisig(try keys())
        case .vesting: return .vesting(try keys())
        case .vault:
            guard let owner, let total else {
                throw CommandFault("a vault needs --owner ADDRESS and --total SMIDGE")
            }
            return .vault(try terms(owner: owner, total: total))
        }
    }

    private func terms(owner: String, total: UInt64) throws -> VaultTerms {
        let address: Address
        do {
            address = try Address(text: owner, prefix: hrp)
        } catch {
            throw CommandFault("--owner \(owner): \(error)")
        }
        let terms = VaultTerms(
            owner: address, total: total, initial: initial ?? total / 4, start: start, end: end)
        guard terms.isPossible else {
            throw CommandFault(
                terms.initial > total
                    ? "--initial \(terms.initial) is over --total \(total): nobody could spawn this vault, give at most the total"
                    : "--end \(end) is before --start \(start): nobody could spawn this vault, give an end at \(start) or later"
            )
        }
        return terms
    }

    private func keys() throws -> MultisigKeys {
        guard let keys = MultisigKeys(required: required, keys: key) else {
            throw CommandFault(
                "\(key.count) keys of which \(required) must sign: 1 to \(MultisigKeys.most) keys, and not more than there are"
            )
        }
        return keys
    }
}

/// Whether a text is an address.
struct ToolCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Say whether a text is an address; 1 if it is not, with the reason.")

    @Argument(help: "The text.") var address: String
    @Option(help: "Of which network: sm, stest; any if it is left out.") var hrp: String?

    func run() throws {
        do {
            let address = try Address(text: address, prefix: hrp)
            write("a good address, \(Hexadecimal.text(of: address.bytes)) in hexadecimal digits\n")
        } catch {
            write("\(error)\n")
            throw ExitCode(1)
        }
    }
}

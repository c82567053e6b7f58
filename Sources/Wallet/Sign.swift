internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeWallet

/// `wallet sign`.
struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a transaction, and print its bytes in hexadecimal digits.",
        discussion: """
            Without --to the account spawns itself, which it must do once before it can send. `spacenode tx decode` shows what was
            signed.
            """)

    @OptionGroup var options: WalletOptions
    @Option(help: "Which account, from 0.") var index: UInt32 = 0
    @Option(help: "The network's genesis id, 40 hexadecimal digits.") var genesisId: String
    @Option(help: "The account's next nonce.") var nonce: UInt64
    @Option(help: "Smidge for one gas.") var gasPrice: UInt64 = 1
    @Option(help: "Who receives.") var to: String?
    @Option(help: "Smidge to send; 1 SMH is 1000000000.") var amount: UInt64?
    @Option(help: "What stands before the 1 of addresses.") var hrp = "sm"
    @Flag(help: "Print JSON.") var json = false

    /// What was signed.
    private struct Signed: Encodable {
        let id, principal, raw: String
    }

    func run() throws {
        guard let genesis = Hexadecimal.bytes(of: genesisId), genesis.count == 20 else {
            throw CommandFault("--genesis-id: 40 hexadecimal digits are needed")
        }
        guard gasPrice > 0 else {
            throw CommandFault("--gas-price 0: such a transaction has no effect; 1 or more")
        }
        let destination = try destination()
        let seed = try options.open(try options.read()).seed()
        guard let secret = AccountKey.secret(seed: seed, account: index),
            let key = Ed25519.publicKey(seed: secret)
        else { throw CommandFault("\(WalletFault.index(index))") }
        let account = WalletAccount(key: key)
        let body =
            destination.map { account.spend(to: $0.0, amount: $0.1, nonce: nonce, gasPrice: gasPrice) }
            ?? account.spawn(nonce: nonce, gasPrice: gasPrice)
        guard let signed = account.sign(body, secret: secret, genesis: genesis) else {
            throw CommandFault("the transaction could not be signed")
        }
        let raw = Hexadecimal.text(of: signed.raw)
        guard json else { return print(raw) }
        try printJSON(
            Signed(
                id: BLAKE3.hash(signed.raw).description, principal: account.address.text(prefix: hrp),
                raw: raw))
    }

    private func destination() throws -> (Address, UInt64)? {
        switch (to, amount) {
        case (nil, nil): return nil
        case (let to?, let amount?):
            do {
                return (try Address(text: to, prefix: hrp), amount)
            } catch {
                throw CommandFault("--to \(to): \(error)")
            }
        default:
            throw CommandFault("--to and --amount belong together: give both, or none to spawn")
        }
    }
}

internal import ArgumentParser
internal import CLinux
internal import Foundation
internal import Glibc
internal import NodeCommand

/// `spacenode wallet`: keys of accounts; only `send` needs a node.
@main
struct Wallet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-wallet",
        abstract: "Accounts of your own: words, addresses, signed transactions. All but send works offline.",
        discussion: """
            The words alone restore everything: write them on paper. The file holds them under a password.
            Exit status: 0 ok, 1 a transaction was not applied, 2 error.
            """,
        subcommands: [New.self, Restore.self, List.self, AddressOf.self, Sign.self, Send.self])

    static func main() async {
        // What is secret here must be in no core file, and no other process may look into this one.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = linux_forbid_dumps()
        await runToEnd(name: "wallet")
    }
}

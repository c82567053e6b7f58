internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration

/// `spacenode machine`: keys, and who may connect.
struct Machine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "Keys of machines, and who may connect over the network.",
        subcommands: [Key.self, Allow.self, List.self, Revoke.self])

    /// Command `machine key`.
    struct Key: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show this machine's public key; make the key when there is none.")
        @OptionGroup var common: CommonOptions

        func run() throws {
            let paths = try common.paths()
            let key = try load(paths.machineKey)
            let router = FileManager.default.contents(atPath: paths.routerPublicKey)
                .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
            if common.json {
                return try printJSON(["machine": key.publicKey, "router": router, "file": paths.machineKey])
            }
            print("machine  \(key.publicKey)")
            print("router   \(router ?? "none yet: spacenode router --tcp HOST:PORT makes it")")
            print(
                "\non the router's machine:  spacenode machine allow NAME --role ROLE --key='\(key.publicKey)'"
            )
            if let router { print("on other machines:        --server-key='\(router)'") }
        }

        private func load(_ file: String) throws -> MachineKey {
            if let data = FileManager.default.contents(atPath: file) {
                return try MachineKey(
                    secretKey: String(decoding: data, as: UTF8.self).trimmingCharacters(
                        in: .whitespacesAndNewlines))
            }
            let key = try MachineKey()
            try writeFile(file, Data("\(key.secretKey)\n".utf8))
            return key
        }
    }

    /// Command `machine allow`.
    struct Allow: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Let a machine connect over the network, in one role; a running router follows within a second."
        )
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.") var name: String
        @Option(help: "Role, such as post-worker.") var role: String
        // A key may begin with `-`.
        @Option(parsing: .unconditional, help: "Its public key, as spacenode machine key shows it there.")
        var key: String

        func validate() throws {
            guard MachineKey.isPublicKey(key) else {
                throw ValidationError(
                    "--key must be the 40 characters that `spacenode machine key` shows on \(name)")
            }
            guard name.wholeMatch(of: /[a-z0-9.-]{1,48}/) != nil else {
                throw ValidationError("name \(name): 1 to 48 of a-z, 0-9, '.', '-'")
            }
            // The router lets nobody in whose role it does not know.
            let known = try roles()
            guard known.contains(role) else {
                let hint = nearest(role, among: known).map { "did you mean \($0)? " } ?? ""
                throw ValidationError(
                    "--role \(role) is not known: \(hint)One of \(known.joined(separator: ", ")), or name it in router.yaml"
                )
            }
        }

        private func roles() throws -> [String] {
            let own = try RouterFile.read(try common.paths().routerFile).roles.map(\.name)
            let builtIn = (2..<32).map { BusRole(rawValue: $0).name }.filter { BusRole(name: $0) != nil }
            return builtIn + own
        }

        func run() throws {
            try MachineFile.change(try common.paths().machineFile) {
                try $0.allow(MachineEntry(name: name, role: role, key: key))
            }
            if common.json { return try printJSON(["name": name, "role": role, "key": key]) }
            print("\(name) may connect as \(role)")
        }
    }

    /// Command `machine list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Machines that may connect.")
        @OptionGroup var common: CommonOptions

        func run() throws {
            let machines = try MachineFile(path: try common.paths().machineFile).machines
            if common.json {
                return try printJSON(machines.map { ["name": $0.name, "role": $0.role, "key": $0.key] })
            }
            if machines.isEmpty {
                return print("no machine is listed: spacenode machine allow NAME --role ROLE --key KEY")
            }
            printTable(["MACHINE", "ROLE", "KEY"], machines.map { [$0.name, $0.role, $0.key] })
        }
    }

    /// Command `machine revoke`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a machine off the list; its session ends within a second.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the machine.") var name: String

        func run() throws {
            guard try MachineFile.change(try common.paths().machineFile, { try $0.revoke(name) }) else {
                throw ValidationError("no machine is called \(name): spacenode machine list shows them")
            }
            if common.json { return try printJSON(["revoked": name]) }
            print("\(name) may not connect any more")
        }
    }
}

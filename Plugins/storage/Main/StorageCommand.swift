internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeProtocol
internal import StorageCore

/// `spacenode-storage`: the plugin, and tools for when it does not run.
@main
struct StorageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-storage", abstract: "Keeps the node's data in one database.",
        subcommands: [Serve.self, StatsQuery.self, CheckpointQuery.self, Tool.self],
        defaultSubcommand: Serve.self)

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch {
            // Help is no error; everything else is 2, as the exit status of every command.
            if exitCode(for: error).isSuccess { exit(withError: error) }
            let text = fullMessage(for: error)
            FileHandle.standardError.write(
                Data("spacenode-storage: \(text.isEmpty ? "\(error)" : text)\n".utf8))
            Foundation.exit(2)
        }
    }

    /// The plugin itself.
    struct Serve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Serves the node (the default).")

        @OptionGroup var place: StoragePlace
        @OptionGroup var bus: BusArguments

        func run() async throws {
            let place = place
            await PluginMain.run("storage") { logger in
                let options = try BusOptions.fromCommandLine(
                    role: .storage, name: "storage-1", provides: [StorageContract.contract])
                return try StoragePlugin(options, try place.settings(), logger: logger)
            }
        }
    }

    /// What works on a database that no storage has open.
    struct Tool: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Works on a database while storage does not run.", subcommands: [Recover.self])
    }

    /// `tool recover`.
    struct Recover: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Opens a database whose log is damaged, giving up what cannot be read.",
            discussion: """
                What was acknowledged as durable after the damage is lost: copy the directory first, and let the node \
                catch up afterwards. Does nothing to a database that is whole.
                """)
        @OptionGroup var place: StoragePlace
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let settings = try place.settings()
            guard FileManager.default.fileExists(atPath: "\(settings.directory.database)/CURRENT") else {
                throw StorageFailure(.other, "there is no database in \(settings.directory.database)")
            }
            let lock = try DirectoryLock(settings.directory)
            let file = try MarkFile(settings.directory)
            let mark = file.read()
            let opened = try Recovery(settings: settings, mark: mark, acceptsLoss: true).open()
            let reached = opened.database.sequence
            file.write(DurableMark(sequence: reached))
            withExtendedLifetime(lock) {}
            let known = mark?.sequence ?? reached
            let lost = known > reached ? known - reached : 0
            if json {
                print("{\"sequence\":\(reached),\"durable\":\(known),\"lost\":\(lost)}")
            } else {
                print("opens now, up to operation \(reached); operations known to be lost: \(lost)")
            }
        }
    }
}

/// Where storage's data and configuration are.
struct StoragePlace: ParsableArguments {
    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Configuration file (default: DATA/config/storage.yaml).") var config: String?

    func settings() throws -> StorageSettings {
        // The run directory is the router's matter; the paths need a short one only.
        let paths = try NodePaths(data: data, run: "/run")
        return StorageSettings(try StorageFile.read(config ?? paths.storageFile), paths: paths)
    }
}

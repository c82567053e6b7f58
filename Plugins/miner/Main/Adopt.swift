internal import ArgumentParser
internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import NodeOperator
internal import NodeProtocol

/// `spacenode post adopt DIR`.
struct Adopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Mine a plot of the original software as it is.",
        discussion: """
            Reads postdata_metadata.json and the key file, gives the key to this node's signer, offers the directory to its worker and \
            the plot to its miner. Nothing is written into the directory. End the original node first: two that prove one plot are \
            no gain. Exit status: 0 adopted, 1 it was adopted before, 2 error.
            """)

    @OptionGroup var place: OperatorPlace
    @Argument(help: "Directory with postdata_metadata.json and the files of the plot.") var directory: String
    @Option(help: "The key file (default: the only *.key of the directory, or of identities/ beside it).")
    var key: String?
    @Option(help: "Where its rewards go (default: miner.yaml's).") var coinbase: String?

    /// What the original writes beside the labels.
    private struct Metadata: Decodable {
        let NodeId, CommitmentAtxId: Data
        let LabelsPerUnit: UInt64
        let NumUnits: UInt32
        let MaxFileSize: UInt64
    }

    private struct Row: Encodable {
        let identity, directory: String
        let units: UInt32
        let known: Bool
    }

    func run() async throws {
        let folder = URL(fileURLWithPath: directory).standardizedFileURL.path
        let metadata = try read("\(folder)/postdata_metadata.json")
        guard let identity = Bytes32(metadata.NodeId), let atx = Bytes32(metadata.CommitmentAtxId) else {
            throw CommandFault(
                "\(folder)/postdata_metadata.json names no identity and commitment of 32 bytes")
        }
        let status = try await place.ask(MinerContract.status, Spacenode_Miner_V1_StatusRequest())
        guard !status.network.isEmpty else {
            throw CommandFault(status.trouble.first ?? "the miner has not begun yet: try again in a moment")
        }
        try await check(metadata, folder)
        let coinbase = try coinbase.map { text in
            do { return try Address(text: text, prefix: status.hrp) } catch {
                throw CommandFault("--coinbase \(text): \(error)")
            }
        }
        try importKey(try keyFile(folder), identity)
        var request = Spacenode_Post_V1_AddDirectoryRequest()
        request.path = folder
        let offers = try await place.ask(PostContract.addDirectory, request)
        try check(offers, folder)
        var add = Spacenode_Miner_V1_AddRequest()
        add.directory = folder
        add.identity = Data(identity.bytes)
        add.commitmentAtx = Data(atx.bytes)
        add.units = metadata.NumUnits
        add.maxFileSize = metadata.MaxFileSize
        add.coinbase = Data(coinbase?.bytes ?? [])
        let known = try await place.ask(MinerContract.add, add).known
        if place.json {
            try printJSON(
                Row(identity: "\(identity)", directory: folder, units: metadata.NumUnits, known: known))
        } else {
            say(
                "\(folder) \(known ? "was adopted before" : "is adopted"): \(metadata.NumUnits) units of \(identity)"
            )
        }
        if known { throw ExitCode(1) }
    }

    private func read(_ path: String) throws -> Metadata {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFault("\(path) cannot be read: give the directory with the plot's files")
        }
        guard let metadata = try? JSONDecoder().decode(Metadata.self, from: data) else {
            throw CommandFault("\(path) is not what the original writes: restore it from a backup")
        }
        return metadata
    }

    private func keyFile(_ folder: String) throws -> String {
        if let key { return key }
        for place in [
            folder, "\(folder)/identities", "\((folder as NSString).deletingLastPathComponent)/identities",
        ] {
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).filter {
                $0.hasSuffix(".key")
            }
            if names.count == 1 { return "\(place)/\(names[0])" }
            if names.count > 1 {
                throw CommandFault("\(place) has \(names.count) keys: say which with --key FILE")
            }
        }
        throw CommandFault("there is no key file in \(folder): name it with --key FILE")
    }

    /// Has the signer's own tool take the key: it never crosses the bus.
    private func importKey(_ file: String, _ identity: Bytes32) throws {
        let paths = try place.paths()
        let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("spacenode-signer").path
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw CommandFault("\(program) is not there: install spacenode-signer beside this program")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "tool", "init", "--identities", "0", "--identity-file", file, "--json", "--data", paths.data,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CommandFault("the signer does not take the key of \(file): see above")
        }
        guard String(decoding: output, as: UTF8.self).contains("\(identity)") else {
            throw CommandFault(
                "\(file) is the key of another plot than this, \(identity): name the right one with --key")
        }
    }

    /// Whether the network takes such a plot, and whether all of it is there.
    private func check(_ metadata: Metadata, _ folder: String) async throws {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = "network"
        let text = try await place.ask(VmContract.query, request).value
        let network = try NetworkFile.parse(String(decoding: text, as: UTF8.self), file: "network")
        let (own, range) = (network.parameters.labelsPerUnit, network.parameters.units)
        guard metadata.LabelsPerUnit == own else {
            throw CommandFault(
                "the plot has \(metadata.LabelsPerUnit) labels a unit, \(network.name) has \(own): it is another network's"
            )
        }
        guard range.contains(metadata.NumUnits) else {
            throw CommandFault(
                "the plot has \(metadata.NumUnits) units, \(network.name) takes \(range.lowerBound) to \(range.upperBound)"
            )
        }
        let plan = FleetPlan(
            identity: .zero, commitmentATX: .zero, units: metadata.NumUnits, labelsPerUnit: own,
            scryptN: network.plots.scryptN, maxFileSize: metadata.MaxFileSize, segments: [])
        guard (1...FleetPlan.mostFiles).contains(plan.files) else {
            throw CommandFault("the plot would have \(plan.files) files: its metadata is damaged")
        }
        for file in 0..<plan.files {
            let path = "\(folder)/postdata_\(file).bin"
            let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? UInt64
            let wanted = UInt64(plan.labels(of: file..<file + 1).count) * FleetPlan.labelBytes
            guard size == wanted else {
                let has = size.map { "has \($0) bytes" } ?? "is not there"
                throw CommandFault(
                    "\(path) \(has), the whole file has \(wanted): finish the plot with the software that began it, or `spacenode post init`"
                )
            }
        }
    }

    /// What the worker found in it.
    private func check(_ offers: Spacenode_Post_V1_OffersReply, _ folder: String) throws {
        guard let found = offers.segments.first(where: { $0.directory == folder }) else {
            throw CommandFault("the worker finds no plot in \(folder): see `spacenode post check`")
        }
        guard found.fault.isEmpty else { throw CommandFault(found.fault) }
    }
}

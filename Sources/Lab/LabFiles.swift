internal import Foundation
internal import LabCore
internal import NodeCommand
internal import NodeConfiguration
internal import SupervisorProcess

/// Makes a lab's keys, its genesis, and its nodes' files.
enum LabFiles {
    /// Seconds from the making of a network to its first block, beside those for each node's start.
    private static let lead = 5.0
    private static let leadOfNode = 1.0

    /// Makes what is missing.
    static func make(_ plan: LabPlan) throws {
        let keys = try keys(plan)
        if !FileManager.default.fileExists(atPath: plan.networkFile) {
            try writeText(plan.networkFile, try network(plan, keys))
        }
        for node in plan.nodes {
            let folder = "\(node.folder)/config"
            try makeFolder(folder)
            try writeText("\(folder)/vm.yaml", plan.vmText)
            try writeText("\(folder)/p2p.yaml", plan.p2pText(node, keys: keys))
            try writeText("\(folder)/node.yaml", plan.nodeText(known: NodeProcess.all.map(\.name)))
        }
    }

    /// Makes a folder with those above it, for nobody else to read.
    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFault("\(path) cannot be made: \(error): give another folder with --dir")
        }
    }

    private static func network(_ plan: LabPlan, _ keys: [NodeKeys]) throws -> String {
        let base = try NetworkFile.read(plan.setup.network).text
        let moment = Date() + lead + leadOfNode * Double(plan.nodes.count)
        let text = try plan.networkText(
            base: base, keys: keys, genesis: ISO8601DateFormatter().string(from: moment))
        // What was changed must still be a network.
        _ = try NetworkFile.parse(text, file: plan.networkFile)
        return text
    }

    // MARK: - Keys

    private struct SignerKeys: Decodable {
        let `operator`: String
        let vrf: String
    }

    private struct PeerKey: Decodable {
        let peer: String
    }

    /// Keys of all nodes, made where there are none: by the programs whose they are, so that no secret comes here.
    private static func keys(_ plan: LabPlan) throws -> [NodeKeys] {
        let signer = try program("spacenode-signer")
        let network = try program("spacenode-p2p")
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let new = plan.nodes.filter { !FileManager.default.fileExists(atPath: "\($0.folder)/signer/keys") }
        for node in plan.nodes { try makeFolder(node.folder) }
        try run(new, signer, ["tool", "init"], cores).forEach { try $0.check() }
        let signers = try run(plan.nodes, signer, ["tool", "keys", "--json"], cores)
        let peers = try run(plan.nodes, network, ["tool", "peer-id", "--json"], cores)
        return try zip(signers, peers).map { signer, peer in
            try signer.check()
            try peer.check()
            let keys = try decode(SignerKeys.self, signer)
            return NodeKeys(
                consensus: keys.operator, vrf: keys.vrf, peer: try decode(PeerKey.self, peer).peer)
        }
    }

    private static func program(_ name: String) throws -> String {
        guard let path = Programs.find(name, below: "/") else {
            throw CommandFault("\(name) is neither beside spacenode-lab nor on the PATH: build or install it")
        }
        return path
    }

    private static func run(
        _ nodes: [PlannedNode], _ program: String, _ words: [String], _ atOnce: Int
    ) throws -> [JobOutcome] {
        let jobs = nodes.map { node in
            Job(
                name: "\(node.name): \(words.joined(separator: " "))", program: program,
                words: words + ["--data", node.folder])
        }
        return try Jobs.run(jobs, atOnce: atOnce, seconds: 60)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ outcome: JobOutcome) throws -> Value {
        do { return try JSONDecoder().decode(type, from: Data(outcome.output.utf8)) } catch {
            throw CommandFault(
                "\(outcome.name) says what cannot be read (\(outcome.output)): build all programs from one version"
            )
        }
    }
}

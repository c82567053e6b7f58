internal import Foundation

/// A file of `DATA/config`: what stands in it when nobody has changed it, and what is wrong with it.
struct ConfigurationFile: Sendable {
    let name: String
    /// The text it begins with, the repository's `config/`; nil: it is made when it is needed.
    let initialText: String?
    private let check: @Sendable (_ text: String, _ path: String, _ roles: [String]) throws -> Void

    /// All files that the node reads.
    static let all = [
        ConfigurationFile(name: "node.yaml", initialText: text(PackageResources.node_yaml)) {
            _ = try NodeFile.parse($0, file: $1, roles: $2)
        },
        ConfigurationFile(name: "router.yaml", initialText: text(PackageResources.router_yaml)) {
            text, path, _ in
            _ = try RouterFile.parse(text, file: path)
        },
        ConfigurationFile(name: "storage.yaml", initialText: text(PackageResources.storage_yaml)) {
            text, path, _ in
            _ = try StorageFile.parse(text, file: path)
        },
        ConfigurationFile(name: "vm.yaml", initialText: text(PackageResources.vm_yaml)) { text, path, _ in
            _ = try VmFile.parse(text, file: path)
        },
        ConfigurationFile(name: "mempool.yaml", initialText: text(PackageResources.mempool_yaml)) {
            text, path, _ in
            _ = try MempoolFile.parse(text, file: path)
        },
        ConfigurationFile(name: "p2p.yaml", initialText: text(PackageResources.p2p_yaml)) { text, path, _ in
            _ = try P2PFile.parse(text, file: path)
        },
        ConfigurationFile(name: "signer.yaml", initialText: text(PackageResources.signer_yaml)) {
            text, path, _ in
            _ = try SignerFile.parse(text, file: path)
        },
        ConfigurationFile(name: "post-worker.yaml", initialText: text(PackageResources.post_worker_yaml)) {
            text, path, _ in
            _ = try PostWorkerFile.parse(text, file: path)
        },
        ConfigurationFile(name: "poet.yaml", initialText: text(PackageResources.poet_yaml)) { text, path, _ in
            _ = try PoetFile.parse(text, file: path)
        },
        ConfigurationFile(name: "miner.yaml", initialText: text(PackageResources.miner_yaml)) {
            text, path, _ in
            _ = try MinerFile.parse(text, file: path)
        },
        ConfigurationFile(name: "machines.yaml", initialText: nil) { _, path, _ in
            _ = try MachineFile(path: path)
        },
    ]

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private init(
        name: String, initialText: String?,
        check: @Sendable @escaping (_ text: String, _ path: String, _ roles: [String]) throws -> Void
    ) {
        self.name = name
        self.initialText = initialText
        self.check = check
    }

    func faults(_ text: String, _ path: String, _ roles: [String]) -> [ConfigurationFault] {
        do {
            try check(text, path, roles)
            return []
        } catch let error as ConfigurationError {
            return error.faults
        } catch {
            return [.init(file: path, line: 0, text: "\(error)")]
        }
    }
}

/// The files of `DATA/config`, all together.
package enum ConfigurationFiles {
    package static let names = ConfigurationFile.all.map(\.name)

    /// Writes those that are missing.
    /// - Returns: the names of those written.
    /// - Throws: `ConfigurationError` when one cannot be written.
    package static func writeMissing(_ paths: NodePaths) throws -> [String] {
        try ConfigurationFile.all.compactMap { file in
            let path = "\(paths.config)/\(file.name)"
            guard let text = file.initialText, !FileManager.default.fileExists(atPath: path) else {
                return nil
            }
            try writeFile(path, Data(text.utf8))
            return file.name
        }
    }

    /// What is wrong with all of them, file by file and line by line.
    /// - Parameter roles: those that come with the node; those of `router.yaml` are added.
    package static func faults(_ paths: NodePaths, roles: [String]) -> [ConfigurationFault] {
        let own = (try? RouterFile.read(paths.routerFile).roles.map(\.name)) ?? []
        return ConfigurationFile.all.flatMap { file -> [ConfigurationFault] in
            let path = "\(paths.config)/\(file.name)"
            guard FileManager.default.fileExists(atPath: path) else { return [] }
            guard let data = FileManager.default.contents(atPath: path) else {
                return [.init(file: path, line: 0, text: "cannot be read: check that this user may read it")]
            }
            return file.faults(String(decoding: data, as: UTF8.self), path, roles + own)
        }
    }
}

internal import Foundation

/// Where a node keeps its files, from one data directory.
package struct NodePaths: Sendable, Hashable {
    /// Absolute.
    package let data: String
    /// Folder of the ipc sockets and tokens.
    package let run: String

    /// - Parameters:
    ///   - data: `--data`; nil: `SPACENODE_DATA`, else `./data`.
    ///   - run: `--run-dir`; nil: a folder under /run or `XDG_RUNTIME_DIR` named after the data directory, else `DATA/run`.
    /// - Throws: `ConfigurationError` when ipc paths would be too long.
    package init(
        data: String? = nil, run: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let chosen = data ?? environment["SPACENODE_DATA"] ?? "./data"
        self.data = URL(fileURLWithPath: chosen).standardizedFileURL.path
        self.run =
            run.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
            ?? Self.runDirectory(self.data, environment)
        // libzmq's limit is the size of sun_path less one.
        guard "\(self.run)/control.sock".utf8.count <= 107 else {
            throw ConfigurationError([
                .init(
                    file: self.run, line: 0,
                    text: "ipc paths end at 107 bytes: choose a shorter folder with --run-dir")
            ])
        }
    }

    /// A folder that nobody else can make first: root's or the user's own, never one below a folder open to all.
    private static func runDirectory(_ data: String, _ environment: [String: String]) -> String {
        let name = String(fnv(data) & 0xffff_ffff, radix: 16)
        let padded = String(repeating: "0", count: 8 - name.count) + name
        if getuid() != 0, let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") {
            return "\(runtime)/spacenode/\(padded)"
        }
        for folder in ["/run", "/run/spacenode"] where access(folder, W_OK) == 0 {
            return "/run/spacenode/\(padded)"
        }
        return "\(data)/run"
    }

    /// FNV-1a, 64 bits: a stable short name for a path.
    private static func fnv(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    package var config: String { "\(data)/config" }
    package var nodeFile: String { "\(config)/node.yaml" }
    package var logs: String { "\(data)/logs" }
    /// Held by the supervisor; says who it is.
    package var nodeLock: String { "\(data)/node.lock" }
    /// Where the supervisor takes wishes.
    package var nodeSocket: String { "\(run)/node.sock" }
    package var keys: String { "\(data)/keys" }
    package var machineFile: String { "\(config)/machines.yaml" }
    package var routerFile: String { "\(config)/router.yaml" }
    package var storageFile: String { "\(config)/storage.yaml" }
    package var vmFile: String { "\(config)/vm.yaml" }
    package var mempoolFile: String { "\(config)/mempool.yaml" }
    /// Folder of the `mempool` plugin.
    package var mempool: String { "\(data)/mempool" }
    package var poetFile: String { "\(config)/poet.yaml" }
    /// Folder of the `poet` plugin.
    package var poet: String { "\(data)/poet" }
    package var minerFile: String { "\(config)/miner.yaml" }
    /// Folder of the `miner` plugin.
    package var miner: String { "\(data)/miner" }
    /// Where plots are when nobody says where.
    package var post: String { "\(data)/post" }
    package var p2pFile: String { "\(config)/p2p.yaml" }
    /// Folder of the `p2p` plugin.
    package var p2p: String { "\(data)/p2p" }
    package var signerFile: String { "\(config)/signer.yaml" }
    package var postWorkerFile: String { "\(config)/post-worker.yaml" }
    /// Results of the `post-worker` plugin that nobody has acknowledged; its plots are elsewhere.
    package var postWorker: String { "\(data)/post-worker" }
    /// Keys of the `signer` plugin, and the record of what they have signed.
    package var signer: String { "\(data)/signer" }
    /// Folder of the `storage` plugin.
    package var storage: String { "\(data)/storage" }
    package var routerKey: String { "\(keys)/router.key" }
    package var routerPublicKey: String { "\(keys)/router.pub" }
    package var machineKey: String { "\(keys)/machine.key" }
}

internal import Foundation
internal import NodeConfiguration
internal import PostWorkerCore

/// The worker's configuration, with the defaults of config/post-worker.yaml filled in.
struct WorkerSettings: Sendable {
    /// Directories of the configuration.
    let directories: [String]
    /// Keeps those that were added over the bus.
    let added: String
    let machine: String
    let control: ControlBook
    /// Folder of results that nobody has acknowledged.
    let results: String
    var scryptN: UInt32 = 8192
    var rescanSeconds = 600
    var provesWork = true
    var verifyThreads = 1
    var verifyQueue = 64
    var verifyCache = 4096

    init(_ file: PostWorkerFile, paths: NodePaths) {
        directories = file.plots ?? [paths.post]
        if file.plots == nil {
            try? FileManager.default.createDirectory(atPath: paths.post, withIntermediateDirectories: true)
        }
        added = "\(paths.postWorker)/directories.json"
        machine = file.machine ?? ProcessInfo.processInfo.hostName
        let threads = file.threads ?? 0
        control = ControlBook(
            threads: threads == 0 ? ProcessInfo.processInfo.activeProcessorCount : threads,
            readLimit: file.readBytesPerSecond ?? 0, limits: file.disks)
        results = "\(paths.postWorker)/results"
        scryptN = file.scryptN ?? scryptN
        rescanSeconds = file.rescanSeconds ?? rescanSeconds
        provesWork = file.proofOfWork ?? provesWork
        verifyThreads = file.verifyThreads ?? verifyThreads
        verifyQueue = file.verifyQueue ?? verifyQueue
        verifyCache = file.verifyCache ?? verifyCache
    }
}

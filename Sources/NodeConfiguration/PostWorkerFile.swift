internal import Foundation

/// What `post-worker.yaml` says; nil: the default.
package struct PostWorkerFile: Sendable, Equatable {
    /// Directories for plots, absolute; nil: DATA/post.
    package var plots: [String]?
    package var scryptN: UInt32?
    /// 0: all cores.
    package var threads: Int?
    /// 0: no limit.
    package var readBytesPerSecond: UInt64?
    /// Limits of single disks.
    package var disks: [String: UInt64] = [:]
    package var rescanSeconds: Int?
    package var proofOfWork: Bool?
    package var verifyThreads: Int?
    package var verifyQueue: Int?
    package var verifyCache: Int?
    package var machine: String?

    /// The defaults.
    package init() {}

    /// Reads the file; one that is not there gives the defaults.
    /// - Throws: `ConfigurationError` with all faults.
    package static func read(_ path: String) throws -> PostWorkerFile {
        guard let data = FileManager.default.contents(atPath: path) else { return PostWorkerFile() }
        return try parse(String(decoding: data, as: UTF8.self), file: path)
    }

    /// Reads the text of the file.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> PostWorkerFile {
        let root = MappingReader(try compose(text, file), file: file)
        var result = PostWorkerFile()
        if root.node("plots") != nil { result.plots = plots(root) }
        result.scryptN = scryptN(root)
        result.threads = root.integer("threads", 0...1024)
        result.readBytesPerSecond = rate(root)
        let disks = root.mappings("disks")
        for disk in disks {
            disk.require("name", "the disk, as `lsblk` names it")
            disk.require("read_bytes_per_second", "0 for no limit")
            if let name = disk.string("name"), let rate = rate(disk) { result.disks[name] = rate }
        }
        unique(disks.map { $0.string("name") ?? "" }, disks, "name")
        result.rescanSeconds = root.integer("rescan_seconds", 10...86_400)
        result.proofOfWork = root.bool("proof_of_work")
        result.verifyThreads = root.integer("verify_threads", 0...1024)
        result.verifyQueue = root.integer("verify_queue", 1...65_536)
        result.verifyCache = root.integer("verify_cache", 0...1 << 20)
        result.machine = root.string("machine")
        if let machine = result.machine, !(1...64).contains(machine.utf8.count) {
            root.fault(root.line(of: "machine"), "`machine` has \(machine.utf8.count) bytes: give 1 to 64")
        }
        for disk in disks { _ = disk.finish() }
        let faults = root.finish(with: disks)
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return result
    }

    private static func plots(_ root: MappingReader) -> [String] {
        let plots = root.strings("plots")
        let line = root.line(of: "plots")
        for path in plots where !path.hasPrefix("/") || path.split(separator: "/").contains("..") {
            root.fault(line, "`plots` has \(path): write the whole path, from / on, without ..")
        }
        for (place, path) in plots.enumerated() {
            let others = plots.prefix(place)
            if let other = others.first(where: {
                "\(path)/".hasPrefix("\($0)/") || "\($0)/".hasPrefix("\(path)/")
            }) {
                root.fault(
                    line, "`plots` has \(path) and \(other): name a directory once, and none inside another")
            }
        }
        return plots
    }

    private static func scryptN(_ root: MappingReader) -> UInt32? {
        guard let number = root.integer("scrypt_n", 2...65_536) else { return nil }
        if number.nonzeroBitCount != 1 {
            root.fault(
                root.line(of: "scrypt_n"), "`scrypt_n` is \(number): give a power of two, such as 8192")
        }
        return UInt32(number)
    }

    private static func rate(_ reader: MappingReader) -> UInt64? {
        guard let rate = reader.integer("read_bytes_per_second", 0...1 << 40) else { return nil }
        if rate != 0, rate < 65_536 {
            reader.fault(
                reader.line(of: "read_bytes_per_second"),
                "`read_bytes_per_second` is \(rate): give 65536 or more, or 0 for no limit")
        }
        return UInt64(rate)
    }
}

internal import Foundation
internal import Glibc
internal import NodeCommand
internal import SignerCore

/// Small files that must be whole after a power cut, and readable by nobody else.
enum Files {
    static func fault(_ verb: String, _ path: String) -> CommandFault {
        CommandFault("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }

    /// All bytes of a file; nil: there is none.
    /// - Throws: `CommandFault` when it cannot be read, or is larger than `limit`.
    static func read(_ path: String, limit: Int, isPrivate: Bool = false) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw fault("read", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault("read", path) }
        if isPrivate, status.st_mode & 0o077 != 0 {
            throw CommandFault("\(path) can be read by others: chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { memory in
                Glibc.read(descriptor, memory.baseAddress?.advanced(by: count), memory.count - count)
            }
            guard got >= 0 else { throw fault("read", path) }
            if got == 0 { break }
            count += got
        }
        guard count <= limit else {
            throw CommandFault("\(path) is larger than \(limit) bytes: it is not ours")
        }
        bytes.removeSubrange(count...)
        return bytes
    }

    /// The same, of a file that nobody else may read.
    static func readPrivate(_ path: String, limit: Int) throws -> [UInt8]? {
        try read(path, limit: limit, isPrivate: true)
    }

    /// Waits until a folder's names are on the disk.
    static func sync(_ folder: String) throws {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault("sync", folder) }
    }

    /// Takes a file away, on the disk when it returns.
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw fault("remove", path) }
        try sync((path as NSString).deletingLastPathComponent)
    }

    /// Puts a file in place, on the disk when it returns, mode 0600.
    static func replace(_ path: String, _ bytes: [UInt8]) throws {
        let name = (path as NSString).lastPathComponent
        var disk = FolderDisk((path as NSString).deletingLastPathComponent)
        let next = "\(name).next"
        for step: DiskStep in [
            .write(file: next, bytes: bytes), .sync(file: next), .rename(from: next, to: name), .syncFolder,
        ] {
            try disk.perform(step)
        }
    }
}

/// A folder on a real disk.
struct FolderDisk: RecordDisk {
    let path: String
    /// Of the file that was written and not yet synced: an error of the disk is told to who held it open then.
    private var descriptor: Int32 = -1

    init(_ path: String) {
        self.path = path
    }

    mutating func perform(_ step: DiskStep) throws {
        switch step {
        case .write(let file, let bytes): try write(file, bytes)
        case .sync(let file):
            guard descriptor >= 0, fsync(descriptor) == 0 else {
                throw Files.fault("sync", "\(path)/\(file)")
            }
            close(descriptor)
            descriptor = -1
        case .rename(let from, let to):
            guard rename("\(path)/\(from)", "\(path)/\(to)") == 0 else {
                throw Files.fault("rename", "\(path)/\(from)")
            }
        case .syncFolder: try Files.sync(path)
        }
    }

    private mutating func write(_ file: String, _ bytes: [UInt8]) throws {
        if descriptor >= 0 { close(descriptor) }
        let place = "\(path)/\(file)"
        descriptor = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Files.fault("open", place) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Files.fault("write", place) }
            rest = rest.dropFirst(count)
        }
    }
}

internal import Foundation
internal import Glibc
internal import NodeCommand

/// Files that are whole after any end, and on the disk when a call returns.
enum WholeFile {
    static func fault(_ verb: String, _ path: String) -> CommandFault {
        CommandFault(
            "cannot \(verb) \(path) (\(String(cString: strerror(errno)))): free room, or see to the rights")
    }

    /// All bytes; nil: there is no such file.
    static func read(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { [UInt8]($0) }
    }

    /// Puts a new file in the place of an old one.
    static func replace(_ path: String, _ bytes: [UInt8]) throws {
        let beside = "\(path).new"
        let file = try AppendedFile(beside, isNew: true)
        try file.append(bytes)
        guard rename(beside, path) == 0 else { throw fault("replace", path) }
        try sync((path as NSString).deletingLastPathComponent)
    }

    /// Waits until a folder's names are on the disk.
    static func sync(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault("sync", folder) }
    }
}

/// A file to which pieces are appended, and which is read from its start; by one thread at a time.
final class AppendedFile {
    private let path: String
    private let descriptor: Int32

    /// Opens a file, which is made when it is not there.
    /// - Parameter isNew: drops what stands in it.
    init(_ path: String, isNew: Bool = false) throws {
        self.path = path
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND | (isNew ? O_TRUNC : 0)
        descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw WholeFile.fault("open", path) }
    }

    deinit {
        close(descriptor)
    }

    /// Cuts off what is behind so many bytes.
    func cut(to count: UInt64) throws {
        guard ftruncate(descriptor, off_t(clamping: count)) == 0 else { throw WholeFile.fault("cut", path) }
    }

    /// Puts bytes behind all others.
    func append(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw WholeFile.fault("write", path) }
            written += count
        }
        guard fdatasync(descriptor) == 0 else { throw WholeFile.fault("sync", path) }
    }

    /// At most so many bytes from a place on; none at the end.
    func read(at offset: UInt64, atMost count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(clamping: offset))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw WholeFile.fault("read", path) }
            bytes.removeSubrange(got...)
            return bytes
        }
    }
}

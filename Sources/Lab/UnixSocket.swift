internal import Foundation
internal import NodeCommand

/// Sockets in the file system.
enum UnixSocket {
    /// Bytes of a path, at most.
    static let longestPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    /// Listens, for this user alone.
    static func listen(_ path: String) throws -> Int32 {
        unlink(path)
        let file = socket(AF_UNIX, kind, 0)
        let mask = umask(0o177)
        let bound = with(path) { bind(file, $0, $1) }
        umask(mask)
        guard bound == 0, Glibc.listen(file, 16) == 0 else {
            close(file)
            throw CommandFault.system("\(path) cannot be listened on")
        }
        _ = fcntl(file, F_SETFL, O_NONBLOCK)
        return file
    }

    /// Connects; nil: nobody listens.
    static func connect(_ path: String, seconds: Int) -> Int32? {
        let file = socket(AF_UNIX, kind, 0)
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(file, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard with(path, { Glibc.connect(file, $0, $1) }) == 0 else {
            close(file)
            return nil
        }
        return file
    }

    private static var kind: Int32 { Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue) }

    private static func with<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count <= longestPath else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

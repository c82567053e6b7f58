internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import P2PCore

/// Looks up names on threads of its own: the system's call may take half a minute.
final class NameResolver: Sendable {
    private let threads: NIOThreadPool

    init(threads count: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    /// Takes no more look-ups; one that is under way ends by itself.
    func stop() {
        threads.shutdownGracefully { _ in }
    }

    /// Where an address leads, with the first address of a name that has the right version.
    func resolve(_ address: Multiaddress, on loop: any EventLoop) -> EventLoopFuture<SocketAddress> {
        if let known = address.socketAddress { return loop.makeSucceededFuture(known) }
        switch address.host {
        case .dns4(let name): return lookUp(name, AF_INET, address.port, on: loop)
        case .dns6(let name): return lookUp(name, AF_INET6, address.port, on: loop)
        case .ip4, .ip6: return loop.makeFailedFuture(DialFault.unreachable("no address"))
        }
    }

    private func lookUp(
        _ name: String, _ family: Int32, _ port: UInt16, on loop: any EventLoop
    ) -> EventLoopFuture<SocketAddress> {
        threads.runIfActive(eventLoop: loop) {
            guard let found = Self.first(of: name, family: family, port: port) else {
                throw DialFault.unknownName(name)
            }
            return found
        }
    }

    private static func first(of name: String, family: Int32, port: UInt16) -> SocketAddress? {
        var hints = addrinfo()
        hints.ai_family = family
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, String(port), &hints, &list) == 0, let list else { return nil }
        defer { freeaddrinfo(list) }
        guard let start = list.pointee.ai_addr else { return nil }
        let bytes = Array(UnsafeRawBufferPointer(start: start, count: Int(list.pointee.ai_addrlen)))
        let address =
            family == AF_INET
            ? Multiaddress(internet4: bytes, port: port) : Multiaddress(internet6: bytes, port: port)
        return address?.socketAddress
    }
}

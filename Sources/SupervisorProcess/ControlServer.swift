internal import Foundation
internal import Glibc

/// Takes the wishes of commands: a socket of mode 0600 in the run directory, JSON a line.
///
/// It works whatever the router does. It never waits for a client: one that does not read or write in time is dropped.
struct ControlServer: ~Copyable {
    /// Names a connection, never used twice.
    typealias Number = UInt64

    private struct Connection {
        let socket: Int32
        let began: Date
        var input: [UInt8] = []
        var output: [UInt8] = []
        var hasAsked = false
        var isLast = false
    }

    private let listener: Int32
    private let path: String
    private var connections: [Number: Connection] = [:]
    private var next: Number = 1

    static let maxConnections = 16
    static let maxRequest = 8192
    static let maxOutput = 1 << 20
    /// For a request to arrive whole.
    static let patience: TimeInterval = 5

    /// - Throws: `SupervisorFault`.
    init(_ path: String) throws {
        unlink(path)
        let socket = UnixAddress.makeSocket()
        // Nobody but this user from the first moment on; this program has one thread yet that makes files.
        let mask = umask(0o177)
        let bound = UnixAddress.with(path) { bind(socket, $0, $1) }
        umask(mask)
        guard bound == 0, listen(socket, 16) == 0 else {
            let why = String(cString: strerror(errno))
            close(socket)
            throw SupervisorFault(
                "cannot listen on \(path): \(why); give this user the folder, or another with --run-dir")
        }
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        listener = socket
        self.path = path
    }

    deinit {
        for connection in connections.values { close(connection.socket) }
        close(listener)
        unlink(path)
    }

    /// Waits for something to happen, and takes it.
    /// - Returns: requests, each with the connection that waits for the answer.
    mutating func wait(milliseconds: Int32) -> [(Number, ControlRequest)] {
        var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        let numbers = connections.keys.sorted()
        for number in numbers {
            guard let connection = connections[number] else { continue }
            let events = connection.output.isEmpty ? POLLIN : POLLIN | POLLOUT
            entries.append(pollfd(fd: connection.socket, events: Int16(events), revents: 0))
        }
        guard poll(&entries, nfds_t(entries.count), milliseconds) > 0 else {
            dropSlow()
            return []
        }
        var requests: [(Number, ControlRequest)] = []
        for (number, entry) in zip(numbers, entries.dropFirst()) where entry.revents != 0 {
            if let request = receive(number) { requests.append((number, request)) }
            flush(number)
        }
        if entries[0].revents != 0 { accept() }
        dropSlow()
        return requests
    }

    private mutating func accept() {
        let socket = Glibc.accept(listener, nil, nil)
        guard socket >= 0 else { return }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        guard connections.count < Self.maxConnections else {
            close(socket)
            return
        }
        connections[next] = Connection(socket: socket, began: Date())
        next += 1
    }

    private mutating func receive(_ number: Number) -> ControlRequest? {
        guard let connection = connections[number] else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.maxRequest)
        let count = read(connection.socket, &bytes, bytes.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return nil }
        guard count > 0 else {
            // The client has gone; its wish is carried out all the same.
            drop(number)
            return nil
        }
        guard !connection.hasAsked else { return nil }
        connections[number]?.input += bytes.prefix(count)
        guard let input = connections[number]?.input else { return nil }
        guard let end = input.firstIndex(of: 0x0a) else {
            if input.count > Self.maxRequest { drop(number) }
            return nil
        }
        connections[number]?.hasAsked = true
        guard let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(input[..<end])) else {
            reply(
                number,
                ControlReply(
                    text: "the supervisor does not know this request: is it of another version?",
                    isGood: false))
            return nil
        }
        return request
    }

    /// Sends a line of an answer; one with `isGood` is the last.
    mutating func reply(_ number: Number, _ reply: ControlReply) {
        guard connections[number] != nil, let data = try? JSONEncoder().encode(reply) else { return }
        connections[number]?.output += [UInt8](data) + [0x0a]
        if reply.isGood != nil { connections[number]?.isLast = true }
        if (connections[number]?.output.count ?? 0) > Self.maxOutput { return drop(number) }
        flush(number)
    }

    private mutating func flush(_ number: Number) {
        guard let connection = connections[number], !connection.output.isEmpty else { return }
        let count = connection.output.withUnsafeBytes {
            send(connection.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0 {
            if errno != EAGAIN { drop(number) }
            return
        }
        connections[number]?.output.removeFirst(count)
        if connection.isLast, count == connection.output.count { drop(number) }
    }

    private mutating func drop(_ number: Number) {
        if let connection = connections.removeValue(forKey: number) { close(connection.socket) }
    }

    private mutating func dropSlow() {
        let now = Date()
        for (number, connection) in connections
        where !connection.hasAsked && now.timeIntervalSince(connection.began) > Self.patience {
            drop(number)
        }
    }
}

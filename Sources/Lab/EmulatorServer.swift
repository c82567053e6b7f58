internal import Foundation

/// Connections of commands to the emulator.
///
/// It never waits for one: who does not take the answer at once does not get it.
struct EmulatorServer: ~Copyable {
    static let mostConnections = 16
    static let longestRequest = 8192

    let listener: Int32
    private var inputs: [Int32: [UInt8]] = [:]

    init(_ listener: Int32) { self.listener = listener }

    deinit {
        for file in inputs.keys { close(file) }
        close(listener)
    }

    /// A new connection, which is to be watched; nil: there is none, or no room.
    mutating func accept() -> Int32? {
        let file = Glibc.accept(listener, nil, nil)
        guard file >= 0 else { return nil }
        guard inputs.count < Self.mostConnections else {
            close(file)
            return nil
        }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        _ = fcntl(file, F_SETFL, O_NONBLOCK)
        inputs[file] = []
        return file
    }

    /// What a connection asks, when all of it is there.
    mutating func read(_ file: Int32) -> EmulatorRequest? {
        guard var input = inputs[file] else { return nil }
        var block = [UInt8](repeating: 0, count: Self.longestRequest)
        let count = Glibc.read(file, &block, block.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return nil }
        guard count > 0, input.count + count <= Self.longestRequest else {
            drop(file)
            return nil
        }
        input += block.prefix(count)
        inputs[file] = input
        guard input.last == 0x0a else { return nil }
        guard let request = try? JSONDecoder().decode(EmulatorRequest.self, from: Data(input)) else {
            reply(
                file,
                EmulatorReply(fault: "the emulator does not know this request: is it of another version?"))
            return nil
        }
        return request
    }

    /// Answers, and ends the connection.
    mutating func reply(_ file: Int32, _ reply: EmulatorReply) {
        let bytes = [UInt8]((try? JSONEncoder().encode(reply)) ?? Data()) + [0x0a]
        _ = send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        drop(file)
    }

    /// Ends a connection.
    mutating func drop(_ file: Int32) {
        inputs[file] = nil
        close(file)
    }
}

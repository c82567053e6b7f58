internal import Foundation
package import NodeConfiguration

/// Asks the supervisor of a node.
package enum ControlClient {
    /// Sends a request and reads the answer to its end.
    /// - Parameters:
    ///   - patience: how long the supervisor may be silent, in seconds.
    ///   - progress: called for each line before the last.
    /// - Returns: the last line; nil when no supervisor listens.
    /// - Throws: `SupervisorFault` when it does not answer.
    package static func ask(
        _ path: String, _ request: ControlRequest, patience: Double = 5, progress: (String) -> Void = { _ in }
    ) throws -> ControlReply? {
        let socket = UnixAddress.makeSocket()
        defer { close(socket) }
        var limit = timeval(tv_sec: Int(patience), tv_usec: Int(patience * 1e6) % 1_000_000)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard UnixAddress.with(path, { connect(socket, $0, $1) }) == 0 else { return nil }
        let bytes = [UInt8](try JSONEncoder().encode(request)) + [0x0a]
        guard
            bytes.withUnsafeBytes({ send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) })
                == bytes.count
        else { throw silent(path, patience) }
        var input: [UInt8] = []
        while true {
            while let end = input.firstIndex(of: 0x0a) {
                let reply = try JSONDecoder().decode(ControlReply.self, from: Data(input[..<end]))
                input.removeFirst(end + 1)
                if reply.isGood != nil { return reply }
                if let text = reply.text { progress(text) }
            }
            var block = [UInt8](repeating: 0, count: 65_536)
            let count = read(socket, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw silent(path, patience) }
            input += block.prefix(count)
        }
    }

    /// The supervisor's report; nil when none runs.
    package static func report(_ paths: NodePaths) throws -> NodeReport? {
        try ask(paths.nodeSocket, ControlRequest(.report))?.report
    }

    private static func silent(_ path: String, _ patience: Double) -> SupervisorFault {
        SupervisorFault(
            "the supervisor at \(path) does not answer within \(Int(patience)) s: spacenode doctor looks why")
    }
}

internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NodeCommand
internal import Synchronization

/// A small HTTP server: short requests, short answers, and a bound to everything.
struct RestServer: Sendable {
    /// Connections at a time; the next are closed at once.
    static let mostConnections = 512
    /// Bytes of a request's body.
    static let largestBody = 16 << 10
    /// Seconds of silence after which a connection is closed.
    static let patience: Int64 = 30
    /// Requests of one connection.
    static let mostRequests = 1_000

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// What answers.
    let answer: @Sendable (RestRequest) async -> RestReply

    /// Listens until the task is cancelled.
    ///
    /// - Parameter bound: is told of the port.
    /// - Throws: `CommandFault` when the address cannot be used.
    @concurrent
    func run(host: String, port: Int, bound: @Sendable (Int) -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server: NIOAsyncChannel<Connection, Never>
        do {
            server = try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 128)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHandler(IdleStateHandler(allTimeout: .seconds(Self.patience)))
                        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                        try pipeline.addHandler(CloseWhenIdle())
                        return try Connection(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw CommandFault(
                "cannot listen on \(host):\(port) (\(error)): is another server there? --listen HOST:PORT")
        }
        bound(server.channel.localAddress?.port ?? port)
        try await server.executeThenClose { connections in
            let count = Counter()
            try await withThrowingDiscardingTaskGroup { tasks in
                for try await connection in connections {
                    guard count.enter(below: Self.mostConnections) else {
                        connection.channel.close(promise: nil)
                        continue
                    }
                    tasks.addTask {
                        // A connection that breaks is the client's matter.
                        try? await serve(connection)
                        count.leave()
                    }
                }
                tasks.cancelAll()
            }
        }
    }

    private func serve(_ connection: Connection) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var (head, body, count) = (HTTPRequestHead?.none, Data(), 0)
            for try await part in inbound {
                switch part {
                case .head(let next): (head, body) = (next, Data())
                case .body(let bytes):
                    // What is too much is not kept.
                    if body.count <= Self.largestBody { body.append(contentsOf: bytes.readableBytesView) }
                case .end:
                    guard let request = head else { return }
                    count += 1
                    let stays = request.isKeepAlive && count < Self.mostRequests
                    try await write(await reply(request, body), keepAlive: stays, outbound)
                    guard stays else { return }
                    head = nil
                }
            }
        }
    }

    private func reply(_ head: HTTPRequestHead, _ body: Data) async -> RestReply {
        guard body.count <= Self.largestBody else {
            return RestReply(.tooLarge, "the body is larger than \(Self.largestBody) bytes")
        }
        let path = head.uri.prefix { $0 != "?" }
        return await answer(RestRequest(method: head.method.rawValue, path: String(path), body: body))
    }

    private func write(
        _ reply: RestReply, keepAlive: Bool, _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        let headers: HTTPHeaders = [
            "Content-Type": "application/json", "Content-Length": "\(reply.body.count)",
            "Connection": keepAlive ? "keep-alive" : "close",
        ]
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
        try await outbound.write(.head(head))
        try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: reply.body))))
        try await outbound.write(.end(nil))
    }
}

/// How many connections there are.
private final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func enter(below limit: Int) -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            leave()
            return false
        }
        return true
    }

    func leave() { count.subtract(1, ordering: .relaxed) }
}

/// Closes a connection on which nothing comes or goes.
private final class CloseWhenIdle: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

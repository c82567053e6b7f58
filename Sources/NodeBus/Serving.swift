internal import BusWire
internal import NodeProtocol
package import SwiftProtobuf

/// What a handler knows of the request it answers.
package struct CallContext: Sendable {
    /// Instance that asked.
    package let source: UInt64
    /// Its role; the router has checked it.
    package let role: BusRole
    /// The request's own number; as `cause` of what the handler sends.
    package let cause: Cause
    /// Milliseconds left when the request arrived.
    package let ttlMilliseconds: UInt32
}

/// A handler as the engine calls it: bytes in, bytes out.
final class BusHandler: Sendable {
    /// By pattern.
    enum Body: Sendable {
        case call(@Sendable ([UInt8], CallContext) async throws -> [UInt8])
        case down(@Sendable ([UInt8], StreamState, CallContext) async throws -> Void)
        case up(@Sendable (StreamState, CallContext) async throws -> [UInt8])
    }

    let info: MethodInfo
    let body: Body

    init(_ info: MethodInfo, _ body: Body) {
        self.info = info
        self.body = body
    }

    /// Whether a frame of this kind is for it.
    func takes(_ kind: UInt32) -> Bool {
        if case .call = body { return kind == FrameKind.request }
        return kind == FrameKind.streamOpen
    }
}

/// One request that waits for, or is in, its handler.
///
/// Touched on the bus thread alone.
///
/// `@unchecked Sendable`: handed to the handler's task, which runs on the executor of that thread.
final class InboundWork: @unchecked Sendable {
    let key: RequestKey
    let handler: BusHandler
    let payload: [UInt8]
    let context: CallContext
    let stream: StreamState?
    /// Length of the frame.
    let bytes: Int
    let classIndex: Int
    let generation: UInt64
    private(set) var isCancelled = false
    /// The handler's task while it runs.
    var task: UnsafeCurrentTask?

    init(
        _ header: FrameHeader, _ payload: UnsafeRawBufferPointer, handler: BusHandler, stream: StreamState?,
        bytes: Int, classIndex: Int, generation: UInt64
    ) {
        key = RequestKey(source: header.source, id: header.id)
        self.handler = handler
        self.payload = [UInt8](payload)
        context = CallContext(
            source: header.source, role: BusRole(rawValue: header.role),
            cause: Cause(source: header.source, id: header.id), ttlMilliseconds: header.ttlMilliseconds)
        self.stream = stream
        self.bytes = bytes
        self.classIndex = classIndex
        self.generation = generation
    }

    func cancel() {
        isCancelled = true
        task?.cancel()
    }
}

/// Reads the items of an upload, for its handler.
package struct StreamReader<Item: Message>: ~Copyable {
    let stream: StreamState
    let engine: BusEngine

    /// The next item; nil when the opener has sent all.
    /// - Throws: `BusError` when the stream broke off.
    package func next() async throws -> Item? {
        guard let payload = try await engine.nextItem(stream) else { return nil }
        return try Item(serializedBytes: payload)
    }
}

/// Sends the items of a download, for its handler.
package struct StreamWriter<Item: Message>: ~Copyable {
    let stream: StreamState
    let engine: BusEngine

    /// Sends one item, after waiting for the receiver's room.
    /// - Throws: `BusError` when the stream broke off or the item is too large.
    package func send(_ item: Item) async throws {
        try await engine.sendItem(stream, payload: try item.serializedBytes())
    }
}

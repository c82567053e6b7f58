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
enum BusHandler: Sendable {
    case call(MethodInfo, @Sendable ([UInt8], CallContext) async throws -> [UInt8])
    case down(MethodInfo, @Sendable ([UInt8], StreamState, CallContext) async throws -> Void)
    case up(MethodInfo, @Sendable (StreamState, CallContext) async throws -> [UInt8])

    var info: MethodInfo {
        switch self {
        case .call(let info, _), .down(let info, _), .up(let info, _): info
        }
    }
}

/// A request that waits for, or is in, its handler.
final class InboundRecord {
    let bytes: Int
    let classIndex: Int
    let generation: UInt64
    var isCancelled = false
    /// The handler's task while it runs; touched on the bus thread alone.
    var task: UnsafeCurrentTask?

    init(bytes: Int, classIndex: Int, generation: UInt64) {
        self.bytes = bytes
        self.classIndex = classIndex
        self.generation = generation
    }

    func cancel() {
        isCancelled = true
        task?.cancel()
    }
}

/// One request on its way to its handler.
struct InboundWork {
    let key: RequestKey
    let handler: BusHandler
    let payload: [UInt8]
    let context: CallContext
    let record: InboundRecord
    let stream: StreamState?
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

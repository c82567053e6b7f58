internal import Foundation
package import NodeProtocol
package import SwiftProtobuf

extension BusClient {
    /// Answers requests of one method.
    ///
    /// Call it before `run`.
    ///
    /// The handler runs on the bus thread: it may wait, but not block.
    package func serve<Request: Message, Reply: Message>(
        _ method: CallMethod<Request, Reply>,
        _ handler: @escaping @Sendable (Request, CallContext) async throws -> Reply
    ) {
        register(
            method.info,
            .call { payload, context in
                try await handler(try Request(serializedBytes: payload), context).serializedBytes()
            })
    }

    /// Answers with a stream of items.
    ///
    /// Call it before `run`.
    package func serve<Request: Message, Item: Message>(
        _ method: DownStreamMethod<Request, Item>,
        _ handler:
            @escaping @Sendable (Request, borrowing StreamWriter<Item>, CallContext) async throws -> Void
    ) {
        register(
            method.info,
            .down { [unowned engine] payload, stream, context in
                let writer = StreamWriter<Item>(stream: stream, engine: engine)
                try await handler(try Request(serializedBytes: payload), writer, context)
            })
    }

    /// Answers an upload.
    ///
    /// Call it before `run`.
    package func serve<Item: Message, Reply: Message>(
        _ method: UpStreamMethod<Item, Reply>,
        _ handler: @escaping @Sendable (borrowing StreamReader<Item>, CallContext) async throws -> Reply
    ) {
        register(
            method.info,
            .up { [unowned engine] stream, context in
                let reader = StreamReader<Item>(stream: stream, engine: engine)
                return try await handler(reader, context).serializedBytes()
            })
    }

    private func register(_ info: MethodInfo, _ body: BusHandler.Body) {
        let handler = BusHandler(info, body)
        engine.executor.post { [engine] in engine.handlers[info.type] = handler }
    }

    // MARK: - What every plugin does

    func registerSystem() {
        let identity = description()
        serve(SystemContract.describe) { _, _ in identity }
    }

    private func description() -> Spacenode_System_V1_DescribeReply {
        var reply = Spacenode_System_V1_DescribeReply()
        let options = engine.options
        reply.name = options.name
        reply.role = options.role.name
        reply.version = options.build
        let provided = options.provides + [SystemContract.contract]
        for (contract, isProvided) in provided.map({ ($0, true) }) + options.requires.map({ ($0, false) }) {
            reply.methods += contract.methods.map { methodDescription($0, isProvided) }
        }
        reply.fileDescriptorSet = merged(provided + options.requires)
        return reply
    }

    private func methodDescription(_ info: MethodInfo, _ isProvided: Bool)
        -> Spacenode_System_V1_MethodDescription
    {
        var method = Spacenode_System_V1_MethodDescription()
        method.name = info.name
        method.type = info.type
        method.pattern = UInt32(info.pattern.rawValue)
        method.input = info.input
        method.output = info.output
        method.provided = isProvided
        method.sensitive = info.isSensitive
        return method
    }

    /// One descriptor set with each file once.
    private func merged(_ contracts: [ContractInfo]) -> Data {
        var result = Google_Protobuf_FileDescriptorSet()
        for contract in contracts {
            guard let bytes = Data(base64Encoded: contract.descriptorSetBase64),
                let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: bytes)
            else { continue }
            for file in set.file where !result.file.contains(where: { $0.name == file.name }) {
                result.file.append(file)
            }
        }
        return (try? result.serializedData()) ?? Data()
    }

    /// Publishes a sign of life each second.
    func publishBeats() async {
        let start = engine.now
        while !Task.isCancelled, !engine.isStopped {
            var beat = Spacenode_System_V1_Beat()
            beat.state = "\(engine.state)"
            beat.queued = UInt32(clamping: engine.inbound.count)
            beat.lastError = engine.lastError
            beat.uptimeMs = engine.now &- start
            beat.residentBytes = residentBytes()
            _ = try? await publish(SystemContract.beats, beat)
            await engine.pause(1000)
        }
    }

    private func residentBytes() -> UInt64 {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) })
        else { return 0 }
        return pages * 4096
    }
}

internal import Foundation
internal import NodeBus
internal import NodeProtocol
internal import StorageCore
internal import StorageWire
internal import Synchronization

/// Answers `spacenode.storage.v1` with an engine.
struct StorageHandlers: Sendable {
    let engine: StorageEngine

    /// Registers every method.
    func serve(on bus: BusClient) {
        serveWrites(on: bus)
        serveReads(on: bus)
        bus.serve(StorageContract.scan) { request, writer, context in
            try await scan(request, writer, context)
        }
        bus.serve(StorageContract.checkpoint) { request, _ in
            try await engine.checkpoint(request.directory)
        }
        bus.serve(StorageContract.stats) { _, _ in await engine.stats() }
    }

    // MARK: - Writing

    private func serveWrites(on bus: BusClient) {
        bus.serve(StorageContract.write) { request, context in
            try await reply(
                engine.write(request.batch, role: context.role.rawValue, durable: request.durable))
        }
        bus.serve(StorageContract.writeLarge) { reader, context in
            try await upload(reader, context)
        }
        bus.serve(StorageContract.deleteRange) { request, context in
            guard let number = UInt8(exactly: request.keyspace) else {
                throw StorageRefusal(.forbidden, "there is no keyspace \(request.keyspace)")
            }
            var batch = StorageBatch()
            do throws(BatchFault) {
                try batch.deleteRange(
                    Keyspace(rawValue: number), from: [UInt8](request.from), to: [UInt8](request.to))
            } catch {
                throw StorageRefusal(.invalid, error.description)
            }
            return try await reply(
                engine.write(Data(batch.bytes), role: context.role.rawValue, durable: request.durable))
        }
    }

    private func reply(_ sequence: UInt64) -> Spacenode_Storage_V1_WriteReply {
        var reply = Spacenode_Storage_V1_WriteReply()
        reply.sequence = sequence
        return reply
    }

    /// Gathers an upload; what breaks off leaves nothing.
    private func upload(
        _ reader: borrowing StreamReader<Spacenode_Storage_V1_WriteItem>, _ context: CallContext
    ) async throws -> Spacenode_Storage_V1_WriteReply {
        let batch = RocksBatch()
        var state = UploadState()
        var sequence: UInt64 = 0
        var held = 0
        defer { engine.uploads.withLock { $0.give(held) } }
        while let item = try await next(reader, state) {
            try state.begin(bytes: item.batch.count)
            try engine.uploads.withLock { budget throws(StorageRefusal) in try budget.take(item.batch.count) }
            held += item.batch.count
            let operations = try await engine.build(batch, item.batch, role: context.role.rawValue)
            try state.add(operations: operations, commit: item.commit)
            if state.isCommitted {
                sequence = try await engine.write(batch, bytes: state.bytes, durable: item.durable)
            }
        }
        try state.end()
        return reply(sequence)
    }

    /// The next item; once committed, an opener that is lost changes nothing any more.
    private func next(
        _ reader: borrowing StreamReader<Spacenode_Storage_V1_WriteItem>, _ state: UploadState
    ) async throws -> Spacenode_Storage_V1_WriteItem? {
        do {
            return try await reader.next()
        } catch {
            if state.isCommitted { return nil }
            throw error
        }
    }

    // MARK: - Reading

    private func serveReads(on bus: BusClient) {
        bus.serve(StorageContract.get) { request, context in
            let keyspace = try engine.table.checkRead(request.keyspace, role: context.role.rawValue)
            try check(request.key)
            engine.status.withLock { $0.reads += 1 }
            return try await engine.read { database in
                var reply = Spacenode_Storage_V1_GetReply()
                if let value = try database.get(keyspace, request.key) {
                    reply.found = true
                    reply.value = Data(value.bytes)
                }
                return reply
            }
        }
        bus.serve(StorageContract.multiGet) { request, context in
            let keyspace = try engine.table.checkRead(request.keyspace, role: context.role.rawValue)
            guard (1...StorageLimit.multiGetKeys).contains(request.keys.count) else {
                throw StorageRefusal(
                    .invalid, "\(request.keys.count) keys: 1 to \(StorageLimit.multiGetKeys) are allowed")
            }
            for key in request.keys { try check(key) }
            let reply = try await engine.read { try values($0, keyspace, request.keys) }
            engine.status.withLock { $0.reads += UInt64(reply.values.count) }
            return reply
        }
    }

    private func check(_ key: Data) throws(StorageRefusal) {
        guard (1...StorageLimit.keyBytes).contains(key.count) else {
            throw StorageRefusal(
                .invalid, "a key of \(key.count) bytes: 1 to \(StorageLimit.keyBytes) are allowed")
        }
    }

    /// Looks up keys until the reply is full.
    private func values(_ database: RocksDatabase, _ keyspace: Keyspace, _ keys: [Data]) throws
        -> Spacenode_Storage_V1_MultiGetReply
    {
        var room = ReplyRoom()
        var reply = Spacenode_Storage_V1_MultiGetReply()
        reply.values.reserveCapacity(keys.count)
        for key in keys {
            var value = Spacenode_Storage_V1_Value()
            if let found = try database.get(keyspace, key) {
                guard room.take(found.bytes.count) else { break }
                value.found = true
                value.value = Data(found.bytes)
            }
            reply.values.append(value)
        }
        return reply
    }

    private func scan(
        _ request: Spacenode_Storage_V1_ScanRequest,
        _ writer: borrowing StreamWriter<Spacenode_Storage_V1_ScanItem>, _ context: CallContext
    ) async throws {
        let keyspace = try engine.table.checkRead(request.keyspace, role: context.role.rawValue)
        let bounds = try ScanBounds(request.wish)
        if bounds.isEmpty { return }
        let cursor = try await engine.beginScan(keyspace, bounds, isReverse: request.reverse)
        do {
            var left = request.limit == 0 ? UInt64.max : request.limit
            while left > 0 {
                let (item, entries) = try await engine.scanItem(
                    cursor, keyspace, limit: left, keysOnly: request.keysOnly)
                if entries == 0 { break }
                left -= min(left, UInt64(entries))
                try await writer.send(item)
            }
        } catch {
            await engine.endScan(cursor)
            throw error
        }
        await engine.endScan(cursor)
    }
}

extension Spacenode_Storage_V1_ScanRequest {
    /// The bounds as the core takes them.
    fileprivate var wish: ScanBounds.Wish {
        var wish = ScanBounds.Wish()
        wish.prefix = [UInt8](prefix)
        wish.from = [UInt8](from)
        wish.to = [UInt8](to)
        wish.after = [UInt8](after)
        wish.isReverse = reverse
        return wish
    }
}

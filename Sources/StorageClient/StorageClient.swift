internal import Foundation
package import NodeBus
internal import NodeProtocol
package import StorageWire

/// Storage, for plugins that keep their data there.
///
/// Calls throw `StorageError` when storage refuses, `BusError` when the bus does; `BusError.code.leavesOutcomeUnknown` says
/// whether a write may have been carried out.
package struct StorageClient: Sendable {
    let bus: BusClient
    let cause: Cause?

    /// - Parameter cause: the message that makes us ask.
    package init(_ bus: BusClient, cause: Cause? = nil) {
        self.bus = bus
        self.cause = cause
    }

    // MARK: - Writing

    /// Writes a batch, all or nothing; one over the frame limit goes as an upload.
    ///
    /// - Parameter durable: return when it, and all written before it, is on the disk.
    /// - Returns: the number of its last operation.
    @discardableResult
    package func write(_ batch: StorageBatch, durable: Bool) async throws -> UInt64 {
        try await asStorageError {
            guard batch.bytes.count <= StorageLimit.batchBytes else {
                return try await upload(batch, durable)
            }
            var request = Spacenode_Storage_V1_WriteRequest()
            request.batch = Data(batch.bytes)
            request.durable = durable
            return try await bus.call(StorageContract.write, request, cause: cause).sequence
        }
    }

    private func upload(_ batch: StorageBatch, _ durable: Bool) async throws -> UInt64 {
        let upload = try await bus.open(StorageContract.writeLarge, cause: cause)
        let pieces = batch.pieces
        for (place, piece) in pieces.enumerated() {
            var item = Spacenode_Storage_V1_WriteItem()
            item.batch = Data(piece)
            item.commit = place == pieces.count - 1
            item.durable = durable
            try await upload.send(item)
        }
        return try await upload.finish().sequence
    }

    // MARK: - Reading

    /// The value of a key; nil: there is none.
    package func get(_ keyspace: Keyspace, _ key: [UInt8]) async throws -> [UInt8]? {
        try await asStorageError {
            var request = Spacenode_Storage_V1_GetRequest()
            request.keyspace = UInt32(keyspace.rawValue)
            request.key = Data(key)
            let reply = try await bus.call(StorageContract.get, request, cause: cause)
            return reply.found ? [UInt8](reply.value) : nil
        }
    }

    /// The values of many keys, in their order.
    ///
    /// More than `StorageLimit.multiGetKeys` are asked for in several calls, some of them at once.
    package func multiGet(_ keyspace: Keyspace, _ keys: [[UInt8]]) async throws -> [[UInt8]?] {
        let runs = stride(from: 0, to: keys.count, by: StorageLimit.multiGetKeys).map {
            keys[$0..<min($0 + StorageLimit.multiGetKeys, keys.count)]
        }
        guard runs.count > 1 else { return try await values(keyspace, keys[...]) }
        return try await withThrowingTaskGroup(of: (Int, [[UInt8]?]).self) { group in
            var answers = [[[UInt8]?]](repeating: [], count: runs.count)
            for (place, run) in runs.enumerated() {
                if place >= Self.callsAtOnce, let (done, values) = try await group.next() {
                    answers[done] = values
                }
                group.addTask { (place, try await values(keyspace, run)) }
            }
            for try await (done, values) in group { answers[done] = values }
            return Array(answers.joined())
        }
    }

    /// Calls of one `multiGet` that are under way at once.
    private static let callsAtOnce = 4

    private func values(_ keyspace: Keyspace, _ keys: ArraySlice<[UInt8]>) async throws -> [[UInt8]?] {
        try await asStorageError {
            var values: [[UInt8]?] = []
            values.reserveCapacity(keys.count)
            while values.count < keys.count {
                var request = Spacenode_Storage_V1_MultiGetRequest()
                request.keyspace = UInt32(keyspace.rawValue)
                request.keys = keys.dropFirst(values.count).map { Data($0) }
                let reply = try await bus.call(StorageContract.multiGet, request, cause: cause)
                guard (1...request.keys.count).contains(reply.values.count) else {
                    throw StorageError(
                        .nonsense, "\(reply.values.count) values for \(request.keys.count) keys")
                }
                values += reply.values.map { $0.found ? [UInt8]($0.value) : nil }
            }
            return values
        }
    }

    /// Reads entries in the order of their keys.
    package func scan(_ range: StorageRange) -> StorageScan {
        StorageScan(client: self, range: range)
    }
}

internal import Foundation
internal import NodeBus
internal import NodeProtocol
package import StorageWire

/// What a scan wants.
package struct StorageRange: Sendable, Hashable {
    package var keyspace: Keyspace
    /// Keys that begin so.
    package var prefix: [UInt8] = []
    /// First key wanted.
    package var from: [UInt8] = []
    /// First key not wanted any more; empty: to the end.
    package var to: [UInt8] = []
    /// From the greatest key down.
    package var isReverse = false
    /// Most entries, 0: all.
    package var limit: UInt64 = 0
    package var isKeysOnly = false

    /// The whole keyspace.
    package init(_ keyspace: Keyspace) {
        self.keyspace = keyspace
    }
}

/// One key with its value.
package struct StorageEntry: Sendable, Hashable {
    package let key: [UInt8]
    package let value: [UInt8]
}

/// A scan under way.
///
/// All is read from one moment. When the stream breaks off it goes on after the last key, from a newer moment then; `moments`
/// says from how many.
package struct StorageScan {
    private let client: StorageClient
    private let range: StorageRange
    private var stream: BusDownload<Spacenode_Storage_V1_ScanItem>?
    private var entries: [StorageEntry] = []
    private var taken = 0
    private var given: UInt64 = 0
    private var resume: [UInt8] = []
    private var failures = 0
    private var isOver = false
    private var isFresh = true
    /// How many moments the entries given so far are from.
    package private(set) var moments = 0

    init(client: StorageClient, range: StorageRange) {
        self.client = client
        self.range = range
    }

    /// The next entry; nil at the end.
    package mutating func next() async throws -> StorageEntry? {
        while taken == entries.count {
            guard let batch = try await nextEntries() else { return nil }
            entries = batch
            taken = 0
        }
        taken += 1
        return entries[taken - 1]
    }

    /// The next few hundred kilobytes of entries; nil at the end.
    package mutating func nextEntries() async throws -> [StorageEntry]? {
        while !isOver {
            do {
                return try await receive()
            } catch let error as BusError where error.isBreak && failures < 8 {
                failures += 1
                stream = nil
                await client.bus.pause(50 << UInt64(failures))
            } catch let error as BusError {
                throw StorageError(error) ?? error
            }
        }
        return nil
    }

    private mutating func receive() async throws -> [StorageEntry]? {
        if stream == nil { stream = try await begin() }
        guard let item = try await stream?.next() else {
            isOver = true
            return nil
        }
        let batch = try unpack(item.entries)
        if isFresh { moments += 1 }
        isFresh = false
        failures = 0
        given += UInt64(batch.count)
        resume = [UInt8](item.resume)
        if range.limit > 0, given >= range.limit { isOver = true }
        return batch
    }

    private mutating func begin() async throws -> BusDownload<Spacenode_Storage_V1_ScanItem> {
        isFresh = true
        var request = Spacenode_Storage_V1_ScanRequest()
        request.keyspace = UInt32(range.keyspace.rawValue)
        request.prefix = Data(range.prefix)
        request.from = Data(range.from)
        request.to = Data(range.to)
        request.after = Data(resume)
        request.reverse = range.isReverse
        request.limit = range.limit == 0 ? 0 : range.limit - given
        request.keysOnly = range.isKeysOnly
        return try await client.bus.open(StorageContract.scan, request, cause: client.cause)
    }

    private func unpack(_ packed: Data) throws -> [StorageEntry] {
        try packed.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            var reader = BatchReader(bytes)
            var result: [StorageEntry] = []
            while let operation = try reader.next() {
                guard case .put(_, let key, let value) = operation else {
                    throw StorageError(.nonsense, "a scan gave what is no entry")
                }
                result.append(StorageEntry(key: [UInt8](key), value: [UInt8](value)))
            }
            return result
        }
    }
}

extension BusError {
    /// Whether a scan that met it can go on where it was.
    fileprivate var isBreak: Bool {
        switch code {
        case .lost, .routerLost, .peerLost, .busy, .notReady, .noRoute: true
        case .failed: text.hasPrefix("REOPENED") || text.hasPrefix("CLOSED")
        default: false
        }
    }
}

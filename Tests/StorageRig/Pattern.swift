import StorageClient
import StorageWire

/// What every batch of the rig holds, so that an audit can tell a whole one from a part of one.
///
/// Keys are round, writer, batch and place, each big-endian, so that a scan gives them in that order.
enum Pattern {
    /// The keyspaces that each batch touches; `history` also has the writer's last batch.
    static let keyspaces: [Keyspace] = [.state, .tree, .history]
    static let entries = 3

    static func key(_ round: UInt32, _ writer: UInt16, _ batch: UInt32, _ place: UInt16) -> [UInt8] {
        big(round) + big(writer) + big(batch) + big(place)
    }

    /// Where a writer puts its last batch's number, in `receipts`.
    static func lastKey(_ round: UInt32, _ writer: UInt16) -> [UInt8] {
        big(round) + big(writer)
    }

    static func big<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    static func number<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, _ type: Number.Type) -> Number {
        bytes.reduce(0) { $0 << 8 | Number($1) }
    }

    /// The value that belongs to a key: bytes and length follow from it and the keyspace.
    static func value(_ keyspace: Keyspace, _ key: [UInt8], large: Bool) -> [UInt8] {
        var state = key.reduce(UInt64(keyspace.rawValue) &+ 0x9e37_79b9) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01b3
        }
        let count = large ? 600_000 : Int(16 + state % 1500)
        var bytes = [UInt8](repeating: 0, count: count)
        for place in stride(from: 0, to: count, by: 8) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            for offset in 0..<min(8, count - place) {
                bytes[place + offset] = UInt8(truncatingIfNeeded: state >> (8 * UInt64(offset)))
            }
        }
        return bytes
    }

    /// Whether a batch is one that goes as an upload.
    static func isLarge(_ writer: UInt16, _ batch: UInt32, every: UInt32) -> Bool {
        every > 0 && writer == 0 && batch % every == every - 1
    }

    /// Whether a batch is to be durable.
    static func isDurable(_ writer: UInt16, _ batch: UInt32, share: UInt32) -> Bool {
        (UInt32(writer) &* 7 &+ batch &* 31) % 100 < share
    }

    /// One batch, whole.
    static func batch(_ round: UInt32, _ writer: UInt16, _ number: UInt32, large: Bool) throws -> StorageBatch
    {
        var batch = StorageBatch()
        for place in 0..<UInt16(entries) {
            for keyspace in keyspaces {
                let key = key(round, writer, number, place)
                try batch.put(keyspace, key, value(keyspace, key, large: large))
            }
        }
        // Set again by each batch: what is there must be the last.
        try batch.put(.receipts, lastKey(round, writer), big(number))
        return batch
    }

    /// Removes an old round from everywhere.
    static func removal(of round: UInt32) throws -> StorageBatch {
        var batch = StorageBatch()
        for keyspace in keyspaces + [.receipts] {
            try batch.deleteRange(keyspace, from: big(round), to: big(round + 1))
        }
        return batch
    }
}

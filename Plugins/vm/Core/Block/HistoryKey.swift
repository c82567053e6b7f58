package import NodeDomain
package import NodeEncoding

/// Where things stand in the keyspace `history` (docs/protocol/vm.md).
package enum HistoryKey: Hashable, Sendable {
    /// The newest version.
    case head
    /// The network and when it began.
    case network
    /// A checkpoint is being put in; there only then.
    case restoring
    /// What `FinalizeBlock` answered for the newest block.
    case lastReply
    /// What operators agreed on after halts.
    case recoveries
    /// A block whose version is kept.
    case block(UInt64)
    /// What can be dropped with the versions before a block.
    case leftovers(UInt64)

    /// The bytes of the key.
    package var bytes: [UInt8] {
        switch self {
        case .head: [0]
        case .network: [1]
        case .restoring: [2]
        case .lastReply: [3]
        case .recoveries: [4]
        case .block(let height): [16] + height.bigEndianBytes
        case .leftovers(let height): [17] + height.bigEndianBytes
        }
    }
}

/// The newest version of the state, and how far back others can be read.
package struct LedgerHead: StateRecord {
    /// Of the last block; 0 at genesis.
    package var height: UInt64
    /// Of the last block, in Unix milliseconds; at genesis the genesis time.
    package var time: UInt64
    /// Of the last block; zero at genesis.
    package var blockHash: Bytes32
    /// Root of the state after it.
    package var appHash: Bytes32
    /// The oldest version that can be read.
    package var oldest: UInt64

    /// A head of these fields.
    package init(height: UInt64, time: UInt64, blockHash: Bytes32, appHash: Bytes32, oldest: UInt64) {
        self.height = height
        self.time = time
        self.blockHash = blockHash
        self.appHash = appHash
        self.oldest = oldest
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        height = try reader.compact()
        time = try reader.compact()
        blockHash = try reader.bytes32()
        appHash = try reader.bytes32()
        oldest = try reader.compact()
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(height)
        writer.writeCompact(time)
        writer.write(blockHash)
        writer.write(appHash)
        writer.writeCompact(oldest)
    }
}

/// A network, as the node keeps it from its first start on.
package struct NetworkRecord: StateRecord {
    /// Most bytes of a network file.
    package static let largestText = 1 << 20

    /// Unix milliseconds.
    package var genesisTime: UInt64
    /// The network file.
    package var text: [UInt8]

    /// A network that begins at a moment.
    package init(genesisTime: UInt64, text: [UInt8]) {
        self.genesisTime = genesisTime
        self.text = text
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        genesisTime = try reader.compact()
        text = try reader.slice(limit: Self.largestText)
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(genesisTime)
        writer.writeSlice(text)
    }
}

/// A block whose version is kept.
package struct BlockRecord: StateRecord {
    /// In Unix milliseconds.
    package var time: UInt64
    /// Of the block.
    package var hash: Bytes32
    /// Root of the state after it.
    package var appHash: Bytes32

    /// A block of these fields.
    package init(time: UInt64, hash: Bytes32, appHash: Bytes32) {
        self.time = time
        self.hash = hash
        self.appHash = appHash
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        time = try reader.compact()
        hash = try reader.bytes32()
        appHash = try reader.bytes32()
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(time)
        writer.write(hash)
        writer.write(appHash)
    }
}

/// What a block leaves behind that can be dropped when the versions before it are no longer kept.
package struct Leftovers: StateRecord {
    /// Most bytes of a list of nodes: what a value of storage can hold.
    private static let largestList = 3 << 20
    /// Most receipts of a block.
    private static let mostReceipts: UInt64 = 65_536

    /// Nodes of the tree that the block replaced, packed.
    package var stale: [UInt8]
    /// Transactions of the block, whose receipts go as well.
    package var receipts: [Bytes32]

    /// Leftovers of these fields.
    package init(stale: [UInt8], receipts: [Bytes32]) {
        self.stale = stale
        self.receipts = receipts
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        stale = try reader.slice(limit: Self.largestList)
        receipts = []
        for _ in 0..<(try reader.compact(limit: Self.mostReceipts)) { receipts.append(try reader.bytes32()) }
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeSlice(stale)
        writer.writeCompact(UInt64(receipts.count))
        for id in receipts { writer.write(id) }
    }
}

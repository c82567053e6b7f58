package import NodeDomain
package import NodeEncoding

/// What stands before the leaves of a checkpoint.
package struct CheckpointHead: StateRecord {
    /// The only version of the form.
    package static let version: UInt64 = 1
    private static let genesisBytes = 20

    /// Twenty bytes that keep networks apart.
    package var genesisID: [UInt8]
    /// When the network began, in Unix milliseconds.
    package var genesisTime: UInt64
    /// Of the block after which it was taken.
    package var height: UInt64
    /// Of that block, in Unix milliseconds.
    package var time: UInt64
    /// Of that block.
    package var blockHash: Bytes32
    /// Root of the state: what the leaves must give.
    package var appHash: Bytes32

    /// A head of these fields.
    package init(
        genesisID: [UInt8], genesisTime: UInt64, height: UInt64, time: UInt64, blockHash: Bytes32,
        appHash: Bytes32
    ) {
        self.genesisID = genesisID
        self.genesisTime = genesisTime
        self.height = height
        self.time = time
        self.blockHash = blockHash
        self.appHash = appHash
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        let version = try reader.compact()
        guard version == Self.version else {
            throw .invalid(offset: reader.offset, what: "version \(version), only \(Self.version) is known")
        }
        genesisID = try reader.slice(limit: Self.genesisBytes)
        guard genesisID.count == Self.genesisBytes else {
            throw .invalid(offset: reader.offset, what: "a genesis id has \(Self.genesisBytes) bytes")
        }
        genesisTime = try reader.compact()
        height = try reader.compact()
        time = try reader.compact()
        blockHash = try reader.bytes32()
        appHash = try reader.bytes32()
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(Self.version)
        writer.writeSlice(genesisID)
        writer.writeCompact(genesisTime)
        writer.writeCompact(height)
        writer.writeCompact(time)
        writer.write(blockHash)
        writer.write(appHash)
    }
}

/// Leaves one after the other: the bytes of a key and of its value, each with its length before it.
package enum CheckpointLeaves {
    /// Most bytes of a run of leaves: one value of the greatest length, with room for its key.
    package static let mostBytes = TreeLeaf.valueLimit + 4096

    /// Appends a leaf to a run.
    package static func append(_ leaf: TreeLeaf, to writer: inout ScaleWriter) {
        writer.writeSlice(leaf.preimage)
        writer.writeSlice(leaf.value)
    }

    /// Reads a run, which must end with a leaf.
    /// - Throws: `ScaleFault` when the bytes are no leaves.
    package static func read(_ bytes: [UInt8]) throws(ScaleFault) -> [TreeLeaf] {
        guard bytes.count <= mostBytes else { throw .tooLarge(offset: 0, limit: UInt64(mostBytes)) }
        var reader = ScaleReader(bytes)
        var leaves: [TreeLeaf] = []
        while reader.offset < bytes.count {
            let preimage = try reader.slice(limit: TreeLeaf.preimageLimit)
            guard StateKey(bytes: preimage) != nil else {
                throw .invalid(offset: reader.offset, what: "there is no record of such a key")
            }
            leaves.append(TreeLeaf(preimage: preimage, value: try reader.slice(limit: TreeLeaf.valueLimit)))
        }
        return leaves
    }
}

/// The parts of a checkpoint's file (docs/protocol/vm.md): a beginning, runs of leaves, and an end that counts them.
package enum CheckpointPart {
    /// What a file begins with.
    package static let magic = Array("SNCP".utf8)
    /// Bytes that say what follows: how long a run is, four bytes little-endian; zero: the number of all leaves follows, eight bytes.
    package static let lengthBytes = 4
    package static let countBytes = 8
    /// Most bytes of a head.
    package static let mostHead = 256

    /// The beginning: what it is, and the head as a run.
    package static func beginning(_ head: CheckpointHead) -> [UInt8] {
        let bytes = head.bytes
        return magic + length(bytes.count) + bytes
    }

    /// A run of leaves; it must not be empty.
    package static func run(_ leaves: [UInt8]) -> [UInt8] {
        length(leaves.count) + leaves
    }

    /// The end of a file with so many leaves.
    package static func end(count: UInt64) -> [UInt8] {
        length(0) + count.littleEndianBytes
    }

    /// A number of some bytes, the low ones first.
    package static func number(_ bytes: some BidirectionalCollection<UInt8>) -> UInt64 {
        UInt64(bigEndianBytes: bytes.reversed())
    }

    private static func length(_ count: Int) -> [UInt8] {
        UInt32(truncatingIfNeeded: count).littleEndianBytes
    }
}

package import NodeEncoding

/// Where a transaction is, and what became of it.
package struct ReceiptRecord: StateRecord {
    /// Most bytes of a result.
    private static let largestResult = 64 << 10

    /// Of its block.
    package var height: UInt64
    /// Among the block's transactions.
    package var place: UInt32
    /// A `TransactionResult` of `spacenode.vm.v1`.
    package var result: [UInt8]

    /// A receipt of these fields.
    package init(height: UInt64, place: UInt32, result: [UInt8]) {
        self.height = height
        self.place = place
        self.result = result
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        height = try reader.compact()
        place = try reader.compact32()
        result = try reader.slice(limit: Self.largestResult)
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(height)
        writer.writeCompact(UInt64(place))
        writer.writeSlice(result)
    }
}

package import NodeDomain
package import NodeEncoding

/// A plot that has ever proved its space, until its record is dropped.
package struct PlotRecord: StateRecord {
    /// Fixed at its first activation: the data is made with it.
    package var commitmentATX: Bytes32
    /// Whom it votes with.
    package var `operator`: Bytes32
    /// Where its rewards go.
    package var coinbase: Address
    /// The newest epoch that it has, or had, a row for.
    package var lastEpoch: UInt32

    /// A record of these fields.
    package init(commitmentATX: Bytes32, operator: Bytes32, coinbase: Address, lastEpoch: UInt32) {
        self.commitmentATX = commitmentATX
        self.operator = `operator`
        self.coinbase = coinbase
        self.lastEpoch = lastEpoch
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            commitmentATX: try reader.bytes32(), operator: try reader.bytes32(),
            coinbase: try reader.address(), lastEpoch: try reader.compact32())
    }

    package func write(to writer: inout ScaleWriter) {
        writer.write(commitmentATX)
        writer.write(`operator`)
        writer.write(coinbase)
        writer.writeCompact(UInt64(lastEpoch))
    }
}

/// The weight of a plot in one epoch, as its activation said; removed when it is paid.
package struct RowRecord: StateRecord {
    /// Its weight.
    package var units: UInt32
    /// Whom it votes with.
    package var `operator`: Bytes32
    /// Where its reward goes.
    package var coinbase: Address
    /// Whether the operator votes with it; its reward then waits as a stake.
    package var voting: Bool

    /// A record of these fields.
    package init(units: UInt32, operator: Bytes32, coinbase: Address, voting: Bool) {
        self.units = units
        self.operator = `operator`
        self.coinbase = coinbase
        self.voting = voting
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            units: try reader.compact32(), operator: try reader.bytes32(), coinbase: try reader.address(),
            voting: try reader.flag())
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(UInt64(units))
        writer.write(`operator`)
        writer.write(coinbase)
        writer.write(UInt8(voting ? 1 : 0))
    }
}

/// That a plot has lapsed: the key says in which epoch its record is dropped, unless it came back.
package struct ExpiryRecord: StateRecord {
    /// The plot's last epoch when it lapsed; a later one in its record: it came back.
    package var lastEpoch: UInt32

    /// A record of this field.
    package init(lastEpoch: UInt32) {
        self.lastEpoch = lastEpoch
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        lastEpoch = try reader.compact32()
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(UInt64(lastEpoch))
    }
}

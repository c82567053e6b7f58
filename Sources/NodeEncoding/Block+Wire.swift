package import NodeDomain

extension Block: ConsensusWire {
    /// The first byte.
    package static var wireTag: UInt8 { 6 }

    /// Writes the fields behind the tag.
    package func write(to writer: inout ScaleWriter) {
        header.write(to: &writer)
        for list in [items, transactions] {
            writer.writeCompact(UInt64(list.count))
            for entry in list { writer.writeSlice(entry) }
        }
        writer.writeOption(lastCommit) { $1.write(to: &$0) }
    }

    /// Reads the fields behind the tag.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, or over a limit.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        let header = try BlockHeader(from: &reader)
        var left = BlockLimit.bodyBytes
        self.init(
            header: header, items: try reader.entries(limit: BlockLimit.items, bytesLeft: &left),
            transactions: try reader.entries(limit: BlockLimit.transactions, bytesLeft: &left),
            lastCommit: try reader.option { reader throws(ScaleFault) in try Certificate(from: &reader) })
    }
}

extension BlockHeader {
    /// Writes all fields, in order.
    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(blockVersion)
        writer.writeCompact(appVersion)
        writer.writeSlice(Array(chain.utf8))
        writer.writeCompact(height)
        writer.write(time)
        writer.writeOption(lastBlock) { $0.write($1) }
        for hash in [
            lastCommitHash, dataHash, validatorsHash, nextValidatorsHash, consensusHash, appHash,
            lastResultsHash, evidenceHash,
        ] { writer.write(hash) }
        writer.write(raw: proposer.bytes)
    }

    /// Reads all fields, in order.
    ///
    /// - Throws: `ScaleFault` when they are not canonical, over a limit, or there is no set that decides.
    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        let versions = (try reader.compact(), try reader.compact())
        let chain = try reader.slice(limit: BlockHeader.mostChainBytes)
        guard chain.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .invalid(offset: reader.offset, what: "a chain's id is of visible ASCII letters")
        }
        self.init(
            blockVersion: versions.0, appVersion: versions.1, chain: String(decoding: chain, as: UTF8.self),
            height: try reader.height(), time: try reader.time(),
            lastBlock: try reader.option { reader throws(ScaleFault) in try reader.block() }, proposer: .zero)
        lastCommitHash = try reader.bytes32()
        dataHash = try reader.bytes32()
        validatorsHash = try reader.bytes32()
        nextValidatorsHash = try reader.bytes32()
        consensusHash = try reader.bytes32()
        appHash = try reader.bytes32()
        lastResultsHash = try reader.bytes32()
        evidenceHash = try reader.bytes32()
        guard validatorsHash != .zero else {
            throw .invalid(offset: reader.offset, what: "it names no set: a header says who decides on it")
        }
        proposer = ValidatorAddress(try reader.bytes(ValidatorAddress.count)) ?? .zero
    }
}

extension ScaleReader {
    /// A list of slices that together take no more bytes than are left.
    fileprivate mutating func entries(limit: Int, bytesLeft: inout Int) throws(ScaleFault) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        for _ in 0..<(try compact(limit: UInt64(limit))) {
            let entry = try slice(limit: bytesLeft)
            guard !entry.isEmpty else { throw .invalid(offset: offset, what: "an entry is of no bytes") }
            bytesLeft -= entry.count
            entries.append(entry)
        }
        return entries
    }
}

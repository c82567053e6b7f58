internal import NodeDomain
internal import NodeEncoding

/// The log of a height: a mark that names the height, then what happened, in order (spec: consensus, §3.4).
///
/// A height's log is replaced by the next one's when its block is stored and applied, so a log never holds more than one height.
package enum ConsensusLog {
    /// The largest message: a part of a block, or a certificate of all members.
    package static let largestMessage = 1 << 18
    /// The largest record: a whole body.
    package static let largestRecord = BlockLimit.bytes + largestMessage
    private static let magic: [UInt8] = Array("SNCL".utf8) + [1, 0, 0, 0]

    /// What the log of a height begins with.
    package static func mark(chain: String, height: UInt64) -> [UInt8] {
        var writer = ScaleWriter()
        writer.writeCompact(height)
        writer.writeSlice(Array(chain.utf8))
        return magic + CheckedFrames.frame(writer.bytes)
    }

    /// A record as it stands in the log.
    package static func bytes(of record: ConsensusRecord) -> [UInt8] { CheckedFrames.frame(record.wire) }
}

/// What a log says, up to its end or its first fault.
package struct ConsensusLogReading: Sendable {
    /// The height that it is of; nil: it has no mark.
    package private(set) var height: UInt64?
    /// The chain that it is of.
    package private(set) var chain = ""
    /// What happened.
    package private(set) var records: [ConsensusRecord] = []
    /// Up to where the bytes are good.
    package private(set) var goodBytes = 0
    /// Why not to the end; nil: to the end.
    package private(set) var fault: String?

    /// Reads a file's bytes; whatever is torn is left out.
    package init(_ bytes: [UInt8]) {
        if bytes.isEmpty { return }
        do {
            try readMark(bytes)
            while goodBytes < bytes.count {
                let payload = try CheckedFrames.payload(
                    bytes, at: goodBytes, largest: ConsensusLog.largestRecord)
                records.append(try ConsensusRecord(wire: Array(payload)))
                goodBytes += CheckedFrames.head + payload.count
            }
        } catch {
            fault = "\(error)"
        }
    }

    private mutating func readMark(_ bytes: [UInt8]) throws {
        let magic = ConsensusLog.mark(chain: "", height: 0).prefix(8)
        guard bytes.starts(with: magic) else {
            throw CheckedFrames.Fault(0, "there is no mark of a log of this version")
        }
        let payload = try CheckedFrames.payload(bytes, at: magic.count, largest: 256)
        var reader = ScaleReader(Array(payload))
        let height = try reader.compact()
        chain = String(decoding: try reader.slice(limit: BlockHeader.mostChainBytes), as: UTF8.self)
        try reader.finish()
        self.height = height
        goodBytes = magic.count + CheckedFrames.head + payload.count
    }
}

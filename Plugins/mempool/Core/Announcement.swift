package import NodeDomain
package import NodeEncoding

/// Says to peers which candidates of one kind wait here: `version kind count ids`, in SCALE.
package struct Announcement: Hashable, Sendable {
    /// The only version there is.
    package static let version: UInt8 = 1

    /// Of all of them.
    package let kind: CandidateKind
    /// In the order in which they came, each once.
    package let ids: [Bytes32]

    /// An announcement; nil without ids, with more than 512, or with one of them twice.
    package init?(_ kind: CandidateKind, _ ids: [Bytes32]) {
        guard (1...MempoolLimit.announced).contains(ids.count), Set(ids).count == ids.count else {
            return nil
        }
        self.kind = kind
        self.ids = ids
    }

    /// Canonical bytes.
    package var bytes: [UInt8] {
        var writer = ScaleWriter()
        writer.write(Announcement.version)
        writer.write(kind.rawValue)
        writer.writeCompact(UInt64(ids.count))
        for id in ids { writer.write(id) }
        return writer.bytes
    }

    /// Reads an announcement from anybody.
    /// - Throws: `ScaleFault` when the bytes are none in its one encoding.
    package init(bytes: [UInt8]) throws(ScaleFault) {
        var reader = ScaleReader(bytes)
        let version = try reader.byte()
        guard version == Announcement.version else {
            throw .invalid(offset: reader.offset, what: "its version is \(version), only 1 is known")
        }
        let number = try reader.byte()
        guard let kind = CandidateKind(rawValue: number) else {
            throw .invalid(offset: reader.offset, what: "there is no kind \(number): 1 to 4 are known")
        }
        let ids = try reader.nodes(limit: MempoolLimit.announced)
        try reader.finish()
        guard let announcement = Announcement(kind, ids) else {
            throw .invalid(offset: reader.offset, what: "it names 1 to 512 ids, each once")
        }
        self = announcement
    }
}

internal import NodeCrypto
internal import NodeEncoding

/// What a node knows of others beyond its own life: where they are, and who is banned.
///
/// The file: a head, the book and the bans as SCALE strings, SHA-256 of all before it.
package struct PeerMemory: Sendable {
    private static let head = Array("spacenode-memory/1\n".utf8)
    /// Bytes of the largest file.
    package static let largestFile = PeerBook.largestFile + (4 << 20)

    /// Where others are.
    package var book: PeerBook
    /// Who is banned.
    package var bans: BanList

    /// Of these.
    package init(book: PeerBook, bans: BanList = BanList()) {
        (self.book, self.bans) = (book, bans)
    }

    /// The file.
    package func file(now: UInt64) -> [UInt8] {
        let bytes = Self.head + contents(now: now)
        return bytes + SHA2.sha256(bytes)
    }

    /// What stands between head and checksum.
    package func contents(now: UInt64) -> [UInt8] {
        var writer = ScaleWriter()
        writer.writeSlice(book.file(now: now))
        writer.writeSlice(bans.bytes(now: now))
        return writer.bytes
    }

    /// Reads a file.
    /// - Parameters:
    ///   - file: its bytes.
    ///   - parameters: of the book.
    ///   - seed: of the book's choices.
    ///   - now: milliseconds.
    ///   - away: milliseconds since it was written, as far as known.
    /// - Throws: `PeerBookFileFault`: the node goes on as one that knows nobody.
    package init(
        file: [UInt8], _ parameters: PeerBookParameters, seed: UInt64, now: UInt64, away: UInt64 = 0
    ) throws(PeerBookFileFault) {
        guard file.count <= Self.largestFile, file.starts(with: Self.head), file.count >= Self.head.count + 32
        else { throw .kind }
        let bytes = Array(file.dropLast(32))
        guard SHA2.sha256(bytes).elementsEqual(file.suffix(32)) else { throw .checksum }
        try self.init(
            contents: Array(bytes.dropFirst(Self.head.count)), parameters, seed: seed, now: now, away: away)
    }

    /// Reads what stands between head and checksum.
    /// - Throws: `PeerBookFileFault`.
    package init(
        contents: [UInt8], _ parameters: PeerBookParameters, seed: UInt64, now: UInt64, away: UInt64 = 0
    ) throws(PeerBookFileFault) {
        var reader = ScaleReader(contents)
        let parts: (book: [UInt8], bans: [UInt8])
        do {
            parts = (try reader.slice(limit: PeerBook.largestFile), try reader.slice(limit: 4 << 20))
            try reader.finish()
            bans = try BanList(bytes: parts.bans, now: now, away: away)
        } catch {
            throw .contents("\(error)")
        }
        book = try PeerBook(file: parts.book, parameters, seed: seed, now: now, away: away)
    }
}

internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding

/// Why a file is no address book; the node goes on with an empty one.
package enum PeerBookFileFault: Error, Hashable, Sendable {
    /// It does not begin as one, or is of another version.
    case kind
    /// Its checksum does not hold.
    case checksum
    /// What it says cannot be.
    case contents(String)
}

extension PeerBookFileFault: CustomStringConvertible {
    /// One sentence.
    package var description: String {
        switch self {
        case .kind: "the file is no address book of this version"
        case .checksum: "the address book's checksum does not hold: the file is damaged"
        case .contents(let what): "the address book's contents cannot be: \(what)"
        }
    }
}

/// The book as a file: a head, canonical SCALE, SHA-256 of both.
///
/// Times stand as ages in seconds, as a monotonic clock does not outlive the machine's start.
extension PeerBook {
    private static let head = Array("spacenode-peers/1\n".utf8)
    /// Bytes of the largest file: all slots full, each record and address as long as may be.
    package static let largestFile = 96 << 20
    private static let mostEntries = UInt64(
        (PeerBookParameters.newBuckets + PeerBookParameters.triedBuckets) * PeerBookParameters.slots)

    /// The whole book.
    package func file(now: UInt64) -> [UInt8] {
        var writer = ScaleWriter()
        writer.writeCompact(hash.key0)
        writer.writeCompact(hash.key1)
        writer.writeCompact(UInt64(anchors.count))
        for anchor in anchors { writer.write(anchor) }
        let entries = entries.compactMap { $0 }.sorted { $0.contact.peer < $1.contact.peer }
        writer.writeCompact(UInt64(entries.count))
        for entry in entries { writer.write(entry, Self.time(now)) }
        let bytes = Self.head + writer.bytes
        return bytes + SHA2.sha256(bytes)
    }

    /// Reads a book.
    /// - Parameters:
    ///   - file: its bytes.
    ///   - parameters: sizes and rules.
    ///   - seed: of choices.
    ///   - now: milliseconds.
    ///   - away: milliseconds since it was written, as far as known.
    /// - Throws: `PeerBookFileFault`.
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
        let (time, most) = (Self.time(now), Int64(1 << 40))
        let away = Int64(min(away, UInt64(most)))
        do {
            let key = KeyedHash(key0: try reader.compact(), key1: try reader.compact())
            self.init(parameters, key: key, seed: seed)
            for _ in 0..<(try reader.compact(limit: UInt64(PeerBookParameters.mostAnchors))) {
                anchors.append(try reader.contact())
            }
            var last: PeerID?
            for _ in 0..<(try reader.compact(limit: Self.mostEntries)) {
                let (entry, buckets) = try reader.entry(time - away)
                if let last, last >= entry.contact.peer {
                    throw ScaleFault.invalid(offset: reader.offset, what: "peers are not in order")
                }
                last = entry.contact.peer
                guard place(entry, buckets) else {
                    throw ScaleFault.invalid(offset: reader.offset, what: "a peer has no place")
                }
            }
            try reader.finish()
        } catch {
            throw .contents("\(error)")
        }
    }

    /// Puts an entry where the file says; false: another stands there, or it would stand nowhere.
    private mutating func place(_ entry: BookEntry, _ buckets: [Int]) -> Bool {
        guard entry.isTried == buckets.isEmpty, Set(buckets).count == buckets.count else { return false }
        if entry.isTried {
            let slot = triedSlot(entry.contact)
            guard triedSlots[slot] == nil else { return false }
            setTried(slot, insert(entry))
            return true
        }
        guard buckets.allSatisfy({ newSlots[newSlot(entry.contact, bucket: $0)] == nil }) else {
            return false
        }
        let place = insert(entry)
        for bucket in buckets { put(place, bucket: bucket) }
        return true
    }
}

extension ScaleWriter {
    fileprivate mutating func write(_ contact: PeerContact) {
        write(contact.peer.publicKey)
        writeCompact(UInt64(contact.addresses.count))
        for address in contact.addresses { writeSlice(address.bytes) }
        writeSlice(contact.record)
        writeCompact(contact.number)
    }

    fileprivate mutating func write(_ entry: BookEntry, _ now: Int64) {
        write(entry.contact)
        writeCompact(entry.source.key)
        write(age: entry.heard, now)
        for time in [entry.dialled, entry.reached] {
            write(time == nil ? 0 : 1 as UInt8)
            if let time { write(age: time, now) }
        }
        writeCompact(UInt64(entry.failures))
        // No bucket: it stands among those that were reached. The order of buckets decides nothing.
        let buckets = (0..<entry.references).map { UInt64(entry.buckets[$0]) }.sorted()
        writeCompact(UInt64(buckets.count))
        for bucket in buckets { writeCompact(bucket) }
    }

    private mutating func write(age time: Int64, _ now: Int64) {
        writeCompact(UInt64(max(now - time, 0) / 1_000))
    }
}

extension ScaleReader {
    /// Seconds of the highest age: three hundred centuries, which no sum overflows.
    private static let highestAge: UInt64 = 1 << 40

    fileprivate mutating func contact() throws(ScaleFault) -> PeerContact {
        let peer = PeerID(publicKey: try bytes32())
        var addresses: [Multiaddress] = []
        for _ in 0..<(try compact(limit: UInt64(PeerBookParameters.mostAddresses))) {
            let bytes = try slice(limit: Multiaddress.largest)
            guard let address = try? Multiaddress(bytes: bytes), address.peer == nil else {
                throw .invalid(offset: offset, what: "an address is none")
            }
            addresses.append(address)
        }
        guard !addresses.isEmpty else { throw .invalid(offset: offset, what: "a peer is nowhere") }
        let record = try slice(limit: PeerBookParameters.largestRecord)
        return PeerContact(peer: peer, addresses: addresses, record: record, number: try compact())
    }

    fileprivate mutating func entry(_ now: Int64) throws(ScaleFault) -> (BookEntry, [Int]) {
        let contact = try contact()
        let source = NetworkGroup(storedKey: try compact())
        var entry = BookEntry(contact, source: source, heard: try time(now))
        if try byte(limit: 1) == 1 { entry.dialled = try time(now) }
        if try byte(limit: 1) == 1 { entry.reached = try time(now) }
        entry.failures = Int(try compact(limit: UInt64(UInt16.max)))
        var buckets: [Int] = []
        for _ in 0..<(try compact(limit: UInt64(PeerBookParameters.mostReferences))) {
            let bucket = Int(try compact(limit: UInt64(PeerBookParameters.newBuckets - 1)))
            guard buckets.last ?? -1 < bucket else {
                throw .invalid(offset: offset, what: "buckets are not in order")
            }
            buckets.append(bucket)
        }
        entry.isTried = buckets.isEmpty
        return (entry, buckets)
    }

    private mutating func byte(limit: UInt8) throws(ScaleFault) -> UInt8 {
        let byte = try byte()
        guard byte <= limit else { throw .tooLarge(offset: offset - 1, limit: UInt64(limit)) }
        return byte
    }

    private mutating func time(_ now: Int64) throws(ScaleFault) -> Int64 {
        now - Int64(try compact(limit: Self.highestAge)) * 1_000
    }
}

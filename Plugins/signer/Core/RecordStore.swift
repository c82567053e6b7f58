package import NodeDomain

/// One step of putting a record on the disk; a crash may come before, in or after each.
package enum DiskStep: Hashable, Sendable {
    /// Makes the file, or empties it, and writes these bytes; mode 0600.
    case write(file: String, bytes: [UInt8])
    /// Waits until the file's bytes are on the disk.
    case sync(file: String)
    /// Puts a file in another's place.
    case rename(from: String, to: String)
    /// Waits until the folder's names are on the disk.
    case syncFolder
}

/// The folder of records, as what carries the steps out: a real one, or a simulated one that loses power.
package protocol RecordDisk {
    /// Carries one step out.
    /// - Throws: when it could not be, or may not have been.
    mutating func perform(_ step: DiskStep) throws
}

/// Files of records, and the order in which they are replaced.
package enum RecordStore {
    /// Name of a key's file.
    package static func file(of key: Bytes32) -> String { "\(key).record" }

    /// Name of the file that the next record is written to first.
    package static func nextFile(of key: Bytes32) -> String { "\(key).record.next" }

    /// The steps after which a record is on the disk, whatever happens later.
    package static func steps(storing record: SigningRecord) -> [DiskStep] {
        let (file, next) = (file(of: record.key), nextFile(of: record.key))
        return [
            .write(file: next, bytes: record.bytes), .sync(file: next), .rename(from: next, to: file),
            .syncFolder,
        ]
    }

    /// Reads a key's record from the bytes of its file.
    /// - Parameter bytes: nil: there is no file.
    /// - Throws: `RecordFault`: the key must not sign.
    package static func record(of key: Bytes32, from bytes: [UInt8]?) throws(RecordFault) -> SigningRecord {
        guard let bytes else { throw .missing }
        let record = try SigningRecord(bytes: bytes)
        guard record.key == key else { throw .otherKey }
        return record
    }
}

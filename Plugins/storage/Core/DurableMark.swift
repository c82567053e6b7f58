/// The greatest operation known to be on the disk, as a small file keeps it.
///
/// The file is written after each sync and not synced itself, so it may be late but is never early. After a crash it tells a
/// torn end of the log, which nobody was promised, from damage to what was promised.
package struct DurableMark: Sendable, Hashable {
    package let sequence: UInt64

    /// A mark.
    package init(sequence: UInt64) {
        self.sequence = sequence
    }

    /// Reads the file; anything but a whole mark is nil: nothing is known then.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.count else { return nil }
        let sequence = Self.number(bytes.prefix(8))
        guard Self.number(bytes.dropFirst(8)) == Self.check(sequence) else { return nil }
        self.sequence = sequence
    }

    package static let count = 16

    /// Sequence and check value, each 8 bytes, low byte first.
    package var bytes: [UInt8] {
        [sequence, Self.check(sequence)].flatMap { number in
            (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
        }
    }

    private static func number(_ bytes: some Collection<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// FNV-1a over the number's bytes: zeros and torn writes do not pass.
    private static func check(_ sequence: UInt64) -> UInt64 {
        (0..<8).reduce(0xcbf2_9ce4_8422_2325) { hash, place in
            (hash ^ (sequence >> (8 * UInt64(place)) & 0xff)) &* 0x100_0000_01b3
        }
    }
}

/// What to do with a log that does not read to its end.
package enum LogVerdict: Sendable, Hashable {
    /// What is missing was never promised: open without it.
    case openWithout(note: String)
    /// What is missing was promised: do not open.
    case refuse(String)

    /// Judges by where the readable log ends and what is known to have been on the disk.
    package init(readable: UInt64, durable: DurableMark?, failure: StorageFailure, directory: String) {
        guard let durable, durable.sequence > readable else {
            self = .openWithout(
                note:
                    "the log was cut off after operation \(readable) (\(failure.text)): what came after was not acknowledged as durable, and is dropped"
            )
            return
        }
        self = .refuse(
            "the log in \(directory) is damaged after operation \(readable), but \(durable.sequence) were acknowledged as durable (\(failure.text))"
        )
    }
}

package import NodeDomain
package import NodeEncoding

/// What the journal says of one candidate.
package enum JournalRecord: Hashable, Sendable {
    /// It waits, under this number of arrival.
    case admitted(CandidateKind, arrival: UInt64, raw: [UInt8])
    /// It waits no longer.
    case removed(Bytes32)

    /// `1 kind arrival raw`, or `2 id`; the arrival in eight bytes, little-endian.
    var payload: [UInt8] {
        switch self {
        case .admitted(let kind, let arrival, let raw):
            [1, kind.rawValue] + (0..<8).map { UInt8(truncatingIfNeeded: arrival >> (8 * UInt64($0))) } + raw
        case .removed(let id): [2] + id.bytes
        }
    }

    /// Reads a payload; nil: it is none.
    init?(payload: ArraySlice<UInt8>) {
        let start = payload.startIndex
        switch payload.first {
        case 1:
            guard payload.count > 10, let kind = CandidateKind(rawValue: payload[start + 1]),
                payload.count - 10 <= MempoolLimit.bytes(of: kind)
            else { return nil }
            let arrival = (0..<8).reduce(UInt64(0)) { $0 | UInt64(payload[start + 2 + $1]) << UInt64(8 * $1) }
            self = .admitted(kind, arrival: arrival, raw: Array(payload[(start + 10)...]))
        case 2:
            guard let id = Bytes32(payload.dropFirst()) else { return nil }
            self = .removed(id)
        default: return nil
        }
    }
}

/// The file that a mempool begins again from: a mark, then records, each behind its length and its checksum.
///
/// `SNMP 01 00 00 00`, then again and again `length u32  crc32c u32  payload`, little-endian. What it says is never believed: the ledger
/// judges everything anew at a start.
package enum Journal {
    /// What the file begins with.
    package static let mark: [UInt8] = Array("SNMP".utf8) + [1, 0, 0, 0]
    /// Bytes of a record before its payload.
    package static let head = CheckedFrames.head
    /// The largest payload.
    package static let largestPayload =
        10 + (CandidateKind.allCases.map { MempoolLimit.bytes(of: $0) }.max() ?? 0)

    /// A record as it stands in the file.
    package static func bytes(of record: JournalRecord) -> [UInt8] { CheckedFrames.frame(record.payload) }
}

/// What a journal says, up to its end or its first fault.
package struct JournalReading: Hashable, Sendable {
    /// What waits by its records, in the order of arrival.
    package private(set) var candidates: [Candidate] = []
    /// How many records were read.
    package private(set) var records = 0
    /// Up to where the bytes are good.
    package private(set) var goodBytes = 0
    /// Why not to the end; nil: to the end.
    package private(set) var fault: CheckedFrames.Fault?

    /// Reads a file's bytes, from anywhere.
    package init(_ bytes: [UInt8]) {
        var waiting: [Bytes32: (candidate: Candidate, arrival: UInt64)] = [:]
        if bytes.isEmpty { return }
        guard bytes.starts(with: Journal.mark) else {
            fault = CheckedFrames.Fault(0, "there is no mark of a journal of this version")
            return
        }
        goodBytes = Journal.mark.count
        while goodBytes < bytes.count {
            let (record, size): (JournalRecord, Int)
            do throws(CheckedFrames.Fault) {
                (record, size) = try Self.record(bytes, at: goodBytes)
            } catch {
                fault = error
                candidates = Self.order(waiting)
                return
            }
            switch record {
            case .admitted(let kind, let arrival, let raw):
                let candidate = Candidate(kind, raw)
                waiting[candidate.id] = (candidate, arrival)
            case .removed(let id): waiting[id] = nil
            }
            records += 1
            goodBytes += size
        }
        candidates = Self.order(waiting)
    }

    private static func order(
        _ waiting: [Bytes32: (candidate: Candidate, arrival: UInt64)]
    ) -> [Candidate] {
        waiting.values.sorted { ($0.arrival, $0.candidate.id) < ($1.arrival, $1.candidate.id) }.map(
            \.candidate)
    }

    private static func record(
        _ bytes: [UInt8], at start: Int
    ) throws(CheckedFrames.Fault) -> (record: JournalRecord, size: Int) {
        let payload = try CheckedFrames.payload(bytes, at: start, largest: Journal.largestPayload)
        guard let record = JournalRecord(payload: payload) else {
            throw CheckedFrames.Fault(start, "a record of an unknown form begins")
        }
        return (record, CheckedFrames.head + payload.count)
    }
}

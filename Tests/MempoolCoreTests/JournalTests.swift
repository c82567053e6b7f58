import MempoolCore
import NodeDomain
import NodeEncoding
import TestSupport
import Testing

@Suite("Journal")
struct JournalTests {
    private let records: [JournalRecord] = [
        .admitted(.transaction, arrival: 0, raw: [1, 2, 3]),
        .admitted(.activation, arrival: 7, raw: [UInt8](repeating: 9, count: 300)),
        .removed(Candidate(.transaction, [1, 2, 3]).id),
        .admitted(.evidence, arrival: .max, raw: [4]),
    ]

    @Test("CRC-32C of RFC 3720's examples")
    func checksum() {
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(CRC32C.checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(CRC32C.checksum(0..<32) == 0x46dd_794e)
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xe306_9283)
    }

    @Test("what was written is read, and what was removed is gone")
    func whole() {
        let file = records.reduce(Journal.mark) { $0 + Journal.bytes(of: $1) }
        let reading = JournalReading(file)
        #expect(reading.records == 4 && reading.goodBytes == file.count && reading.fault == nil)
        #expect(reading.candidates.map(\.kind) == [.activation, .evidence])
        #expect(JournalReading([]).fault == nil && JournalReading([]).candidates.isEmpty)
        #expect(JournalReading(Array("else".utf8)).fault?.offset == 0)
    }

    @Test("torn at each byte: the whole records before are kept, the rest is named")
    func torn() {
        let parts = records.map { Journal.bytes(of: $0) }
        let file = parts.reduce(Journal.mark, +)
        var ends = [Journal.mark.count]
        for part in parts { ends.append((ends.last ?? 0) + part.count) }
        for length in 1..<file.count {
            let reading = JournalReading(Array(file[..<length]))
            let good = ends.last { $0 <= length } ?? 0
            #expect(reading.goodBytes == good)
            #expect((reading.fault == nil) == (good == length))
            #expect(reading.records == (ends.firstIndex(of: good) ?? 0))
        }
    }

    @Test("each flipped bit is found, and nothing behind it is believed")
    func flipped() {
        let parts = records.map { Journal.bytes(of: $0) }
        let file = parts.reduce(Journal.mark, +)
        for bit in 0..<8 * file.count {
            var spoilt = file
            spoilt[bit / 8] ^= 1 << UInt8(bit % 8)
            let reading = JournalReading(spoilt)
            #expect(reading.fault != nil && reading.goodBytes <= bit / 8)
        }
    }

    @Test("lengths at their edges")
    func lengths() {
        func file(_ count: Int) -> [UInt8] {
            Journal.mark
                + Journal.bytes(
                    of: .admitted(.poetProof, arrival: 1, raw: [UInt8](repeating: 1, count: count)))
        }
        let limit = MempoolLimit.bytes(of: .poetProof)
        #expect(JournalReading(file(limit)).candidates.count == 1)
        #expect(JournalReading(file(limit + 1)).fault?.offset == Journal.mark.count)
        #expect(JournalReading(file(0)).fault != nil)
        let zero = Journal.mark + [0, 0, 0, 0, 0, 0, 0, 0]
        #expect(JournalReading(zero).goodBytes == Journal.mark.count)
    }
}

@Suite("Announcements")
struct AnnouncementTests {
    @Test("read as written; counts at their edges; nothing twice")
    func edges() throws {
        let ids = (0..<513 as Range<UInt64>).map { key($0) }
        for count in [1, 63, 64, 512] {
            let announcement = try #require(Announcement(.activation, Array(ids[..<count])))
            #expect(try Announcement(bytes: announcement.bytes) == announcement)
        }
        #expect(Announcement(.activation, ids) == nil && Announcement(.activation, []) == nil)
        #expect(Announcement(.activation, [key(1), key(1)]) == nil)
        let one = try #require(Announcement(.transaction, [key(1)])).bytes
        let faulty: [[UInt8]] = [
            [2] + one[1...], [1, 0] + one[2...], [1, 5] + one[2...], one + [0], Array(one.dropLast()),
            [1, 1, 0], [1, 1, 8] + key(1).bytes + key(1).bytes, [],
        ]
        for spoilt in faulty {
            #expect(throws: ScaleFault.self) { try Announcement(bytes: spoilt) }
        }
    }
}

import NodeCrypto
import NodeDomain
import SignerCore
import Testing

/// Records as bytes, and what a start makes of them.
@Suite("Signing records")
struct RecordTests {
    private var records: [SigningRecord] {
        let signed = Given.record(after: Given.request(10, 1, .prevote, block: 1))
        return [
            SigningRecord(newKey: Given.key), signed, signed.retired,
            Given.record(after: Given.request(SigningPoint.highest, .max, .precommit, block: 0)),
            SigningRecord(
                key: Given.key, chain: Given.chain, point: .end(ofHeight: 5_000), signed: nil,
                isRetired: false),
        ]
    }

    @Test("written and read alike")
    func roundTrip() throws {
        for record in records {
            let bytes = record.bytes
            #expect(bytes.count <= SigningRecord.mostBytes)
            #expect(try SigningRecord(bytes: bytes) == record)
        }
    }

    @Test("a record that was cut, changed or lengthened anywhere is none")
    func damage() {
        for record in records {
            let bytes = record.bytes
            for place in bytes.indices {
                #expect(throws: RecordFault.self) { try SigningRecord(bytes: Array(bytes[..<place])) }
                var changed = bytes
                changed[place] ^= 1
                #expect(throws: RecordFault.self) { try SigningRecord(bytes: changed) }
            }
            #expect(throws: RecordFault.self) { try SigningRecord(bytes: bytes + [0]) }
            #expect(throws: RecordFault.form) {
                try SigningRecord(bytes: bytes + [UInt8](repeating: 0, count: SigningRecord.mostBytes))
            }
        }
    }

    @Test("fields that do not belong together are refused though the check sum holds")
    func canonical() {
        let signed = SigningRecord.Signed(bytes: [1], signature: Given.signature(of: [1]))
        let wrong = [
            SigningRecord(
                key: Given.key, chain: Given.chain, point: .start, signed: signed, isRetired: false),
            SigningRecord(
                key: Given.key, chain: nil, point: .end(ofHeight: 1), signed: nil, isRetired: false),
            SigningRecord(
                key: Given.key, chain: Given.chain,
                point: SigningPoint(height: 1, round: 0, step: .nothing), signed: nil, isRetired: false),
            SigningRecord(
                key: Given.key, chain: Given.chain, point: .end(ofHeight: 1),
                signed: .init(bytes: [], signature: signed.signature), isRetired: false),
        ]
        for record in wrong {
            #expect(!record.isWellFormed)
            #expect(throws: RecordFault.self) { try SigningRecord(bytes: record.bytes) }
        }
        // A longer form of the same number, under a check sum that holds.
        let bytes = SigningRecord(newKey: Given.key).bytes
        let content = Array(bytes.dropLast(32))
        let longer: [UInt8] = Array(content.dropLast(4)) + [1, 0] + content.suffix(3)
        #expect(throws: RecordFault.self) {
            try SigningRecord(bytes: longer + BLAKE3.hash(longer).bytes)
        }
    }

    @Test("a key without its record is not used, a key of nobody is made on a network of one's own alone")
    func start() {
        let record = records[1]
        func start(_ bytes: [UInt8]?, hasVrf: Bool = true) -> SignerStart {
            SignerStart(consensus: Given.key, hasVrf: hasVrf, isBrokenOff: false, record: bytes, isOwn: true)
        }
        func isRefused(_ start: SignerStart) -> Bool { if case .refuse = start { true } else { false } }
        #expect(start(record.bytes) == .serve(record))
        #expect(isRefused(start(nil)))
        #expect(isRefused(start([])))
        #expect(isRefused(start(Array(record.bytes.dropLast()))))
        #expect(isRefused(start(record.retired.bytes)))
        #expect(isRefused(start(SigningRecord(newKey: Given.number(9)).bytes)), "another key's")
        #expect(isRefused(start(record.bytes, hasVrf: false)))
        let none = { (isOwn: Bool, hasVrf: Bool, isBrokenOff: Bool) in
            SignerStart(consensus: nil, hasVrf: hasVrf, isBrokenOff: isBrokenOff, record: nil, isOwn: isOwn)
        }
        #expect(none(true, false, false) == .makeKeys)
        #expect(none(true, true, true) == .makeKeys, "what was broken off is begun anew")
        #expect(isRefused(none(true, true, false)))
        guard case .wait = none(false, false, false) else {
            Issue.record("keys are made on a network that is not this node's")
            return
        }
        if case .refuse(let text) = start(nil) { #expect(text.contains("signer import")) }
    }
}

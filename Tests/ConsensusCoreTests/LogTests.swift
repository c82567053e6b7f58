import ConsensusCore
import NodeDomain
import NodeEncoding
import Testing

/// One record of each kind of event.
func sampleRecords() -> [ConsensusRecord] {
    let target = sampleTarget("block")
    let signature = [UInt8](repeating: 7, count: 64)
    let vote = Vote(kind: .prevote, height: 3, round: 1, target: target, member: 2, signature: signature)
    let proposal = Proposal(height: 3, round: 1, polRound: 0, target: target, signature: signature)
    var members = MemberBitmap(count: 4)
    for place in [0, 1, 3] { members.insert(place) }
    func certificate(_ kind: VoteKind) -> Certificate {
        Certificate(
            kind: kind, height: 3, round: 0, target: target, members: members,
            signatures: [[UInt8]](repeating: signature, count: 3))
    }
    var header = BlockHeader(
        blockVersion: 1, appVersion: 1, chain: "test-0", height: 3, time: target.time,
        lastBlock: target.block,
        proposer: Validator(key: sampleKey("a"), power: 1).address)
    header.validatorsHash = sampleKey("set")
    header.nextValidatorsHash = sampleKey("set")
    let block = Block(
        header: header, items: [[1, 2]], transactions: [[3], [4, 5]], lastCommit: certificate(.precommit))
    let part = BlockPart(height: 3, round: 1, index: 0, total: 2, bytes: [1, 2, 3], proof: [.zero])
    let status = ConsensusStatus(
        height: 3, round: 1, step: .prevote, parts: members, prevotes: members, precommits: members)
    let messages: [ConsensusMessage] = [
        .vote(vote), .proposal(ProposalMessage(proposal: proposal, polka: certificate(.prevote))),
        .part(part), .certificate(certificate(.prevote)), .status(status),
    ]
    let events: [ConsensusEvent] =
        messages.map { .message($0, from: 5) } + [
            .timeout(.begin), .timeout(.gossip), .timeout(.round(.propose, 0)), .timeout(.round(.prevote, 1)),
            .timeout(.round(.precommit, .max)), .prepared(round: 2, nil),
            .prepared(round: 2, ProposalBody(items: [[1], []], transactions: [[9, 9]])),
            .judged(target.block, isAccepted: true), .judged(target.block, isAccepted: false),
            .signed(.vote(vote)), .signed(.proposal(proposal)), .refused(SignedWord.vote(vote)),
            .refused(.proposal(proposal)), .decided(block, certificate(.precommit), from: 0),
        ]
    return events.enumerated().map {
        ConsensusRecord(now: 1_800_000_000_000 + UInt64($0.offset), event: $0.element)
    }
}

@Suite("Consensus: the log")
struct LogTests {
    private let mark = ConsensusLog.mark(chain: "test-0", height: 3)

    @Test("every kind of record is read as it was written")
    func roundTrip() throws {
        for record in sampleRecords() {
            #expect(try ConsensusRecord(wire: record.wire) == record)
        }
    }

    @Test("a record with a byte too many, too few or of no kind is refused")
    func refused() {
        for record in sampleRecords() {
            #expect(throws: ScaleFault.self) { try ConsensusRecord(wire: record.wire + [0]) }
            #expect(throws: ScaleFault.self) { try ConsensusRecord(wire: record.wire.dropLast()) }
            for cut in stride(from: 0, to: record.wire.count, by: 7) {
                #expect(throws: ScaleFault.self) { try ConsensusRecord(wire: Array(record.wire.prefix(cut))) }
            }
        }
    }

    @Test("a whole log is read to its end")
    func whole() {
        let records = sampleRecords()
        let bytes = mark + records.flatMap { ConsensusLog.bytes(of: $0) }
        let reading = ConsensusLogReading(bytes)
        #expect(reading.height == 3)
        #expect(reading.chain == "test-0")
        #expect(reading.records == records)
        #expect(reading.goodBytes == bytes.count)
        #expect(reading.fault == nil)
    }

    @Test("a log that is torn at any byte is read up to the last whole record")
    func torn() {
        let records = sampleRecords()
        var bytes = mark
        var ends: [Int] = [mark.count]
        for record in records {
            bytes += ConsensusLog.bytes(of: record)
            ends.append(bytes.count)
        }
        for cut in 0...bytes.count {
            let reading = ConsensusLogReading(Array(bytes.prefix(cut)))
            let whole = ends.lastIndex { $0 <= cut }
            #expect(reading.records.count == whole ?? 0)
            #expect(reading.goodBytes == whole.map { ends[$0] } ?? 0)
            #expect(reading.height == (whole == nil ? nil : 3))
            #expect((reading.fault == nil) == (cut == 0 || whole.map { ends[$0] == cut } ?? false))
        }
    }

    @Test("a log in which any byte is another is read up to the record before it")
    func damaged() {
        let records = Array(sampleRecords().prefix(6))
        let bytes = mark + records.flatMap { ConsensusLog.bytes(of: $0) }
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 0x10
            let reading = ConsensusLogReading(other)
            #expect(reading.fault != nil)
            #expect(reading.goodBytes <= place)
            #expect(Array(records.prefix(reading.records.count)) == reading.records)
        }
    }

    @Test("no file and a file of something else are no log of any height")
    func foreign() {
        #expect(ConsensusLogReading([]).height == nil)
        #expect(ConsensusLogReading([]).fault == nil)
        let other = ConsensusLogReading([UInt8](repeating: 0x53, count: 100))
        #expect(other.height == nil)
        #expect(other.fault != nil)
    }
}

import ConsensusCore
import NodeDomain
import NodeEncoding

/// The log of consensus after a crash: whatever is in the file, what is read is a beginning of what was written.
enum LogFuzzWorld {
    /// Inputs whose first byte is this are one record; those that begin with the next are pieces of a log, the rest are a file.
    private static let record: UInt8 = 0
    private static let pieces: UInt8 = 1

    static func run(_ input: UnsafeRawBufferPointer) {
        let bytes = [UInt8](input)
        switch bytes.first {
        case record: read(Array(bytes.dropFirst()))
        case pieces: frame(UnsafeRawBufferPointer(rebasing: input.dropFirst()))
        default: log(bytes)
        }
    }

    private static func read(_ bytes: [UInt8]) {
        guard let record = try? ConsensusRecord(wire: bytes) else { return }
        precondition(record.wire == bytes, "written otherwise than read")
    }

    /// Pieces with right checksums: the fuzzer could not guess them.
    private static func frame(_ input: UnsafeRawBufferPointer) {
        var (steps, bytes) = (StepReader(input), ConsensusLog.mark(chain: "fuzz-0", height: 7))
        while let step = steps.next() { bytes += CheckedFrames.frame([UInt8](step.bytes)) }
        log(bytes)
    }

    private static func log(_ bytes: [UInt8]) {
        let reading = ConsensusLogReading(bytes)
        precondition(reading.goodBytes <= bytes.count, "more is good than there is")
        precondition((reading.fault == nil) == (reading.goodBytes == bytes.count), "a fault that is none")
        let written = reading.records.flatMap { ConsensusLog.bytes(of: $0) }
        precondition(
            bytes.prefix(reading.goodBytes).suffix(written.count) == written[...],
            "written otherwise than read")
    }

    // MARK: - Seeds

    static func seeds() -> [[UInt8]] {
        let records = events().enumerated().map {
            ConsensusRecord(now: UInt64($0.offset) << 40, event: $0.element)
        }
        var steps = StepWriter()
        for record in records.prefix(12) { steps.step(0, record.wire) }
        let log =
            ConsensusLog.mark(chain: "fuzz-0", height: 7)
            + records.prefix(8).flatMap { ConsensusLog.bytes(of: $0) }
        return records.map { [record] + $0.wire } + [[pieces] + steps.bytes, log]
    }

    private static func events() -> [ConsensusEvent] {
        let id = Bytes32(1, 2, 3, 4)
        let reference = BlockReference(hash: id, partsTotal: 3, partsHash: id)
        let signature = [UInt8](repeating: 1, count: 64)
        let target = VotedBlock(block: reference, time: Timestamp(seconds: 1_800_000_000, nanoseconds: 5))
        let vote = Vote(
            kind: .precommit, height: 7, round: 1, target: target, member: 3, signature: signature)
        let proposal = Proposal(height: 7, round: 1, polRound: 0, target: target, signature: signature)
        let messages = ConsensusFuzzWorld.seeds().compactMap { try? ConsensusMessage(wire: $0) }
        return messages.map { .message($0, from: 2) } + [
            .timeout(.begin), .timeout(.gossip), .timeout(.round(.prevote, 3)), .prepared(round: 1, nil),
            .prepared(round: 1, ProposalBody(items: [[1], []], transactions: [[2, 3]])),
            .judged(reference, isAccepted: true), .judged(reference, isAccepted: false),
            .signed(.vote(vote)), .signed(.proposal(proposal)), .refused(.vote(vote)),
        ]
    }
}

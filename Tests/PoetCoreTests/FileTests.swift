import NodeDomain
import NodePoet
import PoetCore
import TestSupport
import Testing

@Suite("Files of a round")
struct FileTests {
    @Test("registrations are read up to the first fault")
    func members() {
        let first = MemberRecord.bytes(node: .zero, challenge: .largest)
        let second = MemberRecord.bytes(node: .largest, challenge: .zero)
        #expect(MemberRecord.read(first + second).registered == [.zero: .largest, .largest: .zero])
        for count in 0..<second.count {
            let read = MemberRecord.read(first + second.prefix(count))
            #expect(read.registered == [.zero: .largest])
            #expect(read.goodBytes == first.count)
        }
        var changed = first
        changed[20] ^= 1
        #expect(MemberRecord.read(changed + second).goodBytes == 0)
    }

    @Test("what is written is read, and nothing that was torn or changed")
    func whole() throws {
        let members = try PoetCoreTests.members([.zero, .largest])
        var work = SequentialWork(PoetLabels(statement: members.statement.bytes))
        for number in 0..<5 { work.restore(Bytes32(0, 0, 0, UInt64(number))) }
        let proof = WorkProof(root: .largest, leaves: [.zero, .largest], nodes: [.zero], leafCount: 2)
        for challenge in [nil, Bytes32.largest] {
            let beginning = RoundBeginning(epoch: 300, challenge: challenge, members: members)
            expect(beginning, beginning.bytes) { RoundBeginning(bytes: $0) }
            let record = ProofRecord(epoch: 300, challenge: challenge, members: members, proof: proof)
            expect(record, record.bytes) { ProofRecord(bytes: $0) }
            #expect(record.round.epoch == 300)
        }
        let checkpoint = WorkCheckpoint(work, statement: members.statement)
        expect(checkpoint, checkpoint.bytes) { WorkCheckpoint(bytes: $0) }
    }

    private func expect<Value: Equatable>(_ value: Value, _ bytes: [UInt8], read: ([UInt8]) -> Value?) {
        #expect(read(bytes) == value)
        var numbers = SplitMix(seed: 1)
        for _ in 0..<100 {
            var changed = bytes
            changed[numbers.below(bytes.count)] ^= UInt8(1 << numbers.below(8))
            #expect(read(changed) == nil)
            #expect(read(Array(bytes.prefix(numbers.below(bytes.count)))) == nil)
        }
        #expect(read(bytes + [0]) == nil)
    }

    @Test("work goes on from a checkpoint as if it had never ended")
    func checkpoint() throws {
        let labels = PoetLabels(statement: Bytes32.largest.bytes)
        var (work, roots) = (SequentialWork(labels, layer: 2), [Bytes32]())
        for number in 0..<13 {
            let file = WorkCheckpoint(work, statement: .largest).bytes
            var resumed = try #require(WorkCheckpoint(bytes: file)?.work(on: .largest, layer: 2))
            #expect(resumed.leafCount == UInt64(4 * number))
            roots.append(work.work())
            #expect(resumed.work() == roots[number])
        }
        let checkpoint = WorkCheckpoint(work, statement: .largest)
        #expect(checkpoint.work(on: .zero, layer: 2) == nil)
        #expect(checkpoint.work(on: .largest) == nil)
        var restored = SequentialWork(labels, layer: 2)
        for root in roots { restored.restore(root) }
        #expect(WorkCheckpoint(restored, statement: .largest) == checkpoint)
    }
}

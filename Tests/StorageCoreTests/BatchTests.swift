import Foundation
import StorageWire
import Testing

/// What a batch does, in values.
private enum Step: Equatable {
    case put(UInt8, [UInt8], [UInt8])
    case delete(UInt8, [UInt8])
    case deleteRange(UInt8, [UInt8], [UInt8])
}

/// Reads a batch, or its fault.
private func read(_ bytes: [UInt8]) -> Result<[Step], BatchFault> {
    bytes.withUnsafeBytes { raw in
        var reader = BatchReader(raw)
        var steps: [Step] = []
        do {
            while let operation = try reader.next() {
                switch operation {
                case .put(let keyspace, let key, let value):
                    steps.append(.put(keyspace.rawValue, [UInt8](key), [UInt8](value)))
                case .delete(let keyspace, let key): steps.append(.delete(keyspace.rawValue, [UInt8](key)))
                case .deleteRange(let keyspace, let from, let to):
                    steps.append(.deleteRange(keyspace.rawValue, [UInt8](from), [UInt8](to)))
                }
            }
        } catch {
            return .failure((error as? BatchFault) ?? BatchFault("\(error)"))
        }
        return .success(steps)
    }
}

private func fault(_ bytes: [UInt8]) -> String {
    if case .failure(let fault) = read(bytes) { return fault.description }
    return "none"
}

@Suite("Packed batches")
struct BatchTests {
    @Test("what is built is read again")
    func roundTrip() throws {
        var batch = StorageBatch()
        let long = [UInt8](repeating: 7, count: 300)
        try batch.put(.state, [1, 2], [3])
        try batch.put(.example, long, [])
        try batch.delete(.tree, [9])
        try batch.deleteRange(.blocks, from: [], to: [0xff])
        #expect(batch.operations == 4)
        let expected: [Step] = [
            .put(1, [1, 2], [3]), .put(240, long, []), .delete(2, [9]), .deleteRange(16, [], [0xff]),
        ]
        #expect(try read(batch.bytes).get() == expected)
        #expect(try read([]).get() == [])
    }

    @Test("the bytes are those of the page")
    func golden() throws {
        // docs/protocol/storage.md §3 shows these bytes.
        var batch = StorageBatch()
        try batch.put(.example, Array("height".utf8), [0, 0, 0, 7])
        try batch.delete(.example, Array("draft".utf8))
        try batch.deleteRange(.example, from: Array("a".utf8), to: Array("b".utf8))
        let expected: [UInt8] =
            [0x01, 0xf0, 0x06] + Array("height".utf8) + [0x04, 0, 0, 0, 7]
            + [0x02, 0xf0, 0x05] + Array("draft".utf8) + [0x03, 0xf0, 0x01, 0x61, 0x01, 0x62]
        #expect(batch.bytes == expected)
    }

    @Test("every fault has its words")
    func faults() {
        #expect(fault([1]) == "batch, byte 0: an operation is cut off")
        #expect(
            fault([4, 1, 1, 0]) == "batch, byte 0: operation 4 is not known: 1 put, 2 delete, 3 delete range")
        #expect(fault([0, 1, 1, 0]).contains("operation 0 is not known"))
        #expect(fault([1, 1]).contains("the length of a key is cut off"))
        #expect(fault([1, 1, 0, 0]).contains("a key of 0 bytes: 1 to 1024 are allowed"))
        #expect(fault([1, 1, 0x81, 0x08, 0]).contains("a key of 1025 bytes"))
        #expect(fault([1, 1, 5, 1]).contains("a key is cut off"))
        #expect(fault([1, 1, 1, 9]).contains("the length of a value is cut off"))
        #expect(fault([1, 1, 1, 9, 0x80, 0x00]).contains("the length of a value is padded"))
        #expect(fault([1, 1, 1, 9, 0x81, 0x80, 0x80, 0x80]).contains("more than four bytes"))
        #expect(fault([1, 1, 1, 9, 0xff, 0xff, 0xff, 0x7f]).contains("a value of 268435455 bytes"))
        #expect(
            fault([3, 1, 1, 9, 0]).contains("a end of a range of 0 bytes")
                || fault([3, 1, 1, 9, 0]).contains("end of a range of 0 bytes"))
        #expect(fault([3, 1, 1, 9, 1, 9]).contains("a range ends before it begins"))
        #expect(fault([3, 1, 1, 9, 1, 8]).contains("a range ends before it begins"))
    }

    @Test("limits hold at their edges, in the builder and in the reader")
    func limits() throws {
        var batch = StorageBatch()
        let longest = [UInt8](repeating: 1, count: StorageLimit.keyBytes)
        try batch.put(.state, longest, [UInt8](repeating: 2, count: StorageLimit.valueBytes))
        #expect(try read(batch.bytes).get().count == 1)
        #expect(batch.bytes.count <= StorageLimit.batchBytes)
        let before = batch
        #expect(throws: BatchFault.self) { try batch.put(.state, longest + [1], []) }
        #expect(throws: BatchFault.self) { try batch.put(.state, [], []) }
        #expect(throws: BatchFault.self) {
            try batch.put(.state, [1], [UInt8](repeating: 2, count: StorageLimit.valueBytes + 1))
        }
        #expect(throws: BatchFault.self) { try batch.deleteRange(.state, from: [2], to: [2]) }
        #expect(batch == before)
    }

    @Test("one operation too many is refused")
    func operations() throws {
        var one = StorageBatch()
        try one.delete(.state, [1])
        let most = Array(repeating: one.bytes, count: StorageLimit.operations).flatMap { $0 }
        if case .failure(let fault) = read(most) { Issue.record("\(fault)") }
        #expect(fault(most + one.bytes).contains("at most 1048576 operations"))
    }

    @Test("pieces of an upload are whole operations, fit into frames, and are the batch again")
    func pieces() throws {
        var batch = StorageBatch()
        for number in 0..<3000 {
            let size = number % 700 == 0 ? 1_500_000 : 900
            try batch.put(
                .state, [UInt8(number >> 8), UInt8(number & 255)], [UInt8](repeating: 5, count: size))
        }
        var second = StorageBatch()
        try second.append(batch)
        try second.append(batch)
        for each in [batch, second] {
            let pieces = each.pieces
            #expect(pieces.count > 5)
            #expect(pieces.allSatisfy { $0.count <= StorageLimit.batchBytes })
            #expect(Array(pieces.joined()) == each.bytes)
            let counts = try pieces.map { try read(Array($0)).get().count }
            #expect(counts.reduce(0, +) == each.operations)
        }
        #expect(StorageBatch().pieces == [[]])
    }
}

/// How many mutants; `MUTATIONS` asks for more than each run makes.
private let mutations = Int(ProcessInfo.processInfo.environment["MUTATIONS"] ?? "") ?? 30_000

@Suite("Mutated batches")
struct BatchMutationTests {
    @Test("no bytes make the reader trap, and what it accepts it can write again")
    func neverTraps() throws {
        var batch = StorageBatch()
        for number in 0..<20 {
            try batch.put(.state, [UInt8(number)], [UInt8](repeating: 1, count: number * 13))
            try batch.deleteRange(.tree, from: [UInt8(number)], to: [UInt8(number + 1)])
            try batch.delete(.blocks, [1, 2, 3])
        }
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, bound)
        }
        var accepted = 0
        for _ in 0..<mutations {
            var bytes = Array(batch.bytes.prefix(random(batch.bytes.count + 1)))
            for _ in 0..<random(4) where !bytes.isEmpty {
                let place = random(bytes.count)
                switch random(4) {
                case 0: bytes[place] = UInt8(random(256))
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8(random(256)), at: place)
                default: bytes[place] = 0xff
                }
            }
            guard case .success(let steps) = read(bytes) else { continue }
            accepted += 1
            var again = StorageBatch()
            for step in steps {
                switch step {
                case .put(let keyspace, let key, let value):
                    try again.put(.init(rawValue: keyspace), key, value)
                case .delete(let keyspace, let key): try again.delete(.init(rawValue: keyspace), key)
                case .deleteRange(let keyspace, let from, let to):
                    try again.deleteRange(.init(rawValue: keyspace), from: from, to: to)
                }
            }
            // One form for each batch: nothing else reads the same.
            #expect(again.bytes == bytes)
        }
        #expect(accepted > 100)
    }
}

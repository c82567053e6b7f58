import ConsensusCore
import NodeDomain
import TestSupport
import Testing

private struct ProposerFile: Decodable {
    struct Row: Decodable {
        struct Member: Decodable {
            let addressUtf8: String
            let power: Int64
        }
        /// A name and a power, as `["v1", 10]`.
        struct Change: Decodable {
            let name: String
            let power: Int64

            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                name = try list.decode(String.self)
                power = try list.decode(Number.self).value
            }
        }
        struct Step: Decodable {
            let changes: [Change]
            let expected: [String: Int64]
            let expectedProposer: String?
        }
        let name: String
        let kind: String
        let validators: [Member]?
        let powers: [Int64]?
        let priorities: [Number]?
        let addressesUtf8: [String]?
        let addressesHex: [String]?
        let times: Int?
        let rounds: Int?
        let expectedProposers: [String]?
        let expectedCounts: [Int]?
        let expectedPriorities: [Int64]?
        let expectedProposerHex: String?
        // The key `proposer_20x_increment_1`, as the decoder's strategy spells it.
        let proposer20XIncrement1: String?
        // The key `expected_counts_in_any_window_of_4`, likewise.
        let expectedCountsInAnyWindowOf4: [String: Int]?
        let start: [Change]?
        let changes: [Change]?
        let expectedOrder: [Change]?
        let steps: [Step]?
        let then: String?
    }
    let cases: [Row]
}

/// Rows whose `expected` is a list of places, or a number as text.
private struct ExpectedFile: Decodable {
    struct Row: Decodable {
        let places: [Int]?
        let number: Int64?

        private enum CodingKeys: CodingKey { case expected }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            places = try? container.decode([Int].self, forKey: .expected)
            number = (try? container.decode(Number.self, forKey: .expected))?.value
        }
    }
    let cases: [Row]
}

/// A name as an address: its bytes, then zeros, which keeps the order of names.
private func address(_ name: String) throws -> ValidatorAddress {
    try address(bytes: Array(name.utf8))
}

private func address(bytes: [UInt8]) throws -> ValidatorAddress {
    try #require(ValidatorAddress(bytes + [UInt8](repeating: 0, count: 20 - bytes.count)))
}

private typealias Row = ProposerFile.Row

private func changes(_ rows: [Row.Change]?) throws -> [(address: ValidatorAddress, power: Int64)] {
    try (rows ?? []).map { (try address($0.name), $0.power) }
}

/// The rotation of a new set whose members have no keys.
private func rotation(
    _ members: [(address: ValidatorAddress, power: Int64)]
) throws -> ProposerRotation {
    var rotation = try ProposerRotation([]).changed(by: members)
    rotation.increment()
    return rotation
}

/// The proposers of so many heights.
private func proposers(_ rotation: ProposerRotation, _ count: Int) throws -> [ValidatorAddress] {
    var rotation = rotation
    return try (0..<count).map { _ in
        defer { rotation.increment() }
        return rotation.entries[try #require(rotation.proposer)].address
    }
}

@Suite("Rotation of proposers")
struct ProposerTests {
    @Test("every case of the vectors")
    func vectors() throws {
        let rows = try VectorFiles.read("proposer_selection.json", as: ProposerFile.self).cases
        let expected = try VectorFiles.read("proposer_selection.json", as: ExpectedFile.self).cases
        #expect(rows.count == 59)
        var checked = 0
        for (row, expected) in zip(rows, expected) {
            switch row.kind {
            case "proposer_sequence", "fairness": try sequence(row)
            case "proposer_sequence_by_index": try places(row, try #require(expected.places))
            case "proposer_counts": try counts(row)
            case "average_priority": try average(row, try #require(expected.number))
            case "increment", "definition_check": try increment(row)
            case "change_set", "order_independence": try change(row)
            case "change_set_error_set_unchanged": try refused(row)
            case "height_steps": try heights(row)
            default: Issue.record("no test for \(row.kind)")
            }
            checked += 1
        }
        #expect(checked == 59)
    }

    @Test("a set's rotation is that of its members in any order")
    func ofSet() throws {
        let members = (1...7).map { Validator(key: Bytes32(0, 0, 0, $0), power: Int64($0 % 4 + 1)) }
        let set = try ValidatorSet(members)
        let other = try rotation(members.reversed().map { ($0.address, $0.power) })
        #expect(ProposerRotation(of: set) == other)
        #expect(other.entries.map(\.address) == set.members.map(\.address))
    }

    @Test("a round's proposer is found by single steps, and the height's rotation stays")
    func rounds() throws {
        let set = try ValidatorSet((1...5).map { Validator(key: Bytes32(0, 0, 0, $0), power: Int64($0)) })
        let rotation = ProposerRotation(of: set)
        var stepped = rotation
        for round in 0..<40 as Range<UInt32> {
            #expect(rotation.proposer(round: round) == stepped.proposer)
            stepped.increment()
        }
    }

    private func sequence(_ row: Row) throws {
        let start = try rotation(try #require(row.validators).map { (try address($0.addressUtf8), $0.power) })
        if let expected = row.expectedProposers {
            #expect(try proposers(start, expected.count) == expected.map { try address($0) })
        } else {
            let counts = try #require(row.expectedCountsInAnyWindowOf4)
            let sequence = try proposers(start, 40)
            for window in 0...36 {
                for (name, count) in counts {
                    let member = try address(name)
                    #expect(sequence[window..<window + 4].count { $0 == member } == count)
                }
            }
        }
    }

    private func indexed(_ powers: [Int64]?) throws -> ProposerRotation {
        try rotation(
            try #require(powers).enumerated().map { place, power in
                (
                    try address(bytes: [UInt8](repeating: 0, count: 19) + [UInt8(place)]), power
                )
            })
    }

    private func places(_ row: Row, _ expected: [Int]) throws {
        let sequence = try proposers(try indexed(row.powers), expected.count)
        #expect(sequence.map { Int($0.bytes[19]) } == expected, "\(row.name)")
    }

    private func counts(_ row: Row) throws {
        let sequence = try proposers(try indexed(row.powers), try #require(row.rounds))
        let expected = try #require(row.expectedCounts)
        for (place, count) in expected.enumerated() {
            #expect(sequence.count { Int($0.bytes[19]) == place } == count)
        }
    }

    private func average(_ row: Row, _ expected: Int64) throws {
        let entries = try #require(row.priorities).enumerated().map { place, priority in
            ProposerRotation.Entry(
                address: try address(bytes: [UInt8(place)]), power: 1, priority: priority.value)
        }
        #expect(ProposerRotation(entries).averagePriority == expected, "\(row.name)")
    }

    private func increment(_ row: Row) throws {
        let addresses =
            try row.addressesUtf8?.map { try address($0) }
            ?? #require(row.addressesHex).map { try address(bytes: try #require(Hexadecimal.bytes(of: $0))) }
        let (powers, priorities) = (try #require(row.powers), try #require(row.priorities))
        var rotation = ProposerRotation(
            addresses.indices.map {
                ProposerRotation.Entry(
                    address: addresses[$0], power: powers[$0], priority: priorities[$0].value)
            })
        for _ in 0..<(try #require(row.times)) { rotation.increment() }
        let proposer = row.expectedProposerHex ?? row.proposer20XIncrement1
        if let proposer {
            let bytes = try #require(Hexadecimal.bytes(of: proposer))
            #expect(
                rotation.entries[try #require(rotation.proposer)].address == (try address(bytes: bytes)),
                "\(row.name)")
        }
        if let expected = row.expectedPriorities {
            #expect(rotation.entries.map(\.priority) == expected, "\(row.name)")
        }
        #expect(proposer != nil || row.expectedPriorities != nil)
    }

    private func change(_ row: Row) throws {
        let start = try rotation(try changes(row.start))
        let changed = try start.changed(by: try changes(row.changes))
        if let order = row.expectedOrder {
            #expect(changed.entries.map(\.address) == (try order.map { try address($0.name) }), "\(row.name)")
            #expect(changed.entries.map(\.power) == order.map(\.power), "\(row.name)")
        }
        let sum = changed.entries.reduce(Int128(0)) { $0 + Int128($1.priority) }
        #expect(sum.magnitude < UInt128(changed.entries.count), "\(row.name)")
        let priorities = changed.entries.map { Int128($0.priority) }
        let width = (priorities.max() ?? 0) - (priorities.min() ?? 0)
        #expect(width <= 2 * Int128(changed.totalPower), "\(row.name)")
        // In any order the same.
        var random = SplitMix(seed: 33)
        for _ in 0..<10 {
            let shuffled = try changes(row.changes).shuffled(using: &random)
            #expect(try start.changed(by: shuffled) == changed, "\(row.name)")
        }
    }

    private func refused(_ row: Row) throws {
        let start = try rotation(try changes(row.start))
        let wrong = try changes(row.changes)
        #expect(throws: RotationFault.self, "\(row.name)") { try start.changed(by: wrong) }
    }

    private func heights(_ row: Row) throws {
        var rotation = try rotation(try changes(row.start))
        for step in try #require(row.steps) {
            rotation = try rotation.changed(by: try changes(step.changes))
            rotation.increment()
            for (name, priority) in step.expected {
                let member = try address(name)
                #expect(
                    rotation.entries.first { $0.address == member }?.priority == priority,
                    "\(row.name) \(name)")
            }
            #expect(rotation.entries.count == step.expected.count)
            if let proposer = step.expectedProposer {
                #expect(
                    rotation.entries[try #require(rotation.proposer)].address == (try address(proposer)))
            }
        }
        if row.then != nil {
            let later = try proposers(rotation, 20)
            #expect(zip(later, later.dropFirst()).allSatisfy { $0 != $1 }, "\(row.name)")
        }
    }
}

import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// Records of the state, against bytes that another encoder wrote.
@Suite("Records of the chain")
struct ChainRecordTests {
    private static let id = ChainSamples.id

    private func check(_ record: some StateRecord, _ golden: String) throws {
        #expect(Hexadecimal.text(of: record.bytes) == golden)
        let again = try type(of: record).init(bytes: record.bytes)
        #expect(again == record)
        for count in 0..<record.bytes.count {
            #expect(throws: ScaleFault.self) {
                try type(of: record).init(bytes: Array(record.bytes.prefix(count)))
            }
        }
        #expect(throws: ScaleFault.trailing(count: 1)) {
            try type(of: record).init(bytes: record.bytes + [0])
        }
    }

    @Test("golden bytes of plots and rows")
    func plots() throws {
        try check(
            PlotRecord(
                commitmentATX: Self.id(1), operator: Self.id(2), coinbase: ChainSamples.account(7),
                lastEpoch: 300), run("01", 32) + run("02", 32) + "00000000" + run("07", 20) + "b104")
        try check(
            RowRecord(units: 64, operator: Self.id(1), coinbase: ChainSamples.account(7), voting: true),
            "0101" + run("01", 32) + "00000000" + run("07", 20) + "01")
        try check(ExpiryRecord(lastEpoch: 300), "b104")
    }

    @Test("golden bytes of operators, tallies, voting sets and committees")
    func operators() throws {
        try check(
            OperatorRecord(vrfKey: Self.id(3), votes: true, jailed: false, barred: true),
            "01" + run("03", 32) + "010001")
        try check(TallyRecord(units: 1 << 33), "070000000002")
        try check(
            FrozenRecord(voters: [
                Voter(operator: Self.id(1), vrfKey: Self.id(2), power: 64),
                Voter(operator: Self.id(3), vrfKey: Self.id(4), power: 1 << 20),
            ]), "08" + run("01", 32) + run("02", 32) + "0101" + run("03", 32) + run("04", 32) + "02004000")
        try check(
            SeatsRecord(
                epoch: 300, members: [Voter(operator: Self.id(1), vrfKey: Self.id(2), power: 400)]),
            "b10404" + run("01", 32) + run("02", 32) + "4106")
    }

    @Test("golden bytes of epochs and of the pot")
    func sums() throws {
        try check(
            ChainSamples.epoch,
            "e5010b0068e5cf8b01" + run("00", 12) + "1000000005" + run("00", 15) + "8101" + run("06", 32)
                + "01"
                + run("07", 32) + "910102286bee0c")
        try check(
            ChainSamples.pot,
            "040b0068e5cf8b01011008" + run("01", 32) + "048d010c080c0013000064a7b3b6e00d350114040801"
                + run("02", 32) + "043004")
    }

    @Test("every record is loaded, changed and removed under its own key")
    func tables() throws {
        var state = LedgerState()
        let keys: [StateKey] = [
            .plot(Self.id(1)), .row(epoch: 2, plot: Self.id(1)), .operator(Self.id(3)), .epoch(4),
            .seats(term: 5), .pot, .tally(epoch: 6, operator: Self.id(3)), .frozen(epoch: 7),
            .expiry(epoch: 8, plot: Self.id(1)), .account(ChainSamples.account(9)),
        ]
        let needs = StateNeeds(Set(keys))
        #expect(state.missing(needs) == needs)
        #expect(throws: StateMiss.several(needs)) { try state.require(needs) }
        for key in keys { try state.load(key, nil) }
        try state.require(needs)
        try state.pot.set(.only, ChainSamples.pot)
        try state.rows.set(
            EpochKey(2, Self.id(1)),
            RowRecord(units: 1, operator: Self.id(3), coinbase: ChainSamples.account(7), voting: false))
        #expect(Set(state.changes.map(\.key)) == [.pot, .row(epoch: 2, plot: Self.id(1))])
        try state.rows.set(EpochKey(2, Self.id(1)), nil)
        #expect(state.changes.map(\.key) == [.pot] && state.changes[0].value == ChainSamples.pot.bytes)
        for key in keys { #expect(StateKey(bytes: key.bytes) == key) }
    }

    @Test("rows are read from the first, or after a plot")
    func ranges() {
        let first = StateRange.rows(epoch: 3, after: nil)
        let later = StateRange.rows(epoch: 3, after: Self.id(1))
        #expect(first.prefix == later.prefix && first.start == nil)
        #expect(later.start == StateKey.row(epoch: 3, plot: Self.id(1)).bytes)
        #expect(StateRange.tallies(epoch: 3).start == nil)
    }
}

import LabCore
import Testing

@Suite("Units of a lab")
struct UnitsTests {
    @Test("times, shares and rates are read exactly")
    func read() throws {
        #expect(try LabUnits.time("60ms") == 60_000_000)
        #expect(try LabUnits.time("0.5s") == 500_000_000)
        #expect(try LabUnits.time("2min") == 120_000_000_000)
        #expect(try LabUnits.time("0") == 0)
        #expect(try LabUnits.share("2%") == 20_000)
        #expect(try LabUnits.share("0.25%") == 2_500)
        #expect(try LabUnits.share("100%") == 1_000_000)
        #expect(try LabUnits.rate("10mbit") == 10_000_000)
        #expect(try LabUnits.rate("1.5mbit") == 1_500_000)
        #expect(try LabUnits.rate("unlimited") == nil)
        let pair = try LabUnits.rates("10mbit/1mbit")
        #expect(pair.first == 10_000_000 && pair.second == 1_000_000)
        let one = try LabUnits.rates("512kbit")
        #expect(one.first == 512_000 && one.second == 512_000)
    }

    @Test("what is no time, share or rate is refused with an example")
    func refused() {
        for text in ["", "ms", "60", "-1ms", "1.ms", "6 0ms", "25h", "2000min", "1e3s", "0.0000000001s"] {
            #expect(throws: LabFault.self, "\(text)") { try LabUnits.time(text) }
        }
        for text in ["2", "101%", "%", "0.00001%"] {
            #expect(throws: LabFault.self, "\(text)") { try LabUnits.share(text) }
        }
        for text in ["10", "10mb", "7kbit", "1000gbit", "mbit", "99999999999999gbit"] {
            #expect(throws: LabFault.self, "\(text)") { try LabUnits.rate(text) }
        }
        #expect(throws: LabFault.self) { try LabUnits.rates("1mbit/2mbit/3mbit") }
        #expect(LabFault("x").description == "x")
    }

    @Test(
        "what is written for people is read as the same",
        arguments: [1, 999, 20_000, 25_000, 1_000_000] as [UInt32])
    func shares(_ share: UInt32) throws {
        #expect(try LabUnits.share(LabUnits.text(share: share)) == share)
        #expect(try LabUnits.time(LabUnits.text(time: UInt64(share) * 1000)) == UInt64(share) * 1000)
        #expect(try LabUnits.rate(LabUnits.text(rate: 8_000 + UInt64(share))) == 8_000 + UInt64(share))
    }

    @Test("a line says all that it does")
    func lineText() {
        var home = line(delay: 60, jitter: 20, loss: 20_000, down: 10_000_000, up: 1_000_000)
        #expect(home.text == "60ms ±20ms, loss 2%, 10mbit/1mbit")
        home.burst = Line.Burst(loss: 300_000, lasts: ms(10_000), every: ms(60_000))
        #expect(home.text == "60ms ±20ms, loss 2%, bursts of 30% for 10s each 60s, 10mbit/1mbit")
        #expect(Line().text == "0 ±0, loss 0%, unlimited/unlimited")
    }
}

@Suite("Words that name nodes and ways")
struct PlaceTests {
    let names = (1...12).map { "n\($0)" }

    @Test("nodes, groups and ways are read")
    func read() throws {
        #expect(try Place("n3", names: names) == .nodes([2]))
        #expect(try Place("n4+n1", names: names) == .nodes([0, 3]))
        #expect(try Place("n2..n4+n3", names: names) == .nodes([1, 2, 3]))
        #expect(try Place("n1,n2", names: names) == .between([0], [1]))
        #expect(try Place("n1..n2,n11..n12", names: names) == .between([0, 1], [10, 11]))
    }

    @Test("what names nothing is refused")
    func refused() {
        for text in [
            "", "n0", "n13", "n1,", ",n1", "n1,n2,n3", "n4..n2", "n1..", "n1+", "n1,n1", "n1..n4,n4",
        ] {
            #expect(throws: LabFault.self, "\(text)") { try Place(text, names: names) }
        }
        #expect(throws: LabFault("there is no node x: the nodes are n1 to n12")) {
            try Place("x", names: names)
        }
    }
}

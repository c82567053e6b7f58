import Foundation
import NodeCrypto
import NodeDomain
import TestSupport
import Testing
import VmCore

/// The draw of seats against another writing of spec consensus, §2.4, and chain, §5.
@Suite("Draw of seats")
struct ChainSeatTests {
    private static let script = """
        import hashlib, json, sys
        def seats(S, term, R, entries):
            W = sum(w for _, w in entries)
            if W == 0: return {}
            s = {k: S * w // W for k, w in entries}
            rem = [(k, S * w % W) for k, w in entries]
            m = S - sum(s.values())
            for j in range(m):
                ticket = b"SEAT" + term.to_bytes(4, "big") + R + j.to_bytes(4, "big")
                u = int.from_bytes(hashlib.sha256(ticket).digest(), "big") % (m * W)
                p = 0
                for k, r in rem:
                    p += r
                    if p > u:
                        s[k] += 1
                        break
            return s
        for line in sys.stdin:
            c = json.loads(line)
            R = bytes.fromhex(c["beacon"])
            e, G, S, term = c["epoch"], c["fading"], c["seats"], c["term"]
            g = -(-S * (G - e) // G) if e < G else 0
            total = seats(S - g, term, R, c["voters"])
            for k, n in seats(g, term, hashlib.sha256(b"G" + R).digest(), c["genesis"]).items():
                total[k] = total.get(k, 0) + n
            print(json.dumps([[k, n] for k, n in sorted(total.items()) if n > 0]))
        """

    private struct Case: Encodable {
        let beacon: String
        let epoch: UInt32
        let fading: UInt64
        let seats: UInt64
        let term: UInt32
        let voters: [Entry]
        let genesis: [Entry]
    }

    private struct Entry: Encodable {
        let voter: Voter

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(voter.operator.description)
            try list.encode(voter.power)
        }
    }

    private static func id(_ random: inout SplitMix) -> Bytes32 {
        Bytes32(random.next(), random.next(), random.next(), random.next())
    }

    private static func voters(_ count: Int, _ most: UInt64, _ random: inout SplitMix) -> [Voter] {
        (0..<count).map { _ in
            let key = id(&random)
            return Voter(operator: key, vrfKey: key, power: UInt64.random(in: 1...most, using: &random))
        }.sorted { $0.operator < $1.operator }
    }

    @Test("300 draws of up to 500 voters are those of Python")
    func python() throws {
        var random = SplitMix(seed: 11)
        var input = ""
        var committees: [[Voter]] = []
        for number in 0..<300 {
            var parameters = NetworkParameters.devnet
            parameters.seats = UInt64.random(in: 1...500, using: &random)
            parameters.fadingEpochs = UInt64.random(in: 1...13, using: &random)
            let most: UInt64 = [1, 64, 1 << 20, 1 << 40][number % 4]
            let voters = Self.voters(
                number % 7 == 0 ? 0 : Int.random(in: 1...500, using: &random), most, &random)
            // Some of the first committee are voters as well.
            let genesis =
                (Self.voters(3, 1 << 10, &random) + voters.prefix(number % 3)).sorted {
                    $0.operator < $1.operator
                }
            let rules = try ChainRules(
                parameters, chainID: "x",
                committee: genesis.map { voter in
                    Voter(operator: voter.operator, vrfKey: voter.vrfKey, power: min(voter.power, 1 << 32))
                })
            let (beacon, epoch) = (Self.id(&random), UInt32.random(in: 0...14, using: &random))
            let term = UInt32.random(in: 0...UInt32.max, using: &random)
            let drawn = Case(
                beacon: beacon.description, epoch: epoch, fading: parameters.fadingEpochs,
                seats: parameters.seats, term: term, voters: voters.map(Entry.init),
                genesis: rules.committee.map(Entry.init))
            input += String(decoding: try JSONEncoder().encode(drawn), as: UTF8.self) + "\n"
            committees.append(rules.draw(term: term, beacon: beacon, epoch: epoch, voters: voters))
        }
        let lines = try ChainPython.lines(Self.script, input)
        try #require(lines.count == committees.count)
        for (line, committee) in zip(lines, committees) {
            let ours =
                "[" + committee.map { "[\"\($0.operator)\", \($0.power)]" }.joined(separator: ", ") + "]"
            guard ours == line else {
                Issue.record("\(ours)\n\(line)")
                return
            }
        }
    }

    @Test("all seats are given, whole ones for certain, and a lot more at most for each")
    func whole() {
        var random = SplitMix(seed: 12)
        for _ in 0..<200 {
            let voters = Self.voters(Int.random(in: 1...60, using: &random), 1000, &random)
            let drawn = SeatDraw.seats(400, term: 1, beacon: Self.id(&random), voters: voters)
            #expect(drawn.reduce(0) { $0 + $1.power } == 400)
            let weight = voters.reduce(0) { $0 + $1.power }
            for voter in voters {
                let seats = drawn.first { $0.operator == voter.operator }?.power ?? 0
                #expect(seats >= 400 * voter.power / weight)
            }
        }
        #expect(SeatDraw.seats(400, term: 1, beacon: .zero, voters: []).isEmpty)
        #expect(SeatDraw.seats(0, term: 1, beacon: .zero, voters: Self.voters(3, 9, &random)).isEmpty)
    }

    @Test("the largest weights there can be do not overflow")
    func largest() {
        var random = SplitMix(seed: 13)
        let voters = Self.voters(3, 1, &random).map {
            Voter(operator: $0.operator, vrfKey: $0.vrfKey, power: .max)
        }
        let drawn = SeatDraw.seats(1 << 16, term: .max, beacon: .largest, voters: voters)
        #expect(drawn.reduce(0) { $0 + $1.power } == 1 << 16)
    }
}

package import NodeDomain

/// The draw of a committee: each voter's whole seats, and by lot what is left of them (spec: consensus, §2.4).
package enum SeatDraw {
    /// Seats of voters, in their order; those without any are left out.
    ///
    /// - Parameters:
    ///   - beacon: what decides, known to nobody when the voters were frozen.
    ///   - voters: by rising key, with their weights.
    package static func seats(_ seats: UInt64, term: UInt32, beacon: Bytes32, voters: [Voter]) -> [Voter] {
        let weight = voters.reduce(UInt128(0)) { $0 + UInt128($1.power) }
        guard weight > 0 else { return [] }
        var result = voters
        var sums: [UInt128] = []
        var sum: UInt128 = 0
        var left = seats
        for (place, voter) in voters.enumerated() {
            let (whole, rest) = (UInt128(seats) * UInt128(voter.power)).quotientAndRemainder(
                dividingBy: weight)
            result[place].power = UInt64(truncatingIfNeeded: whole)
            left -= result[place].power
            sum += rest
            sums.append(sum)
        }
        // The rests add up to `left` weights, so the last sum is above each lot.
        for lot in 0..<UInt32(truncatingIfNeeded: left) {
            let ticket =
                Array("SEAT".utf8) + term.bigEndianBytes + beacon.bytes + lot.bigEndianBytes
            let number = remainder(of: ChainRules.sha256(ticket), by: sum)
            result[first(in: sums, above: number)].power += 1
        }
        return result.filter { $0.power > 0 }
    }

    /// Voters of two committees together; the VRF key of the first counts.
    package static func union(_ left: [Voter], _ right: [Voter]) -> [Voter] {
        var members = left
        for voter in right {
            if let place = left.firstIndex(where: { $0.operator == voter.operator }) {
                members[place].power += voter.power
            } else {
                members.append(voter)
            }
        }
        return members.sorted { $0.operator < $1.operator }
    }

    /// A number of 256 bits modulo one of 128.
    static func remainder(of number: Bytes32, by divisor: UInt128) -> UInt128 {
        let high = UInt128(number.word0) << 64 | UInt128(number.word1)
        let low = UInt128(number.word2) << 64 | UInt128(number.word3)
        return divisor.dividingFullWidth((high % divisor, low)).remainder
    }

    private static func first(in sums: [UInt128], above number: UInt128) -> Int {
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > number { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension ChainRules {
    /// The committee of a term before anyone is struck; empty when nobody has weight.
    ///
    /// - Parameters:
    ///   - beacon: R of the last height of the term two before.
    ///   - epoch: whose frozen set `voters` is.
    package func draw(term: UInt32, beacon: Bytes32, epoch: UInt32, voters: [Voter]) -> [Voter] {
        let span = parameters.fadingEpochs
        let left = span - min(span, UInt64(epoch))
        // Rounded up; both factors are small, the number of epochs of fading is the divisor's.
        let named = UInt64(
            truncatingIfNeeded: (UInt128(parameters.seats) * UInt128(left) + UInt128(span - 1))
                / UInt128(span))
        let drawn = SeatDraw.seats(parameters.seats - named, term: term, beacon: beacon, voters: voters)
        let genesis = Self.sha256(Array("G".utf8) + beacon.bytes)
        return SeatDraw.union(
            drawn, SeatDraw.seats(named, term: term, beacon: genesis, voters: committee))
    }
}

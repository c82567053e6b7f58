/// A run whose leaders and cuts are chosen round by round; what comes after its last round is healed.
package struct SimScript: Sendable, Hashable {
    /// Who proposes, by round.
    package let leaders: [Int]
    /// Which processes are on the other side of the cut, by round: a bit for each.
    package let sides: [UInt8]

    /// A script of as many rounds as it has leaders.
    package init(leaders: [Int], sides: [UInt8]) {
        self.leaders = leaders
        self.sides = sides
    }

    /// Rounds that are scripted.
    package var rounds: Int { leaders.count }

    /// Whether two processes hear of each other in a round.
    func connects(_ from: Int, _ to: Int, round: UInt32) -> Bool {
        guard Int(round) < sides.count else { return true }
        let side = sides[Int(round)]
        return side >> UInt8(from) & 1 == side >> UInt8(to) & 1
    }
}

/// All runs of four members of equal power, one of which runs twice, over some rounds.
///
/// A round has one of four leaders and one of sixteen cuts of the five processes in two.
package enum SimTwins {
    /// Members.
    package static let members = 4
    /// Cuts of five processes in two, one of which is none.
    package static let cuts = 16
    /// Scenarios of one round.
    package static let ofRound = members * cuts

    /// How many scenarios there are.
    package static func count(rounds: Int) -> Int {
        (0..<rounds).reduce(1) { product, _ in product * ofRound }
    }

    /// A scenario by its number.
    package static func script(_ number: Int, rounds: Int) -> SimScript {
        var (rest, leaders, sides) = (number, [Int](), [UInt8]())
        for _ in 0..<rounds {
            leaders.append(rest % members)
            sides.append(UInt8(rest / members % cuts) << 1)
            rest /= ofRound
        }
        return SimScript(leaders: leaders, sides: sides)
    }

    /// What a scenario runs with.
    package static func options(_ script: SimScript) -> SimOptions {
        var options = SimOptions()
        (options.nodes, options.twins, options.heights) = (members, 1, 1)
        (options.loss, options.doubles, options.cuts, options.crashes) = (0, 0, 0, 0)
        (options.delay, options.skew, options.isUnequal) = (20, 0, false)
        options.healing = 700 + 1000 * UInt64(script.rounds)
        options.script = script
        return options
    }
}

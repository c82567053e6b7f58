import NodeDomain
import NodeEncoding
import Testing
import VmCore

/// Terms: presence, pay of seats, who is struck, evidence (spec: chain, §5, §6).
@Suite("Terms and penalties")
struct ChainTermTests {
    private static let id = ChainSamples.id
    private static let home = ChainSamples.account(0x31)
    /// Three of the first committee with 100, 100 and 200 seats.
    private static let committee = [
        ChainWorld.member(0x91, 1), ChainWorld.member(0x94, 1), ChainWorld.member(0x97, 2),
    ]
    private let parameters: NetworkParameters = {
        var parameters = NetworkParameters.devnet
        parameters.fadingEpochs = 1_000_000
        return parameters
    }()

    /// In epoch 1, with a plot that earns.
    private func world() throws -> ChainWorld {
        var world = try ChainWorld(parameters, committee: Self.committee)
        try world.mine { epoch in
            [ChainItems.activation(epoch, by: 0x21, [ChainItems.plot(Self.id(0x21), coinbase: Self.home)])]
        }
        return world
    }

    private func seats(_ world: ChainWorld, _ term: UInt32) throws -> [UInt64] {
        let seats = try #require(try world.read(.seats(term: term), as: SeatsRecord.self))
        return seats.members.map(\.power)
    }

    private func record(_ world: ChainWorld, _ key: Bytes32) throws -> OperatorRecord {
        try #require(try world.read(.operator(key)))
    }

    /// To the last height of the term that the chain is in.
    private func finishTerm(_ world: inout ChainWorld, absent: Set<Bytes32> = []) throws {
        repeat { try world.block(absent: absent) } while try !world.pot.height.isMultiple(of: 10)
    }

    @Test(
        "parts of subsidies are paid by seats at the end of the term; the absent are struck, their part burns"
    )
    func presence() throws {
        var world = try world()
        try finishTerm(&world)
        // The first block of the next term settles this one.
        try world.block()
        let absent = Self.committee[2].operator
        try finishTerm(&world, absent: [absent])
        let (pot, burnt) = (try world.pot.seatPot, try world.pot.burnt)
        let term = world.rules.term(of: try world.pot.height)
        #expect(pot > 0)
        #expect(try seats(world, term) == [100, 100, 200])
        let before = try world.balance(Self.committee[0].account)
        try world.block(absent: [absent])
        #expect(world.events.contains(.jailed(absent)))
        #expect(try world.balance(Self.committee[0].account) - before == pot / 4)
        #expect(try world.balance(Self.committee[1].account) > 0)
        #expect(try world.pot.burnt - burnt == pot - 2 * (pot / 4))
        #expect(try record(world, absent).jailed)
        // It was struck after this term's committee had been made final, so from the next on.
        #expect(try seats(world, term + 1) == [100, 100, 200])
        try finishTerm(&world, absent: [])
        #expect(try seats(world, term + 2) == [100, 100])
        try world.block()
        #expect(try world.refusal(of: [], at: nil) == nil)
    }

    @Test("half of the commits is presence, one less is not")
    func half() throws {
        for (signed, isJailed) in [(5, false), (4, true)] {
            var world = try world()
            try finishTerm(&world)
            try world.block()
            let member = Self.committee[1].operator
            for number in 0..<10 { try world.block(absent: number < signed ? [] : [member]) }
            #expect(try record(world, member).jailed == isJailed)
        }
    }

    @Test("any activation lets a struck operator in again, one without plots too, once")
    func release() throws {
        var world = try world()
        let member = Self.committee[1].operator
        try finishTerm(&world)
        try world.block()
        try finishTerm(&world, absent: [member])
        try world.block(absent: [member])
        try world.run(until: 92_000, absent: [member])
        try world.block([ChainItems.poet(1)])
        let empty = ChainItems.activation(1, by: 0x94, votes: true, [])
        try world.block([empty])
        #expect(world.events == [.released(member)])
        #expect(try !record(world, member).jailed)
        #expect(try world.refusal(of: [empty]) == .noPlots(member))
        // It keeps the VRF key that it had.
        #expect(try record(world, member).vrfKey == Self.id(0x95))
        try finishTerm(&world)
        try finishTerm(&world)
        let term = world.rules.term(of: try world.pot.height)
        #expect(try seats(world, term + 1) == [100, 100, 200])
    }

    @Test("when all are struck the committee stays: the chain goes on")
    func everybody() throws {
        var world = try world()
        let all = Set(Self.committee.map(\.operator))
        for _ in 0..<4 { try finishTerm(&world, absent: all) }
        let term = world.rules.term(of: try world.pot.height)
        #expect(try seats(world, term) == [100, 100, 200])
        #expect(try Self.committee.allSatisfy { try record(world, $0.operator).jailed })
    }

    // MARK: - Evidence

    private func evidence(_ key: Bytes32, height: UInt64) -> BlockItem {
        var evidence = ChainSamples.malfeasance
        evidence.operator = key
        evidence.height = height
        return .malfeasance(evidence)
    }

    @Test(
        "evidence bars for ever: no seats, no activation, no rewards, and its plots bind to another operator")
    func evidence() throws {
        var world = try ChainWorld(parameters, committee: Self.committee)
        let guilty = Self.committee[0].operator
        let mine = { (epoch: UInt32) in
            [
                ChainItems.activation(
                    epoch, by: 0x91, [ChainItems.plot(Self.id(0x21), coinbase: epoch == 0 ? Self.home : nil)]),
                ChainItems.activation(
                    epoch, by: 0x92,
                    [ChainItems.plot(Self.id(0x22), coinbase: epoch == 0 ? ChainSamples.account(0x32) : nil)]),
            ]
        }
        try world.mine(mine)
        let item = evidence(guilty, height: 3)
        try world.block([item])
        guard case .malfeasance(let asked) = item else { return }
        #expect(
            world.checks.last == .misbehaviour(asked, chain: world.rules.votingChain(at: asked.height))
                && world.events.contains(.barred(guilty)))
        #expect(try world.refusal(of: [item]) == .evidenceKnown(guilty))
        let start = try world.pot.time - world.rules.parameters.genesisTime
        try world.run(until: start + 31_000)
        try world.block([ChainItems.poet(1)])
        #expect(try world.refusal(of: [mine(1)[0]]) == .barred(guilty))
        try world.block([mine(1)[1]])
        let other = ChainItems.activation(
            1, by: 0x92, [ChainItems.plot(Self.id(0x21), coinbase: Self.home)])
        try world.block([other])
        while try world.pot.epoch == 1 { try world.block() }
        let burnt = world.events.compactMap {
            if case .rewardBurnt(1, Self.id(0x21), guilty, let amount) = $0 { amount } else { nil }
        }
        #expect(burnt.count == 1 && burnt[0] > 0)
        #expect(try world.balance(Self.home) == 0)
        #expect(try world.balance(ChainSamples.account(0x32)) == burnt[0])
        // The row of the other operator is paid.
        try world.mine { Array(mine($0).dropFirst()) }
        #expect(try world.balance(Self.home) > 0)
        let term = world.rules.term(of: try world.pot.height)
        #expect(try seats(world, term) == [100, 200])
    }

    @Test("a barred member's part of the seats burns, though it signed")
    func barredSeats() throws {
        var world = try world()
        try finishTerm(&world)
        try world.block([evidence(Self.committee[2].operator, height: 3)])
        try finishTerm(&world)
        let (pot, burnt) = (try world.pot.seatPot, try world.pot.burnt)
        let before = try world.balance(Self.committee[2].account)
        try world.block()
        #expect(try world.balance(Self.committee[2].account) == before)
        #expect(try pot > 0 && world.pot.burnt - burnt == pot - 2 * (pot / 4))
    }

    @Test("evidence of no decided height, of no member, or too late")
    func inadmissible() throws {
        var world = try world()
        let (key, height) = (Self.committee[0].operator, try world.pot.height)
        #expect(try world.refusal(of: [evidence(key, height: 0)]) == .evidenceHeight(0, last: height))
        #expect(
            try world.refusal(of: [evidence(key, height: height + 1)])
                == .evidenceHeight(height + 1, last: height))
        #expect(
            try world.refusal(of: [evidence(.zero, height: 1)]) == .evidenceSeat(.zero, term: 0))
        let mine = { (epoch: UInt32) in
            [ChainItems.activation(epoch, by: 0x21, [ChainItems.plot(Self.id(0x21))])]
        }
        // Term 0 is of the set of epoch 0: it can be given until epoch 2.
        try world.mine(mine)
        #expect(try world.refusal(of: [evidence(key, height: 1)]) == nil)
        try world.mine(mine)
        #expect(
            try world.refusal(of: [evidence(key, height: 50)]) == .evidenceOld(epoch: 3, last: 2))
        // Committees beyond that are forgotten, and with them their voting sets.
        try world.mine(mine)
        #expect(try world.refusal(of: [evidence(key, height: 1)]) == .evidenceTerm(0))
        let kept = world.records.keys.filter { if case .seats = $0 { true } else { false } }
        #expect(kept.count < 24)
        let sets = world.records.keys.filter { if case .frozen = $0 { true } else { false } }
        #expect(sets.count <= 3)
    }

    @Test("evidence takes at most 64 KiB of a block")
    func size() throws {
        let members = (0..<400).map { number in
            Voter(operator: Bytes32(1, 0, 0, UInt64(number)), vrfKey: Self.id(1), power: 1)
        }
        var world = try ChainWorld(parameters, committee: members)
        try world.block()
        let items = members.map { evidence($0.operator, height: 1) }
        let fitting = (64 << 10) / items[0].bytes.count
        #expect(fitting < 400)
        #expect(try world.refusal(of: Array(items.prefix(fitting))) == nil)
        #expect(
            try world.refusal(of: Array(items.prefix(fitting + 1)))
                == .tooManyBytes(what: "evidence", limit: 64 << 10))
    }

    @Test("a set is frozen of what an operator had and has; who does not vote any more is left out")
    func frozen() throws {
        var world = try ChainWorld(parameters, committee: Self.committee)
        func votes(_ epoch: UInt32, _ key: UInt8, _ units: UInt32, _ votes: Bool = true) -> BlockItem {
            ChainItems.activation(
                epoch, by: key, votes: votes, key: epoch == 0 ? key &+ 1 : nil,
                [ChainItems.plot(Self.id(key), units: units, coinbase: epoch == 0 ? Self.home : nil)])
        }
        try world.mine {
            [votes($0, 0x11, 8), votes($0, 0x21, 4), votes($0, 0x31, 5), votes($0, 0x41, 5)]
        }
        try world.mine {
            [votes($0, 0x11, 6), votes($0, 0x21, 9), votes($0, 0x31, 5, false)]
        }
        let set = try world.read(.frozen(epoch: 2), as: FrozenRecord.self)
        #expect(
            set?.voters == [
                Voter(operator: Self.id(0x11), vrfKey: Self.id(0x12), power: 6),
                Voter(operator: Self.id(0x21), vrfKey: Self.id(0x22), power: 4),
            ])
        let mine = { (epoch: UInt32) in [votes(epoch, 0x11, 6), votes(epoch, 0x21, 9)] }
        // One of the first committee gains weight of its own, and loses all by its guilt.
        let own = { (epoch: UInt32, coinbase: Address?) in
            ChainItems.activation(
                epoch, by: 0x91, votes: true, [ChainItems.plot(Self.id(0x91), coinbase: coinbase)])
        }
        try world.mine { mine($0) + [own($0, Self.home)] }
        try world.mine { mine($0) + [own($0, nil)] }
        var good = world
        try good.mine { mine($0) + [own($0, nil)] }
        #expect(
            try good.read(.frozen(epoch: 5), as: FrozenRecord.self)?.voters.map(\.operator)
                == [Self.id(0x11), Self.id(0x21), Self.id(0x91)])
        let height = try world.pot.height
        try world.mine { mine($0) + [own($0, nil), evidence(Self.id(0x91), height: height)] }
        let later = try world.read(.frozen(epoch: 5), as: FrozenRecord.self)
        #expect(later?.voters.map(\.operator) == [Self.id(0x11), Self.id(0x21)])
        #expect(later?.voters.map(\.power) == [6, 9])
        let tallies = world.records.keys.filter { if case .tally(1, _) = $0 { true } else { false } }
        #expect(tallies.isEmpty)
    }
}

import NodeDomain
import NodeEncoding
import TestSupport
import Testing
import VmCore

/// Some epochs of many plots with everything that can happen; after each block nothing is lost (`ChainWorld` looks).
@Suite("Random timelines")
struct ChainRandomTests {
    private static let script = """
        import sys
        from fractions import Fraction
        for line in sys.stdin:
            pools, rows, total = ([int(n) for n in part.split()] for part in line.split(";"))
            weight = sum(rows[0::2])
            assert weight > 0
            lost = 0
            for units, paid in zip(rows[0::2], rows[1::2]):
                exact = Fraction(sum(pools) * units, weight)
                # The index is cut down once, each row once more.
                assert 0 <= exact - paid < 1 + Fraction(units, 1 << 64), (exact, paid)
                lost += exact - paid
            assert lost == sum(pools) - sum(rows[1::2])
            assert total[0] == sum(pools)
            print("good")
        """

    /// Plots, operators and what they did, written down by the test itself.
    private struct Model {
        struct Plot {
            var `operator`: UInt8
            var coinbase: UInt8
        }
        struct Row {
            let units: UInt32
            var paid: UInt64?
        }

        var plots: [Bytes32: Plot] = [:]
        var barred: Set<UInt8> = []
        var pools: [UInt32: [UInt64]] = [:]
        var rows: [UInt32: [Bytes32: Row]] = [:]
        var random: SplitMix

        func key(_ number: Int) -> Bytes32 { Bytes32(7, 0, 0, UInt64(number)) }

        mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

        /// An operator that is not barred; odd ones vote.
        mutating func `operator`() -> UInt8 {
            while true {
                let number = UInt8.random(in: 0x10..<0x1c, using: &random)
                if !barred.contains(number) { return number }
            }
        }

        /// Activations of an epoch: so many of the plots are proved, some by another operator or for another coinbase.
        mutating func activations(_ epoch: UInt32, share: Int, plots count: Int) -> [BlockItem] {
            var byOperator: [UInt8: [PlotProof]] = [:]
            for number in 0..<count where chance(share) {
                let id = key(number)
                var plot = plots[id] ?? Plot(operator: 0, coinbase: 0)
                let isMoved = plot.operator == 0 || barred.contains(plot.operator) || chance(5)
                if isMoved {
                    let old = plot
                    plot = Plot(
                        operator: `operator`(), coinbase: UInt8.random(in: 0xa0..<0xf0, using: &random))
                    if plot.operator == old.operator && plot.coinbase == old.coinbase { continue }
                }
                plots[id] = plot
                let units = UInt32.random(in: 2...64, using: &random)
                rows[epoch + 1, default: [:]][id] = Row(units: units)
                byOperator[plot.operator, default: []].append(
                    ChainItems.plot(
                        id, units: units, coinbase: isMoved ? ChainSamples.account(plot.coinbase) : nil))
            }
            var items: [BlockItem] = []
            for (number, proofs) in byOperator.sorted(by: { $0.key < $1.key }) {
                let votes = number & 1 == 1
                for start in stride(from: 0, to: proofs.count, by: 16) {
                    items.append(
                        ChainItems.activation(
                            epoch, by: number, votes: votes, key: votes ? number &+ 0x60 : nil,
                            Array(proofs[start..<min(start + 16, proofs.count)])))
                }
            }
            return items
        }

        /// What a block's events say; the seats' part is the committee's.
        mutating func note(_ events: [ChainEvent], epoch: UInt32, fees: UInt64, weight: UInt64) {
            var pool = fees
            for event in events {
                switch event {
                case .minted(_, let subsidy, let seatPart): pool += subsidy - seatPart
                case .rewardPaid(let epoch, let plot, _, let amount),
                    .rewardBurnt(let epoch, let plot, _, let amount):
                    #expect(rows[epoch]?[plot]?.paid == nil)
                    rows[epoch]?[plot]?.paid = amount
                default: break
                }
            }
            if weight > 0 && pool > 0 { pools[epoch, default: []].append(pool) }
        }
    }

    private static let parameters: NetworkParameters = {
        var parameters = NetworkParameters.devnet
        parameters.laneProofs = 16
        parameters.laneBytes = 8192
        return parameters
    }()

    private func step(
        _ world: inout ChainWorld, _ model: inout Model, _ items: [BlockItem], _ absent: Set<Bytes32>
    )
        throws
    {
        let fees = UInt64.random(in: 0...1_000_000, using: &model.random)
        let payer = try world.balance(ChainWorld.payer)
        try world.block(items, absent: absent, fees: fees)
        let epoch = try world.pot.epoch
        model.note(
            world.events, epoch: epoch, fees: min(fees, payer), weight: try world.epoch(epoch).weight)
    }

    /// One epoch: an outage of the PoET perhaps, activations, evidence perhaps, members away for a while.
    private func epoch(_ world: inout ChainWorld, _ model: inout Model, share: Int, plots: Int) throws {
        let number = try world.pot.epoch
        let outage: UInt64 = model.chance(25) ? UInt64.random(in: 0..<90_000, using: &model.random) : 0
        var absent: Set<Bytes32> = []
        var waiting: [BlockItem] = []
        while try world.pot.epoch == number {
            let pot = try world.pot
            if pot.height.isMultiple(of: 10) {
                let members = try world.read(
                    .seats(term: world.rules.term(of: pot.height + 1)), as: SeatsRecord.self)?.members
                absent = Set((members ?? []).map(\.operator).filter { _ in model.chance(20) })
            }
            var items: [BlockItem] = []
            if pot.height > 20, model.chance(1) { items += try evidence(world, &model) }
            let epoch = try world.epoch(number)
            if epoch.opening == nil {
                if pot.time + 1000 - epoch.startTime >= 30_000 + outage {
                    items.append(ChainItems.poet(number))
                    waiting = model.activations(number, share: share, plots: plots).shuffled(
                        using: &model.random)
                }
            } else if let next = waiting.popLast() {
                // Who was barred meanwhile is not heard any more.
                if case .activation(let activation) = next, isBarred(activation, model) {
                    forget(activation, &model)
                } else {
                    items.append(next)
                }
            }
            do {
                try step(&world, &model, items, absent)
            } catch ChainRefusal.epoch {
                // The block would be the first of the next epoch: its proposer leaves them out.
                for case .activation(let activation) in items { forget(activation, &model) }
                try step(&world, &model, items.filter { $0.tag == 2 }, absent)
            }
        }
        for case .activation(let activation) in waiting { forget(activation, &model) }
    }

    private func isBarred(_ activation: Activation, _ model: Model) -> Bool {
        model.barred.contains { ChainSamples.id($0) == activation.operator }
    }

    private func forget(_ activation: Activation, _ model: inout Model) {
        for plot in activation.plots {
            model.rows[activation.epoch + 1]?[plot.identity] = nil
            model.plots[plot.identity] = nil
        }
    }

    private func evidence(_ world: ChainWorld, _ model: inout Model) throws -> [BlockItem] {
        let height = try world.pot.height
        let members = try world.read(.seats(term: world.rules.term(of: height)), as: SeatsRecord.self)?
            .members
        guard let guilty = members?.randomElement(using: &model.random),
            let number = (0x10..<0x1c).first(where: { ChainSamples.id($0) == guilty.operator }),
            model.barred.count < 3, model.barred.insert(number).inserted
        else { return [] }
        var evidence = ChainSamples.malfeasance
        evidence.operator = guilty.operator
        evidence.height = height
        return [.malfeasance(evidence)]
    }

    @Test(
        "eight epochs of 300 plots, outages, evidence, absence: every smidge is somewhere, every row is paid",
        arguments: [1, 2])
    func timeline(seed: UInt64) throws {
        var model = Model(random: SplitMix(seed: seed))
        var world = try ChainWorld(Self.parameters)
        for number in 0..<8 {
            try epoch(&world, &model, share: number == 4 ? 30 : 85, plots: 300)
        }
        #expect(try world.pot.minted > 0)
        // Four small epochs more, in which all that is older becomes due.
        for _ in 0..<4 { try epoch(&world, &model, share: 85, plots: 20) }
        let last = try world.pot.dueEpoch
        #expect(last >= 8)
        var input = ""
        for number in 1..<last {
            let rows = try #require(model.rows[number])
            #expect(rows.values.allSatisfy { $0.paid != nil }, "epoch \(number)")
            let numbers = rows.values.flatMap { row -> [UInt64] in [UInt64(row.units), row.paid ?? 0] }
            let earned = try world.epoch(number).earned
            input += (model.pools[number] ?? []).map(String.init).joined(separator: " ")
            input += ";" + numbers.map(String.init).joined(separator: " ") + ";\(earned)\n"
        }
        let lines = try ChainPython.lines(Self.script, input)
        #expect(lines == [String](repeating: "good", count: Int(last) - 1))
        #expect(!model.barred.isEmpty)
    }

    @Test("the same blocks give the same records")
    func twice() throws {
        var records: [[StateKey: [UInt8]]] = []
        for _ in 0..<2 {
            var model = Model(random: SplitMix(seed: 5))
            var world = try ChainWorld(Self.parameters)
            for _ in 0..<3 { try epoch(&world, &model, share: 85, plots: 60) }
            records.append(world.records)
        }
        #expect(records[0] == records[1])
    }

    @Test("a block is begun a few times at most before all is read, however much is due")
    func rounds() throws {
        var model = Model(random: SplitMix(seed: 6))
        var world = try ChainWorld(Self.parameters)
        var most = 0
        for _ in 0..<4 {
            let number = try world.pot.epoch
            try world.mine { model.activations($0, share: 100, plots: 200) }
            while try world.pot.epoch == number { try world.block() }
            most = max(most, world.rounds)
        }
        #expect(most <= 9, "\(most) rounds")
    }
}

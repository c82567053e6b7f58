import P2PCore
import Testing

/// What a message may cost, in bytes received for each byte that was new.
private struct Budget {
    static let votes = 4.0
    static let large = 3.0
    /// Of what the same messages cost when all is pushed.
    static let share = 0.5
    /// Likewise among nodes of other programs, where IDONTWANT alone saves something.
    static let shareOfStrangers = 0.6
}

@Suite("Gossip: a simulated network", .serialized)
struct GossipNetworkTests {
    private func profile(_ nodes: Int, loss: Double = 0) -> NetworkProfile {
        var profile = NetworkProfile()
        (profile.nodes, profile.dialled, profile.loss) = (nodes, nodes > 50 ? 8 : 5, loss)
        return profile
    }

    private func everything(_ profile: NetworkProfile) -> NetworkProfile {
        var changed = profile
        changed.parameters.spreading = .everything
        return changed
    }

    /// All messages reach all, nobody is punished, and the price is within its budget.
    private func check(_ work: Workload, _ profile: NetworkProfile, most: Double) {
        let network = work.run(profile)
        let figures = SpreadFigures(network)
        let pushed = SpreadFigures(work.run(everything(profile)))
        #expect(figures.missing == 0 && pushed.missing == 0, "\(work.name)")
        #expect(figures.ratio <= most, "\(work.name)")
        #expect(
            figures.ratio <= Budget.share * pushed.ratio, "\(work.name): \(pushed.ratio) when all is pushed")
        #expect(network.punished == 0 && network.leastScore >= 0, "\(work.name)")
        note(work.name, profile, figures, pushed)
    }

    private func note(
        _ name: String, _ profile: NetworkProfile, _ ours: SpreadFigures, _ pushed: SpreadFigures
    ) {
        let line = [ours, pushed].map { "\(($0.ratio * 100).rounded() / 100) \($0.median)/\($0.late) ms" }
        print("gossip: \(profile.nodes) nodes, loss \(profile.loss), \(name): \(line[0]); pushed \(line[1])")
    }

    @Test("votes reach all nodes within their budget", arguments: [24, 100])
    func votes(nodes: Int) {
        check(.votes(rounds: nodes == 24 ? 6 : 1, nodes: nodes), profile(nodes), most: Budget.votes)
    }

    @Test(
        "messages of 1 kB and more reach all nodes within their budget",
        arguments: [
            Workload.large(1_024, count: 20, every: 200), .large(2_048, count: 20, every: 200),
            .large(12_000, count: 10, every: 500), .large(65_536, count: 5, every: 1_000),
            .block,
        ])
    func large(work: Workload) {
        check(work, profile(24), most: Budget.large)
    }

    @Test("likewise among a hundred nodes", arguments: [Workload.large(2_048, count: 5, every: 300)])
    func hundred(work: Workload) {
        check(work, profile(100), most: Budget.large)
    }

    @Test(
        "likewise when two of a hundred segments are lost",
        arguments: [Workload.votes(rounds: 4, nodes: 24), .large(12_000, count: 10, every: 500)])
    func lossy(work: Workload) {
        check(work, profile(24, loss: 0.02), most: work.order == .vote ? Budget.votes : Budget.large)
    }

    // MARK: - Teeth

    @Test("without announcements the budget does not hold")
    func withoutAnnouncements() {
        var profile = profile(24)
        profile.parameters.announces = false
        let work = Workload.large(2_048, count: 10, every: 200)
        let figures = SpreadFigures(work.run(profile))
        let pushed = SpreadFigures(work.run(everything(profile)))
        #expect(figures.missing == 0)
        #expect(figures.ratio > Budget.large && figures.ratio > Budget.share * pushed.ratio)
    }

    @Test("among nodes of other programs IDONTWANT keeps blocks cheap, and without it they are not")
    func strangers() {
        var profile = profile(24)
        profile.areOurs = false
        let work = Workload.large(65_536, count: 4, every: 1_500)
        let pushed = SpreadFigures(work.run(everything(profile)))
        let network = work.run(profile)
        let figures = SpreadFigures(network)
        #expect(figures.missing == 0 && network.punished == 0 && network.leastScore >= 0)
        #expect(figures.ratio <= Budget.shareOfStrangers * pushed.ratio)
        note("65536 B, strangers", profile, figures, pushed)
        profile.parameters.tellsUnwanted = false
        let without = SpreadFigures(work.run(profile))
        #expect(without.missing == 0 && without.ratio > Budget.shareOfStrangers * pushed.ratio)
    }

    // MARK: - Hostile peers

    /// A network with one hostile node, which all its peers took into their meshes.
    private func attacked(_ change: (inout NetworkProfile) -> Void = { _ in }) -> (
        GossipNetwork, victims: [Int]
    ) {
        var profile = profile(24)
        profile.attackers = 1
        change(&profile)
        let network = GossipNetwork(profile)
        network.joinAll(gossipTopic(), TopicRules(.vote, largest: 1 << 20, spread: TopicRules.small))
        let victims = network.links[24]
        for victim in victims {
            var rpc = GossipRPC()
            rpc.subscriptions = [.init(gossipTopic(), isWanted: true)]
            rpc.graft = [gossipTopic()]
            network.inject(rpc, from: 24, to: victim)
        }
        network.run(until: 5_000)
        for number in 0..<100 {
            network.at(5_000 + UInt64(number) * 200) {
                $0.publish(gossipTopic(), gossipMessage(1_000_000 + number, bytes: 350), from: number % 24)
            }
        }
        return (network, victims)
    }

    private func expectGraylisted(_ network: GossipNetwork, _ victims: [Int], for word: String) {
        for victim in victims {
            let entry = network.graylisted.first { $0.by == victim && $0.whom == 24 }
            #expect(entry.map { $0.time <= 15_000_000 } == true, "\(victim)")
            #expect(entry.map { "\($0.why)".contains(word) } == true)
        }
        #expect(network.punished == 0 && network.leastScore >= 0)
        #expect(SpreadFigures(network).missing == 0)
    }

    @Test("who floods bad messages is graylisted within ten seconds, nobody else is, and all else arrives")
    func badFlood() {
        let (network, victims) = attacked()
        for number in 0..<1_000 {
            network.at(5_000 + UInt64(number) * 20) {
                var rpc = GossipRPC()
                rpc.messages = [
                    .init(topic: gossipTopic(), data: gossipMessage(number, bytes: 200, verdict: 1))
                ]
                $0.inject(rpc, from: 24, to: victims[number % victims.count])
            }
        }
        network.run(until: 33_000)
        expectGraylisted(network, victims, for: "bad messages of votes")
    }

    @Test("who floods any bytes, faster than it may, is graylisted within ten seconds")
    func byteFlood() {
        let (network, victims) = attacked { $0.parameters.limits.budget.bytes = 20_000 }
        for number in 0..<2_000 {
            network.at(5_000 + UInt64(number) * 5) {
                var rpc = GossipRPC()
                rpc.messages = [
                    .init(topic: gossipTopic(), data: gossipMessage(7, bytes: 100_000, verdict: 2))
                ]
                $0.inject(rpc, from: 24, to: victims[number % victims.count])
            }
        }
        network.run(until: 33_000)
        expectGraylisted(network, victims, for: "more than it may send")
    }

    @Test("who announces everything first and sends nothing delays a message by a second at the most")
    func silent() {
        let (network, victims) = attacked()
        for number in 0..<100 {
            network.at(5_000 + UInt64(number) * 200) { network in
                let data = gossipMessage(1_000_000 + number, bytes: 350)
                for victim in victims {
                    var rpc = GossipRPC()
                    rpc.have = [.init(gossipTopic(), [MessageID(topic: gossipTopic(), data: data)])]
                    network.inject(rpc, from: 24, to: victim)
                }
            }
        }
        network.run(until: 33_000)
        let figures = SpreadFigures(network)
        #expect(
            figures.missing == 0 && figures.late < 1_500 && network.punished == 0 && network.leastScore >= 0)
    }

    @Test("what is ignored punishes nobody, whoever publishes it")
    func ignored() {
        let network = GossipNetwork(profile(24))
        network.joinAll(gossipTopic(), TopicRules(.vote, largest: 1_000, spread: TopicRules.small))
        network.run(until: 3_000)
        for number in 0..<500 {
            network.at(3_000 + UInt64(number) * 20) {
                $0.publish(gossipTopic(), gossipMessage(number, bytes: 100, verdict: 2), from: number % 24)
            }
        }
        network.run(until: 20_000)
        #expect(network.graylisted.isEmpty && network.leastScore >= 0)
        #expect((network.drops[.ignored] ?? 0) > 1_000)
    }

    @Test("one seed is one run")
    func deterministic() {
        let work = Workload.votes(rounds: 1, nodes: 24)
        let (first, second) = (work.run(profile(24, loss: 0.05)), work.run(profile(24, loss: 0.05)))
        #expect(first.received == second.received && first.accepted == second.accepted)
        var other = profile(24, loss: 0.05)
        other.seed = 2
        #expect(work.run(other).received != first.received)
    }
}

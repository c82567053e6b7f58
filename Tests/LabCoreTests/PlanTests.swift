import LabCore
import Testing

@Suite("Plans of labs")
struct PlanTests {
    private func setup(_ count: Int, peers: Int = 4, seed: UInt64 = 1) -> LabSetup {
        LabSetup(
            name: "test", network: "devnet", changes: ["block_interval_ms": "500"], seed: seed, peers: peers,
            without: ["post-worker"], lines: Array(repeating: line(delay: 60), count: count),
            profiles: Array(repeating: "home", count: count))
    }

    private let keys = ["a", "b", "c"].map {
        NodeKeys(consensus: "\($0)1", vrf: "\($0)2", peer: "peer-\($0)")
    }

    @Test("names, addresses and folders follow from the place")
    func places() throws {
        let plan = try LabPlan(setup(3), folder: "/srv/lab")
        #expect(plan.names == ["n1", "n2", "n3"])
        #expect(plan.nodes.map(\.address) == ["10.78.0.1", "10.78.0.2", "10.78.0.3"])
        #expect(plan.nodes[2].folder == "/srv/lab/n3")
        #expect(plan.nodes.allSatisfy { $0.namespace == plan.prefix + $0.name })
        #expect(plan.prefix.wholeMatch(of: /sn-lab-[0-9a-f]{6}-/) != nil)
        #expect(plan.node(last: 3) == 2 && plan.node(last: 4) == nil && plan.node(last: 0) == nil)
        #expect(plan.interfaceCommands[1].contains("addr replace 10.78.0.2/24 dev lab0"))
    }

    @Test("the same setup and folder give the same plan; another folder has other namespaces")
    func deterministic() throws {
        let (one, same) = (try LabPlan(setup(24), folder: "/a"), try LabPlan(setup(24), folder: "/a"))
        #expect(one.nodes == same.nodes)
        #expect(try LabPlan(setup(24), folder: "/b").prefix != one.prefix)
        #expect(try LabPlan(setup(24, seed: 2), folder: "/a").nodes.map(\.calls) != one.nodes.map(\.calls))
    }

    @Test(
        "each node calls so many others and never itself, and nobody stands alone",
        arguments: [1, 2, 4, 24, 64])
    func calls(_ count: Int) throws {
        let plan = try LabPlan(setup(count), folder: "/a")
        for node in plan.nodes {
            #expect(node.calls.count == min(4, count - 1))
            #expect(!node.calls.contains(node.number))
            #expect(node.calls == Set(node.calls).sorted())
            if count > 1 { #expect(node.calls.contains((node.number + 1) % count)) }
        }
    }

    @Test("too few or too many nodes are refused")
    func bounds() {
        #expect(throws: LabFault.self) { try LabPlan(setup(0), folder: "/a") }
        #expect(throws: LabFault.self) { try LabPlan(setup(LabLimit.nodes + 1), folder: "/a") }
    }

    @Test("the network has the lab's numbers and a committee of all nodes")
    func network() throws {
        let base = """
            # A comment with committee: in it.
            name: devnet
            genesis_time: launch+10
            extra_data: "x"
            block_interval_ms: 1000
            # Before the committee.
            committee:
              - operator: this-node
                share: 1
            seats: 400
            """
        let plan = try LabPlan(setup(3), folder: "/a")
        let text = try plan.networkText(base: base, keys: keys, genesis: "2027-01-15T12:00:00Z")
        #expect(
            text == """
                # A comment with committee: in it.
                name: devnet
                genesis_time: "2027-01-15T12:00:00Z"
                extra_data: "lab test 1 2027-01-15T12:00:00Z"
                block_interval_ms: 500
                # Before the committee.
                seats: 400
                committee:
                  - {operator: a1, vrf_key: a2, share: 1}
                  - {operator: b1, vrf_key: b2, share: 1}
                  - {operator: c1, vrf_key: c2, share: 1}

                """)
    }

    @Test("a change of what the network lacks, or of what a lab sets itself, is refused")
    func refusedChanges() throws {
        let base = "genesis_time: launch+1\nextra_data: x\ncommittee: []\n"
        let plan = try LabPlan(setup(3), folder: "/a")
        #expect(throws: LabFault("the network devnet has no `block_interval_ms`: take it out of `changes`")) {
            try plan.networkText(base: base, keys: keys, genesis: "now")
        }
        var own = setup(3)
        own.changes = ["committee": "[]"]
        let other = try LabPlan(own, folder: "/a")
        #expect(throws: LabFault("`changes` has committee, which a lab sets itself: take it out")) {
            try other.networkText(base: base, keys: keys, genesis: "now")
        }
    }

    @Test("a node's files name the network, whom it calls, and what is not started")
    func files() throws {
        let plan = try LabPlan(setup(3, peers: 1), folder: "/a")
        #expect(plan.vmText.hasPrefix("network: /a/network.yaml\n"))
        #expect(
            plan.p2pText(plan.nodes[2], keys: keys) == """
                listen: [/ip4/10.78.0.3/tcp/7610]
                peers:
                  - /ip4/10.78.0.1/tcp/7610/p2p/peer-a

                """)
        let text = plan.nodeText(known: ["router", "post-worker"])
        #expect(text.contains("{name: p2p, role: p2p, program: spacenode-p2p"))
        #expect(text.contains("{name: post-worker, enabled: false}"))
        #expect(!plan.nodeText(known: ["router", "p2p"]).contains("p2p"))
        #expect(plan.nodeText(known: ["router", "p2p"]) == "processes: []\n")
        let alone = try LabPlan(setup(1), folder: "/a")
        #expect(alone.p2pText(alone.nodes[0], keys: keys).hasSuffix("peers: []\n"))
    }
}

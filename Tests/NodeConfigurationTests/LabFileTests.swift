import LabCore
import NodeConfiguration
import Testing

@Suite("Files of labs")
struct LabFileTests {
    private let good = """
        lab: x-1
        network: devnet
        nodes: 3
        profile: home
        profiles:
          - {name: home, delay: 60ms, jitter: 20ms, loss: 2%, down: 10mbit, up: 1mbit}
          - {name: bad, delay: 1s, burst_loss: 30%, burst_lasts: 10s, burst_every: 60s, queue: 50ms}
        lines: {n2..n3: bad}
        """

    @Test(
        "the labs that come with the node are read, and what they change is in their network",
        arguments: LabFile.known)
    func known(_ name: String) throws {
        let setup = try LabFile.parse(LabFile.text(name), file: name)
        #expect(setup.name == name)
        #expect("lab-\(setup.lines.count)" == name)
        #expect(setup.lines.allSatisfy { $0.text == "60ms ±20ms, loss 2%, 10mbit/1mbit" })
        let base = try NetworkFile.read(setup.network)
        let plan = try LabPlan(setup, folder: "/srv/lab")
        let keys = setup.lines.indices.map { number in
            let digits = String(number + 16, radix: 16)
            let key = String(repeating: digits, count: 32)
            return NodeKeys(consensus: key, vrf: key, peer: "peer")
        }
        let text = try plan.networkText(base: base.text, keys: keys, genesis: "2027-01-15T12:00:00Z")
        let network = try NetworkFile.parse(text, file: "network.yaml")
        #expect(network.committee.count == setup.lines.count)
        #expect(!network.namesThisNode)
        #expect(network.genesis == .moment(1_800_014_400_000))
    }

    @Test("lines, profiles and defaults are read")
    func read() throws {
        let setup = try LabFile.parse(good, file: "x.yaml")
        #expect(setup.profiles == ["home", "bad", "bad"])
        #expect(setup.lines[0].text == "60ms ±20ms, loss 2%, 10mbit/1mbit")
        #expect(
            setup.lines[1].burst == Line.Burst(loss: 300_000, lasts: 10_000_000_000, every: 60_000_000_000))
        #expect(setup.lines[1].queue == 50_000_000 && setup.lines[0].queue == 200_000_000)
        #expect(setup.seed == 1 && setup.peers == 4 && setup.without == [] && setup.changes == [:])
        let bare = try LabFile.parse("{lab: x, network: devnet, nodes: 1}", file: "x.yaml")
        #expect(bare.lines == [Line()] && bare.profiles == ["free"])
    }

    @Test(
        "what is wrong is refused with its line and what helps",
        arguments: [
            ("nodes: 3", "nodes: 65", "x.yaml:3: `nodes` is 65: give a whole number from 1 to 64"),
            ("lab: x-1", "lab: X", "x.yaml:1: `lab` is X: 1 to 32 of a-z, 0-9 and -"),
            (
                "profile: home", "profile: hom",
                "x.yaml:4: `profile` has hom, which no profile is called: did you mean `home`?"
            ),
            ("n2..n3", "n4", "x.yaml:8: `lines`: there is no node n4: the nodes are n1, n2, n3"),
            ("n2..n3", "\"n1,n2\"", "x.yaml:8: `lines`: n1,n2 is a way: name nodes, such as n1 or n1..n3"),
            (
                "delay: 60ms", "delay: 60",
                "x.yaml:6: `delay`: 60 is no time up to a day: write it as 60ms, 30s or 2min"
            ),
            ("jitter: 20ms", "jitter: 61ms", "x.yaml:6: `jitter` is over the delay: give 60ms or less"),
            (
                "loss: 2%", "loss: 2",
                "x.yaml:6: `loss`: 2 is no share of the packets: write it as 2% or 0.5%, up to 100%"
            ),
            (
                "up: 1mbit", "up: 1",
                "x.yaml:6: `up`: 1 is no rate from 8kbit to 100gbit: write it as 10mbit, or unlimited"
            ),
            ("burst_every: 60s", "burst_every: 10s", "bursts have `burst_loss`"),
            ("name: bad", "name: home", "x.yaml:7: `name` home is taken by an entry above: choose another"),
            (
                "network: devnet", "netwrk: devnet",
                "x.yaml:2: `netwrk` is not known here: did you mean `network`?"
            ),
        ])
    func refused(_ old: String, _ new: String, _ fault: String) {
        #expect {
            try LabFile.parse(good.replacing(old, with: new), file: "x.yaml")
        } throws: { "\($0)".contains(fault) }
    }

    @Test("processes without which there is no node, or that there are not, are refused")
    func without() {
        for name in ["router", "postworker"] {
            #expect(throws: ConfigurationError.self) {
                try LabFile.parse(good + "\nwithout: [\(name)]\n", file: "x.yaml")
            }
        }
        #expect(throws: ConfigurationError.self) { try LabFile.text("lab-5") }
    }
}

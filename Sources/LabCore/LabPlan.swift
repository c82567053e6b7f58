/// One node of a lab with everything that follows from its place.
package struct PlannedNode: Hashable, Sendable {
    /// From 0.
    package let number: Int
    /// As commands name it: n1, n2 and so on.
    package let name: String
    /// Its network namespace.
    package let namespace: String
    /// IPv4, in the lab's own network.
    package let address: String
    /// Its data directory.
    package let folder: String
    /// Numbers of those that it calls, rising.
    package let calls: [Int]
    /// Its line, and what that is called.
    package let line: Line
    package let profile: String

    /// Where others call it.
    package var multiaddress: String { "/ip4/\(address)/tcp/\(LabPlan.port)" }
}

/// Keys of a node that others must know.
package struct NodeKeys: Hashable, Sendable {
    /// 64 digits in base 16: of the consensus key, and of the VRF.
    package let consensus: String
    package let vrf: String
    /// Who it is on the network.
    package let peer: String

    /// Of one node.
    package init(consensus: String, vrf: String, peer: String) {
        (self.consensus, self.vrf, self.peer) = (consensus, vrf, peer)
    }
}

/// A lab with everything looked up: the same setup and folder give the same plan.
package struct LabPlan: Sendable {
    /// Of every node, in its own namespace.
    package static let port = 7610
    /// What the names of all labs' namespaces begin with.
    package static let allPrefix = "sn-lab-"
    /// The interface of each node to the others.
    package static let interface = "lab0"
    /// The first three numbers of all addresses.
    package static let subnet = "10.78.0"

    /// What it was made of.
    package let setup: LabSetup
    /// Its folder; absolute.
    package let folder: String
    package let nodes: [PlannedNode]
    /// What the names of its namespaces begin with.
    package let prefix: String

    /// Looks everything up.
    /// - Parameters:
    ///   - folder: absolute; it tells labs of one machine apart.
    /// - Throws: `LabFault`.
    package init(_ setup: LabSetup, folder: String) throws(LabFault) {
        let count = setup.lines.count
        guard (1...LabLimit.nodes).contains(count), setup.profiles.count == count else {
            throw LabFault("a lab has 1 to \(LabLimit.nodes) nodes, each with a line; this one has \(count)")
        }
        let prefix = Self.allPrefix + Self.token(folder) + "-"
        let calls = Self.calls(count, each: setup.peers, Dice(setup.seed))
        self.setup = setup
        self.folder = folder
        self.prefix = prefix
        nodes = (0..<count).map { number in
            let name = "n\(number + 1)"
            return PlannedNode(
                number: number, name: name, namespace: prefix + name,
                address: "\(Self.subnet).\(number + 1)", folder: "\(folder)/\(name)", calls: calls[number],
                line: setup.lines[number], profile: setup.profiles[number])
        }
    }

    /// Names of all nodes, in their order.
    package var names: [String] { nodes.map(\.name) }
    /// The network file that all nodes read.
    package var networkFile: String { "\(folder)/network.yaml" }
    /// A copy of the lab's own file.
    package var labFile: String { "\(folder)/lab.yaml" }
    /// Where the emulator takes wishes.
    package var socket: String { "\(folder)/emulator.sock" }
    /// Held by the emulator; says who it is.
    package var emulatorLock: String { "\(folder)/emulator.lock" }
    /// What commands wrote.
    package var logs: String { "\(folder)/logs" }

    /// The node to which an address of the lab belongs, by its last number; nil: none.
    package func node(last number: UInt8) -> Int? {
        (1...nodes.count).contains(Int(number)) ? Int(number) - 1 : nil
    }

    /// Words for `ip -batch` in the node's namespace, once its TUN is there.
    package var interfaceCommands: [String] {
        nodes.map { node in
            """
            link set lo up
            addr replace \(node.address)/24 dev \(Self.interface)
            link set \(Self.interface) mtu \(LabLimit.packetBytes) up txqueuelen 1000

            """
        }
    }

    /// FNV-1a of a path, short enough for a name: six digits in base 16.
    private static func token(_ path: String) -> String {
        let hash = path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String((hash ^ (hash >> 32)) & 0xff_ffff, radix: 16)
        return String(repeating: "0", count: 6 - digits.utf8.count) + digits
    }

    /// Whom each node calls: the one after it, so that nobody stands alone, and others by the dice.
    private static func calls(_ count: Int, each: Int, _ dice: Dice) -> [[Int]] {
        let most = min(each, count - 1)
        guard most > 0 else { return Array(repeating: [], count: count) }
        return (0..<count).map { node in
            // All others in an order by dice, but the next node first.
            let others = (0..<count).filter { $0 != node }.map { other in
                (rank: other == (node + 1) % count ? 0 : dice.number(UInt64(node), UInt64(other)) | 1, other)
            }
            return others.sorted { $0 < $1 }.prefix(most).map(\.1).sorted()
        }
    }
}

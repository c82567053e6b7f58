/// Texts of the files that a lab's nodes read.
extension LabPlan {
    /// Keys of a network that the lab says itself.
    private static let own = ["genesis_time", "extra_data", "committee", "accounts"]

    /// The network file: the numbers of the base with the lab's changes, and a committee of all nodes, one share each.
    /// - Parameters:
    ///   - base: text of a network file.
    ///   - genesis: the moment at which it begins, such as 2027-01-15T12:00:00Z.
    /// - Throws: `LabFault` when the base lacks what is changed.
    package func networkText(base: String, keys: [NodeKeys], genesis: String) throws(LabFault) -> String {
        var changes = setup.changes
        if let key = Self.own.first(where: { changes[$0] != nil }) {
            throw LabFault("`changes` has \(key), which a lab sets itself: take it out")
        }
        changes["genesis_time"] = "\"\(genesis)\""
        changes["extra_data"] = "\"lab \(setup.name) \(setup.seed) \(genesis)\""
        var lines: [String] = []
        var isInCommittee = false
        for line in base.split(separator: "\n", omittingEmptySubsequences: false) {
            let key = Self.key(of: line)
            if let key {
                isInCommittee = key == "committee"
                if let value = changes.removeValue(forKey: key) {
                    lines.append("\(key): \(value)")
                    continue
                }
            }
            if !isInCommittee { lines.append(String(line)) }
        }
        if let missing = changes.keys.sorted().first {
            throw LabFault("the network \(setup.network) has no `\(missing)`: take it out of `changes`")
        }
        lines.append("committee:")
        for node in keys {
            lines.append("  - {operator: \(node.consensus), vrf_key: \(node.vrf), share: 1}")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The key that begins on a line of the outermost level; nil: none does.
    private static func key(of line: Substring) -> String? {
        guard let first = line.utf8.first, (0x61...0x7a).contains(first),
            let colon = line.firstIndex(of: ":")
        else { return nil }
        return String(line[..<colon])
    }

    /// `p2p.yaml` of a node.
    /// - Parameter keys: of all nodes, in their order.
    package func p2pText(_ node: PlannedNode, keys: [NodeKeys]) -> String {
        let calls = node.calls.map { "  - \(nodes[$0].multiaddress)/p2p/\(keys[$0].peer)\n" }.joined()
        return "listen: [\(node.multiaddress)]\npeers:\(calls.isEmpty ? " []\n" : "\n\(calls)")"
    }

    /// `vm.yaml` of a node: many of them share one memory.
    package var vmText: String {
        "network: \(networkFile)\ntree_cache_bytes: 33554432\nrecord_cache_bytes: 16777216\nsignature_threads: 1\n"
    }

    /// `node.yaml` of a node.
    /// - Parameter known: processes that come with the node; the network is added when it is none of them.
    package func nodeText(known: [String]) -> String {
        var lines = ["processes:"]
        if !known.contains("p2p"), !setup.without.contains("p2p") {
            let arguments = "[\"--data\", \"{data}\", \"--bus\", \"{bus}\", \"--name\", \"{name}\"]"
            lines.append("  - {name: p2p, role: p2p, program: spacenode-p2p, arguments: \(arguments)}")
        }
        for name in setup.without where known.contains(name) {
            lines.append("  - {name: \(name), enabled: false}")
        }
        return lines.count == 1 ? "processes: []\n" : lines.joined(separator: "\n") + "\n"
    }
}

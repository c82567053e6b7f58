/// A decided block as one node has it.
package struct BlockView: Hashable, Sendable {
    /// Of all its bytes.
    package let hash: String
    /// In which it was decided, from 0.
    package let round: UInt32
    /// Unix milliseconds.
    package let time: UInt64

    /// A block.
    package init(hash: String, round: UInt32, time: UInt64) {
        (self.hash, self.round, self.time) = (hash, round, time)
    }
}

/// What one node says of its chain.
package struct NodeView: Sendable {
    package let name: String
    /// Decided last; nil: it does not answer.
    package let height: UInt64?
    /// By height.
    package let blocks: [UInt64: BlockView]
    /// Of its state after the common height; nil: it does not say.
    package let root: String?
    /// Why it does not answer, or no more.
    package let fault: String?

    /// What was learnt of a node.
    package init(
        name: String, height: UInt64?, blocks: [UInt64: BlockView] = [:], root: String? = nil,
        fault: String? = nil
    ) {
        (self.name, self.height, self.blocks, self.root, self.fault) = (name, height, blocks, root, fault)
    }
}

/// Whether the nodes of a lab have one chain, and how they come along.
package struct LabJudgement: Sendable {
    /// Heights below the highest at which a node counts as behind.
    package static let usualLag: UInt64 = 20

    /// One node's part.
    package struct Node: Hashable, Sendable {
        package let name: String
        /// nil: unknown.
        package let height: UInt64?
        /// Heights below the highest; nil: unknown.
        package let lag: UInt64?
        package let fault: String?
    }

    package let nodes: [Node]
    /// Decided by some node; 0: none.
    package let highest: UInt64
    /// Heights at which at least two nodes have a block.
    package let compared: Int
    /// Of those, where there are two different blocks; rising.
    package let forks: [UInt64]
    /// The height of which roots of the states were asked; nil: not every node that answers has one in common.
    package let rootHeight: UInt64?
    /// Nodes that said their root of it.
    package let roots: Int
    /// Different ones among them.
    package let differentRoots: Int
    /// Heights that were decided in each round, from 0.
    package let rounds: [Int]
    /// Between two blocks, in milliseconds, and the height after it; nil: fewer than two blocks.
    package let longestPause: (milliseconds: UInt64, height: UInt64)?
    /// Half of all blocks came this soon after the one before, in milliseconds; nil: fewer than two blocks.
    package let medianPause: UInt64?
    /// What is not as it should be; empty: nothing.
    package let problems: [String]

    /// 0: all is well; 1: something needs a look; 2: there is more than one chain.
    package var status: Int32 {
        if !forks.isEmpty || differentRoots > 1 { return 2 }
        return problems.isEmpty ? 0 : 1
    }

    /// Judges.
    /// - Parameters:
    ///   - rootHeight: of which the views say roots.
    ///   - mostLag: heights that a node may be behind.
    package init(_ views: [NodeView], rootHeight: UInt64?, mostLag: UInt64 = usualLag) {
        let highest = views.compactMap(\.height).max() ?? 0
        var hashes: [UInt64: Set<String>] = [:]
        var seen: [UInt64: (count: Int, block: BlockView)] = [:]
        for view in views {
            for (height, block) in view.blocks {
                hashes[height, default: []].insert(block.hash)
                seen[height] = ((seen[height]?.count ?? 0) + 1, seen[height]?.block ?? block)
            }
        }
        let said = views.compactMap(\.root)
        self.highest = highest
        self.rootHeight = rootHeight
        nodes = views.map { view in
            Node(
                name: view.name, height: view.height, lag: view.height.map { highest - $0 }, fault: view.fault
            )
        }
        compared = seen.values.filter { $0.count > 1 }.count
        forks = hashes.filter { $0.value.count > 1 }.keys.sorted()
        roots = said.count
        differentRoots = Set(said).count
        let blocks = seen.sorted { $0.key < $1.key }.map { (height: $0.key, block: $0.value.block) }
        rounds = Self.rounds(blocks.map(\.block.round))
        let pauses = Self.pauses(blocks)
        // The earliest of the longest.
        longestPause = pauses.max {
            ($0.milliseconds, $1.height) < ($1.milliseconds, $0.height)
        }
        medianPause = pauses.isEmpty ? nil : pauses.map(\.milliseconds).sorted()[pauses.count / 2]
        problems = Self.problems(
            nodes, highest, forks: forks, roots: (said.count, Set(said).count), rootHeight, mostLag)
    }

    private static func rounds(_ rounds: [UInt32]) -> [Int] {
        // Rounds over the last column are counted in it.
        let last = 15
        var result = Array(repeating: 0, count: min(last, Int(rounds.max() ?? 0)) + 1)
        for round in rounds { result[min(last, Int(round))] += 1 }
        return rounds.isEmpty ? [] : result
    }

    private static func pauses(
        _ blocks: [(height: UInt64, block: BlockView)]
    ) -> [(milliseconds: UInt64, height: UInt64)] {
        zip(blocks, blocks.dropFirst()).filter {
            $0.height + 1 == $1.height && $0.block.time <= $1.block.time
        }
        .map { ($1.block.time - $0.block.time, $1.height) }
    }

    private static func problems(
        _ nodes: [Node], _ highest: UInt64, forks: [UInt64], roots: (said: Int, different: Int),
        _ rootHeight: UInt64?, _ mostLag: UInt64
    ) -> [String] {
        var result: [String] = []
        if let first = forks.first {
            result.append("\(forks.count) heights have two blocks, the first is \(first)")
        }
        if roots.different > 1 {
            result.append("\(roots.different) different states at height \(rootHeight ?? 0)")
        }
        for node in nodes {
            if let lag = node.lag, lag > mostLag { result.append("\(node.name) is \(lag) heights behind") }
            if let fault = node.fault { result.append("\(node.name): \(fault)") }
        }
        let answering = nodes.filter { $0.height != nil }.count
        if highest == 0 { result.append("no node has decided a block yet") }
        if highest > 0, roots.said < answering {
            result.append("roots of the state are known of \(roots.said) of \(answering) nodes that answer")
        }
        return result
    }
}

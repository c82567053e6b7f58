/// What a lab is to be: nodes, their lines, and the network they make.
package struct LabSetup: Hashable, Sendable {
    /// As it is called: 1 to 32 of a-z, 0-9 and -.
    package var name: String
    /// The network whose numbers it has: a name, or the path of a file.
    package var network: String
    /// Numbers of the network that are others here.
    package var changes: [String: String]
    /// Of all dice.
    package var seed: UInt64
    /// How many others each node calls, at most; the ways go both directions.
    package var peers: Int
    /// Processes of a node that are not started.
    package var without: [String]
    /// The line of each node; as many as there are nodes.
    package var lines: [Line]
    /// What each node's line is called.
    package var profiles: [String]

    /// A lab of these nodes.
    package init(
        name: String, network: String, changes: [String: String] = [:], seed: UInt64 = 1, peers: Int = 4,
        without: [String] = [], lines: [Line], profiles: [String]
    ) {
        (self.name, self.network, self.changes) = (name, network, changes)
        (self.seed, self.peers, self.without) = (seed, peers, without)
        (self.lines, self.profiles) = (lines, profiles)
    }
}

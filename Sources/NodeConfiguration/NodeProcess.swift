/// One process of a node: what is started, and how.
package struct NodeProcess: Sendable, Hashable {
    /// On the bus, in `status`, and of its log.
    package let name: String
    package var role: String
    /// A program beside `spacenode` or on the PATH; with a `/` a path, from the data directory on.
    package var program: String
    /// `{data}`, `{run}`, `{bus}` and `{name}` stand for what they say.
    package var arguments: [String]
    package var environment: [String: String] = [:]
    package var isEnabled = true
    package var drainSeconds = 12

    /// The processes that come with the node, in the order of their start; they drain the other way.
    ///
    /// The router is first: the others are started when it takes connections. Another part of the node is one more line.
    package static let all = [
        NodeProcess(name: "router", arguments: ["--data", "{data}", "--run-dir", "{run}"], drainSeconds: 5),
        NodeProcess(name: "storage"),
        NodeProcess(name: "signer"),
        NodeProcess(name: "vm"),
        NodeProcess(name: "post-worker"),
        NodeProcess(name: "mempool"),
        NodeProcess(name: "consensus"),
        NodeProcess(name: "p2p"),
        NodeProcess(name: "poet"),
        NodeProcess(name: "miner"),
    ]

    /// A plugin of the node whose role is its name.
    private init(
        name: String, arguments: [String] = ["--data", "{data}", "--bus", "{bus}", "--name", "{name}"],
        drainSeconds: Int = 12
    ) {
        self.init(name: name, role: name, program: "spacenode-\(name)", arguments: arguments)
        self.drainSeconds = drainSeconds
    }

    /// A process of somebody's own.
    package init(name: String, role: String, program: String, arguments: [String]) {
        self.name = name
        self.role = role
        self.program = program
        self.arguments = arguments
    }

    /// Arguments with the values put in.
    package func arguments(_ values: [String: String]) -> [String] {
        arguments.map { word in
            values.reduce(word) { $0.replacing("{\($1.key)}", with: $1.value) }
        }
    }
}

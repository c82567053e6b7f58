internal import ArgumentParser
internal import Foundation
internal import LabCore
internal import NodeCommand

/// What commands that break single nodes print.
private struct NodeAnswer: Encodable {
    let nodes: [String]
    let done: String
}

extension LabPlace {
    /// The nodes that words name.
    fileprivate func nodes(_ words: [String]) throws -> (plan: LabPlan, nodes: [LabNode]) {
        let plan = try plan()
        var numbers: Set<Int> = []
        for word in words {
            guard case .nodes(let some) = try Place(word, names: plan.names) else {
                throw CommandFault("\(word) is a way: name nodes, such as n1 or n1..n3")
            }
            numbers.formUnion(some)
        }
        let all = try LabNode.all(plan)
        return (plan, numbers.sorted().map { all[$0] })
    }

    fileprivate func show(_ nodes: [LabNode], _ done: String) throws {
        let names = nodes.map(\.planned.name)
        if json { return try printJSON(NodeAnswer(nodes: names, done: done)) }
        say("\(done): \(names.joined(separator: ", "))")
    }
}

private let nodesHelp: ArgumentHelp = "Nodes: n1, n1+n4, n1..n8."

/// `spacenode lab kill`.
struct Kill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kill a node as when its power fails, or one of its processes.",
        discussion: "A node stays down until `start`; a process is started again by its supervisor.")

    @Argument(help: nodesHelp) var node: String
    @Argument(help: "One of its processes, such as vm.") var process: String?
    @OptionGroup var place: LabPlace

    func run() async throws {
        let (_, nodes) = try place.nodes([node])
        guard let process else {
            let running = nodes.filter(\.isRunning)
            guard !running.isEmpty else {
                throw CommandFault("\(node) does not run: there is nothing to kill")
            }
            for node in running { node.kill() }
            return try place.show(running, "killed")
        }
        for node in nodes {
            let named = try node.named()
            guard let found = named.first(where: { $0.name == process }) else {
                throw CommandFault(
                    "\(node.planned.name) runs no \(process): it has \(named.map(\.name).joined(separator: ", "))"
                )
            }
            Glibc.kill(found.pid, SIGKILL)
        }
        try place.show(nodes, "killed \(process)")
    }
}

/// `spacenode lab stop`.
struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop all processes of a node where they are (SIGSTOP), until `cont`.")

    @Argument(help: nodesHelp) var nodes: [String]
    @OptionGroup var place: LabPlace

    func run() throws {
        let (_, nodes) = try place.nodes(nodes)
        for node in nodes {
            guard node.isRunning else {
                throw CommandFault(
                    "\(node.planned.name) does not run: spacenode lab start \(node.planned.name)")
            }
            node.signal(SIGSTOP)
        }
        try place.show(nodes, "stopped")
    }
}

/// `spacenode lab cont`.
struct Cont: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let the processes of a stopped node go on (SIGCONT).")

    @Argument(help: nodesHelp) var nodes: [String]
    @OptionGroup var place: LabPlace

    func run() throws {
        let (_, nodes) = try place.nodes(nodes)
        for node in nodes { node.signal(SIGCONT) }
        try place.show(nodes, "goes on")
    }
}

/// `spacenode lab start`.
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start nodes that were killed, with the data that they had.")

    @Argument(help: nodesHelp) var nodes: [String]
    @OptionGroup var place: LabPlace

    func run() async throws {
        let (plan, nodes) = try place.nodes(nodes)
        try Ground.check(programs: ["spacenode"])
        _ = try EmulatorClient.insist(plan, EmulatorRequest(.report))
        try await place.alone { try LabNodes.start(nodes) }
        try place.show(nodes, "started")
    }
}

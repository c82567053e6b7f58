internal import ArgumentParser
internal import Foundation
internal import LabCore
internal import NodeCommand
internal import NodeConfiguration

/// `spacenode lab up`: makes and starts what is missing of a lab.
struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a lab's namespaces, lines, keys and genesis, and start its nodes.",
        discussion: """
            What is there is kept: again on the same folder it starts what is missing, and the chain goes on.
            """)

    @Argument(help: "A lab that comes with the node (lab-4, lab-7, lab-24), or the path of its file.")
    var network: String

    @OptionGroup var place: LabPlace
    @Flag(help: "Only the namespaces and the lines between them, for programs of your own.")
    var bare = false

    /// Programs of which every node is made; its own start looks for the others.
    private static let programs = ["spacenode", "spacenode-signer", "spacenode-p2p"]

    func run() async throws {
        try Ground.check(programs: bare ? [] : Self.programs)
        let text = try LabFile.text(network)
        let plan = try LabPlan(LabFile.parse(text, file: network), folder: place.folder)
        try takeFolder(plan, text)
        do {
            try await place.alone { try start(plan) }
        } catch {
            throw CommandFault("\(error)\nwhat was started stays: spacenode lab down ends it")
        }
        try show(plan)
    }

    private func start(_ plan: LabPlan) throws {
        try Namespaces.make(plan)
        try EmulatorClient.start(plan)
        try Namespaces.setInterfaces(plan)
        guard !bare else { return }
        note("keys and genesis of \(plan.nodes.count) nodes")
        try LabFiles.make(plan)
        try LabNodes.start(LabNode.all(plan), seconds: 60 + 10 * Double(plan.nodes.count))
    }

    /// The folder belongs to one lab, which stays as it was begun.
    private func takeFolder(_ plan: LabPlan, _ text: String) throws {
        let socket = plan.socket.utf8.count
        guard socket <= UnixSocket.longestPath else {
            throw CommandFault(
                "\(plan.socket) has \(socket) bytes, and sockets end at \(UnixSocket.longestPath): "
                    + "choose a shorter folder with --dir"
            )
        }
        if let old = FileManager.default.contents(atPath: plan.labFile) {
            guard old == Data(text.utf8) else {
                throw CommandFault(
                    "\(plan.folder) has a lab of another file: spacenode lab down --remove takes it away, "
                        + "--dir names another folder"
                )
            }
        } else {
            let there = (try? FileManager.default.contentsOfDirectory(atPath: plan.folder)) ?? []
            guard there.isEmpty else {
                throw CommandFault("\(plan.folder) has other files: name an empty or new folder with --dir")
            }
        }
        try LabFiles.makeFolder(plan.logs)
        try writeText(plan.labFile, text)
    }

    private struct Answer: Encodable {
        struct Node: Encodable {
            let name, namespace, address, data, bus, profile, line: String
            let calls: [String]
        }
        let name, dir, network: String
        let nodes: [Node]
    }

    private func show(_ plan: LabPlan) throws {
        let nodes = try LabNode.all(plan)
        guard place.json else {
            say("\(plan.setup.name): \(nodes.count) \(bare ? "namespaces" : "nodes") in \(plan.folder)")
            for node in nodes {
                let planned = node.planned
                say(
                    "\(planned.name)  \(planned.namespace)  \(planned.address)  "
                        + "\(planned.profile): \(planned.line.text)"
                )
            }
            say(
                "see: spacenode lab status, lab check   break: lab cut, slow, kill, stop   end: spacenode lab down"
            )
            return
        }
        try printJSON(
            Answer(
                name: plan.setup.name, dir: plan.folder, network: plan.networkFile,
                nodes: nodes.map { node in
                    Answer.Node(
                        name: node.planned.name, namespace: node.planned.namespace,
                        address: node.planned.address, data: node.planned.folder, bus: node.bus,
                        profile: node.planned.profile, line: node.planned.line.text,
                        calls: node.planned.calls.map { plan.names[$0] })
                }))
    }
}

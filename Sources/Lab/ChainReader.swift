internal import Foundation
internal import LabCore
internal import NodeBus
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeOperator
internal import NodeProtocol

/// Asks nodes for their chains, as an operator does.
enum ChainReader {
    /// Nodes that are asked at the same time.
    private static let atOnce = 8
    /// Milliseconds for a node's router to answer.
    private static let patience: UInt64 = 5000
    /// Blocks of one reply, at most.
    private static let blocks: UInt32 = 64

    /// What one node said of its blocks.
    private struct Chain: Sendable {
        var height: UInt64?
        var blocks: [UInt64: BlockView] = [:]
        var fault: String?
    }

    /// What all nodes say, and the height of whose states they were asked; nil: there is none that all who answer have.
    static func views(_ nodes: [LabNode], from: UInt64) async -> (views: [NodeView], rootHeight: UInt64?) {
        let chains = await all(nodes.indices.map { $0 }) { await chain(nodes[$0], from) }
        let common = chains.compactMap(\.height).min() ?? 0
        let height = common > 0 ? common : nil
        var roots: [String?] = nodes.map { _ in nil }
        if let height {
            let asked = nodes.indices.filter { chains[$0].height != nil }
            let said = await all(asked) { await root(nodes[$0], height) }
            for (place, root) in zip(asked, said) { roots[place] = root }
        }
        let views = zip(nodes, zip(chains, roots)).map { node, known in
            NodeView(
                name: node.planned.name, height: known.0.height, blocks: known.0.blocks, root: known.1,
                fault: known.0.fault)
        }
        return (views, height)
    }

    /// Values for places, some at a time, in order.
    private static func all<Value: Sendable>(
        _ places: [Int], _ body: @escaping @Sendable (Int) async -> Value
    ) async -> [Value] {
        await withTaskGroup(of: (Int, Value).self) { group in
            var results: [Int: Value] = [:]
            for (number, place) in places.enumerated() {
                if number >= atOnce, let (done, value) = await group.next() { results[done] = value }
                group.addTask { (place, await body(place)) }
            }
            for await (done, value) in group { results[done] = value }
            return places.compactMap { results[$0] }
        }
    }

    private static func chain(_ node: LabNode, _ from: UInt64) async -> Chain {
        let state = node.state.state
        guard state == .ready || state == .partly else {
            return Chain(fault: state == .unknown ? "does not answer" : state.rawValue)
        }
        do {
            return try await withBus(node.paths, patience: patience) { bus in
                try await read(bus, from)
            }
        } catch {
            return Chain(fault: "\(error)")
        }
    }

    private static func read(_ bus: BusClient, _ from: UInt64) async throws -> Chain {
        var chain = Chain()
        let deciding = try await bus.call(ConsensusContract.status, Spacenode_Consensus_V1_StatusRequest())
        let height = deciding.height == 0 ? 0 : deciding.height - 1
        chain.height = height
        chain.fault = deciding.fault.isEmpty ? nil : deciding.fault
        var next = from
        while next <= height {
            var request = Spacenode_Consensus_V1_BlocksRequest()
            (request.fromHeight, request.limit) = (next, blocks)
            let reply = try await bus.call(ConsensusContract.blocks, request)
            guard let last = reply.blocks.last else { break }
            for decided in reply.blocks {
                let bytes = [UInt8](decided.block)
                let block = try Block(wire: bytes)
                chain.blocks[decided.height] = BlockView(
                    hash: "\(BLAKE3.hash(bytes))",
                    round: try Certificate(wire: [UInt8](decided.certificate)).round,
                    time: block.header.time.milliseconds)
            }
            guard last.height >= next else { break }
            next = last.height + 1
        }
        return chain
    }

    /// The root of a node's state after a height; nil: it does not say.
    private static func root(_ node: LabNode, _ height: UInt64) async -> String? {
        try? await withBus(node.paths, patience: patience) { bus in
            var query = Spacenode_Vm_V1_QueryRequest()
            (query.path, query.height) = ("pot", height)
            let reply = try await bus.call(VmContract.query, query)
            return reply.appHash.isEmpty ? nil : Bytes32(reply.appHash).map { "\($0)" }
        }
    }
}

internal import ArgumentParser
internal import Foundation
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import NodeOperator
internal import NodeProtocol
internal import Synchronization
internal import VmCore

/// `spacenode audit`: judges again what the chain has taken, as nobody does below a certificate.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Judge every proof of decided blocks again.",
        discussion: """
            Each PoET's proof and each plot's proof, by this node's own post-worker. A proof that does not hold means that a committee has \
            certified what it must not: tell other operators. Nothing is changed. Exit status: 0 all hold, 1 something does not, or could \
            not be judged, 2 error.
            """)

    @OptionGroup var place: OperatorPlace
    @Option(help: "The first height (default: the first that is kept).") var from: UInt64 = 1
    @Option(help: "The last height (default: the newest).") var to: UInt64?

    func run() async throws {
        let (paths, from, to) = (try place.paths(), from, to)
        let shown = Mutex(Auditor.Report())
        let report = try await withProgress({ shown.withLock { "audit: \($0.text)" } }) {
            try await withBus(paths) { bus in
                let auditor = try await Auditor(bus)
                return try await auditor.run(from: from, to: to) { report in shown.withLock { $0 = report } }
            }
        }
        if place.json { try printJSON(report) } else { show(report) }
        if !report.faults.isEmpty { throw ExitCode(1) }
    }

    private func show(_ report: Auditor.Report) {
        say(report.text)
        for fault in report.faults { say("height \(fault.height): \(fault.text)") }
        if report.faults.isEmpty { say("all hold") }
    }
}

/// Goes over decided blocks.
struct Auditor: Sendable {
    /// What does not hold, or could not be judged.
    struct Fault: Encodable, Sendable {
        let height: UInt64
        let text: String
    }

    struct Report: Encodable, Sendable {
        var first: UInt64 = 0
        var last: UInt64 = 0
        var blocks: UInt64 = 0
        var poetProofs: UInt64 = 0
        var plotProofs: UInt64 = 0
        var faults: [Fault] = []

        var text: String {
            blocks == 0
                ? "no blocks yet"
                : "heights \(first) to \(last): \(poetProofs) PoET proofs, \(plotProofs) plots' proofs, \(faults.count) faults"
        }
    }

    /// Faults that are named; there may be more.
    private static let mostFaults = 1_000

    private let bus: BusClient
    private let network: Ledger.Network
    private let judges: ChainJudges

    init(_ bus: BusClient) async throws {
        self.bus = bus
        judges = ChainJudges(bus: bus)
        let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = "network"
        let text = try await bus.call(VmContract.query, request).value
        network = try Ledger.Network(
            try NetworkFile.parse(String(decoding: text, as: UTF8.self), file: "network"),
            genesisTime: info.genesisTimeMs)
    }

    /// Judges the blocks of a range.
    /// - Parameter show: told of every batch of blocks.
    func run(from: UInt64, to: UInt64?, show: @Sendable (Report) -> Void) async throws -> Report {
        var (report, next) = (Report(), max(from, 1))
        while next <= to ?? .max, report.faults.count < Self.mostFaults {
            var request = Spacenode_Consensus_V1_BlocksRequest()
            request.fromHeight = next
            let blocks = try await bus.call(ConsensusContract.blocks, request).blocks
            guard !blocks.isEmpty else { break }
            for decided in blocks where decided.height <= to ?? .max {
                if report.blocks == 0 { report.first = decided.height }
                report.last = decided.height
                report.blocks += 1
                try await judge(decided, &report)
                next = decided.height + 1
            }
            if let last = blocks.last, last.height >= to ?? .max { break }
            show(report)
        }
        return report
    }

    private func judge(
        _ decided: Spacenode_Consensus_V1_DecidedBlock, _ report: inout Report
    ) async throws {
        let block = try Block(wire: [UInt8](decided.block))
        for bytes in block.items {
            switch try BlockItem(bytes: bytes) {
            case .poetProof(let proof):
                report.poetProofs += 1
                if let text = try await fault(proof, block.header) {
                    report.faults.append(Fault(height: decided.height, text: text))
                }
            case .activation(let activation):
                for plot in activation.plots {
                    report.plotProofs += 1
                    if let text = try await fault(plot, activation.epoch) {
                        report.faults.append(Fault(height: decided.height, text: text))
                    }
                }
            case .system, .malfeasance, .transaction: break
            }
        }
    }

    /// The work, and that the challenge of all plots is what it must be.
    private func fault(_ proof: PoetProof, _ header: BlockHeader) async throws -> String? {
        guard let epoch: EpochRecord = try await record("epoch", Self.bigEndian(proof.epoch)),
            let opening = epoch.opening
        else { return "the state has no window of epoch \(proof.epoch)" }
        let parent = header.lastBlock?.hash ?? .zero
        let post = network.rules.postChallenge(epoch: proof.epoch, reference: proof.reference, parent: parent)
        guard opening.post == post else {
            return
                "the challenge of epoch \(proof.epoch) is not made of its PoET's proof and the block before"
        }
        let statement = network.rules.statement(of: epoch.challenge, index: proof.index, path: proof.path)
        return try await judges.refusal([.work(WorkCheck(statement: statement, proof: proof))], network)
    }

    private func fault(_ plot: PlotProof, _ number: UInt32) async throws -> String? {
        guard let epoch: EpochRecord = try await record("epoch", Self.bigEndian(number)),
            let opening = epoch.opening
        else { return "the state has no window of epoch \(number)" }
        var commitment = plot.binding?.commitmentATX
        if commitment == nil {
            let known: PlotRecord? = try await record("plot", plot.identity.bytes)
            commitment = known?.commitmentATX
        }
        guard let commitment else {
            return
                "plot \(plot.identity) lapsed and its record was dropped: its proof cannot be judged any more"
        }
        let check = SpaceCheck(
            challenge: opening.post, identity: plot.identity, commitmentATX: commitment, units: plot.units,
            proof: plot.proof)
        return try await judges.refusal([.space(check)], network)
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    private func record<Record: StateRecord>(_ path: String, _ key: [UInt8]) async throws -> Record? {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = path
        request.key = Data(key)
        let reply = try await bus.call(VmContract.query, request)
        guard reply.found else { return nil }
        return try Record(bytes: [UInt8](reply.value))
    }
}

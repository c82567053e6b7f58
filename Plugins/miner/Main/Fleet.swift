internal import ArgumentParser
internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeCommand
internal import NodeConfiguration
internal import NodeDomain
internal import NodeProtocol

/// `spacenode post fleet`: one identity's plot over the workers on the bus.
struct Fleet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet", abstract: "Make or prove one identity's plot over the workers on the bus.",
        subcommands: [FleetInit.self, FleetProve.self])
}

/// Options of both commands.
struct FleetOptions: ParsableArguments {
    @Option(help: "The plan: whose plot, and which worker holds which files (YAML).") var plan: String
    @Option(help: "File of the state (default: beside the plan).") var state: String?
    @Option(help: "Router: ipc:DIR or tcp://HOST:PORT (default: SPACENODE_BUS, else the node of --data).")
    var bus: String?
    @Option(help: "Data directory of the node here (default: SPACENODE_DATA, else ./data).") var data: String?
    @Option(help: "Folder of the router's sockets (default: named after the data directory, under /run).")
    var runDir: String?
    @Option(help: "Instance name.") var name: String?
    @Option(help: "File with the token, on ipc (default: DIR/tokens/miner).") var token: String?
    @Option(help: "File with this machine's secret key, on tcp.") var key: String?
    @Option(help: "The router's public key, on tcp.") var serverKey: String?
    @Flag(help: "Print JSON; on standard error a line a second of how far it is.") var json = false

    /// How to join the bus: this command is the miner of its plan.
    func busOptions() throws -> BusOptions {
        var environment = ProcessInfo.processInfo.environment
        if bus == nil, environment["SPACENODE_BUS"] == nil {
            let run = try NodePaths(data: data, run: runDir).run
            guard FileManager.default.fileExists(atPath: "\(run)/control.sock") else {
                throw CommandFault(
                    "no router runs here (no sockets in \(run)): spacenode up starts the node, or give --bus")
            }
            environment["SPACENODE_BUS"] = "ipc:\(run)"
        }
        // The SDK reads the words of the bus itself, as every plugin has the same.
        return try BusOptions.fromCommandLine(
            environment: environment, role: .miner, name: "fleet",
            provides: [TasksContract.contract, ScanHitsContract.contract], requires: [PostContract.contract])
    }

    /// Reads the plan; its own faults and those of the whole come together.
    func read() throws -> (file: FleetFile, plan: FleetPlan) {
        let file = try FleetFile.read(plan)
        let plan = FleetPlan(
            identity: Bytes32(hexadecimal: file.identity) ?? .zero,
            commitmentATX: Bytes32(hexadecimal: file.commitmentATX) ?? .zero, units: file.units,
            labelsPerUnit: file.labelsPerUnit, scryptN: file.scryptN, maxFileSize: file.maxFileSize,
            segments: file.segments.map {
                FleetSegment(worker: $0.worker, directory: $0.directory, files: $0.files)
            })
        let faults = plan.faults().map { fault in
            ConfigurationFault(
                file: self.plan, line: fault.segment.map { file.segments[$0].line } ?? 0, text: fault.text)
        }
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return (file, plan)
    }
}

/// Makes a plot.
struct FleetInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make the files of a plan, each on its worker.",
        discussion: """
            Goes on with what is on disk and with what the state file says. The smallest label of all is the plot's VRF nonce.
            Exit status: 0 made, 1 stopped, 2 error.
            """)

    @OptionGroup var options: FleetOptions

    private struct Row: Encodable {
        let nonce: UInt64?
        let nonceLabel: String?
        let files: UInt64
        let labels: UInt64
    }

    func run() async throws {
        let (_, plan) = try options.read()
        let wire = FleetWire(plan: plan, proof: nil)
        let store = try FleetStore(
            options.state ?? "\(options.plan).init.state", fingerprint: FleetPrint.text(plan, nil))
        let driver = FleetDriver(
            bus: try options.busOptions(), wire: wire, store: store,
            machine: .making(InitCoordinator(plan: plan)), json: options.json)
        let end = try await driver.run { end in
            if case .initialized(let candidate) = end { try report(candidate, plan) }
        }
        if end == nil { throw ExitCode(1) }
    }

    private func report(_ candidate: NonceCandidate?, _ plan: FleetPlan) throws {
        if options.json {
            return try printJSON(
                Row(
                    nonce: candidate?.index, nonceLabel: candidate.map { "\($0.label)" }, files: plan.files,
                    labels: plan.labels))
        }
        print("\(plan.files) files with \(plan.labels) labels are made")
        if let candidate {
            print("VRF nonce \(candidate.index), label \(candidate.label)")
        } else {
            print(
                "no label is small enough to be the VRF nonce: spacenode post find-nonce looks beyond the plot"
            )
        }
    }
}

/// Proves a plot.
struct FleetProve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Make a proof of space from the files of a plan, wherever they are.",
        discussion: """
            Prints {"nonce": N, "indices": "BASE64", "pow": N}, after a worker's strict verifier and the chain's rules accepted it.
            Exit status: 0 proved, 1 no nonce had enough labels or it was stopped, 2 error.
            """)

    @OptionGroup var options: FleetOptions

    private struct Row: Encodable {
        let nonce: UInt32
        let indices: Data
        let pow: UInt64
    }

    func run() async throws {
        let (file, plan) = try options.read()
        guard let asked = file.proof else {
            throw ConfigurationError([
                .init(
                    file: options.plan, line: 0,
                    text: "`prove` is missing: challenge, k1, k2 and pow_difficulty belong under it")
            ])
        }
        let ask = ProofAsk(k1: asked.k1, k2: asked.k2, nonces: asked.nonces, maxNonces: asked.maxNonces)
        let terms = FleetWire.ProofTerms(
            challenge: Bytes32(hexadecimal: asked.challenge) ?? .zero,
            powDifficulty: Bytes32(hexadecimal: asked.powDifficulty) ?? .zero, ask: ask)
        guard UInt64(asked.k1) < plan.labels else {
            throw ConfigurationError([
                .init(
                    file: options.plan, line: 0,
                    text: "`k1` is \(asked.k1), the plot has \(plan.labels) labels: it must have more")
            ])
        }
        let usual = "\(options.plan).prove-\(asked.challenge.prefix(8).lowercased()).state"
        let store = try FleetStore(options.state ?? usual, fingerprint: FleetPrint.text(plan, terms))
        let driver = FleetDriver(
            bus: try options.busOptions(), wire: FleetWire(plan: plan, proof: terms), store: store,
            machine: .proving(ProveCoordinator(plan: plan, ask: ask)), json: options.json)
        let end = try await driver.run { try report($0, plan, ask) }
        guard case .proof = end else { throw ExitCode(1) }
    }

    private func report(_ end: FleetEnd, _ plan: FleetPlan, _ ask: ProofAsk) throws {
        switch end {
        case .proof(let proof, let damaged):
            FleetPrint.list(damaged: damaged, plan)
            try printJSON(Row(nonce: proof.nonce, indices: Data(proof.indices), pow: proof.pow))
        case .unproved(let best, let damaged):
            FleetPrint.list(damaged: damaged, plan)
            note(
                "no proof: of the nonces below \(ask.maxNonces) none had \(ask.k2) good labels; the best had \(best)"
            )
        case .initialized, .failed: break
        }
    }
}

/// What both commands print.
enum FleetPrint {
    /// Tells one plan's state from another's.
    static func text(_ plan: FleetPlan, _ terms: FleetWire.ProofTerms?) -> String {
        var words = [
            "\(plan.identity)", "\(plan.commitmentATX)", "\(plan.units)", "\(plan.labelsPerUnit)",
            "\(plan.scryptN)", "\(plan.maxFileSize)",
        ]
        words += plan.segments.map { "\($0.worker):\($0.directory):\(FleetPlan.text($0.files))" }
        if let terms {
            words += [
                "\(terms.challenge)", "\(terms.powDifficulty)", "\(terms.ask.k1)", "\(terms.ask.k2)",
                "\(terms.ask.nonces)", "\(terms.ask.maxNonces)",
            ]
        }
        return words.joined(separator: " ")
    }

    /// Where damaged labels lie: they cost hits, and are made anew by hand.
    static func list(damaged: [UInt64], _ plan: FleetPlan) {
        for index in damaged.prefix(20) {
            let file = index / plan.labelsPerFile
            let place = plan.segments.first { $0.files.contains(file) }
            note(
                "label \(index) is damaged, in postdata_\(file).bin of \(place?.worker ?? "?"):\(place?.directory ?? "?"): `spacenode post check` there finds how much"
            )
        }
        if damaged.count > 20 { note("and \(damaged.count - 20) more") }
    }
}

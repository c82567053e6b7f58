internal import Foundation
internal import MinerCore
internal import NodeCommand
internal import NodeConfiguration
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeWallet

/// Which plots are mined: what the configuration says, what was added by commands, and which keys they have got.
///
/// DATA/miner/plots.json keeps what the configuration does not say.
struct PlotBook {
    /// A plot that was added by a command.
    struct Added: Codable, Hashable {
        let name, directory, worker, identity, commitmentATX: String
        let units: UInt32
        let maxFileSize: UInt64
        /// Empty: the configuration's.
        let coinbase: String
    }

    private struct File: Codable {
        /// Identities by the plots' names.
        var keys: [String: String] = [:]
        var added: [Added] = []
    }

    /// What plots are made out with.
    struct Network {
        let file: NetworkFile
        let genesisID: [UInt8]
        /// This node launches it: anybody has its coins.
        var isOwn: Bool {
            if case .afterLaunch = file.genesis { return true }
            return false
        }
    }

    private let path: String
    private let settings: MinerFile
    private let plots: String
    private var file: File

    /// Plots that are mined on a network of this node's own when nobody says which.
    private static let ownPlots = 2
    /// Whoever knows the words of the faucet has these accounts too.
    private static let ownWords = Array(repeating: "abandon", count: 11) + ["about"]
    /// The worker of this node.
    static let worker = "post-worker"

    /// Reads the book.
    /// - Throws: `CommandFault` when it cannot be read.
    init(_ paths: NodePaths, _ settings: MinerFile) throws {
        path = "\(paths.miner)/plots.json"
        plots = paths.post
        self.settings = settings
        guard let data = FileManager.default.contents(atPath: path) else {
            file = File()
            return
        }
        guard let file = try? JSONDecoder().decode(File.self, from: data) else {
            throw CommandFault(
                "\(path) cannot be read: restore it from a backup, or remove it and add its plots again")
        }
        self.file = file
    }

    /// Keeps a plot.
    /// - Returns: false when it was there.
    mutating func add(_ plot: Added) throws -> Bool {
        guard !file.added.contains(where: { $0.identity == plot.identity }) else { return false }
        var next = file
        next.added.append(plot)
        try keep(next)
        return true
    }

    private mutating func keep(_ next: File) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(next).write(to: URL(fileURLWithPath: path), options: .atomic)
        file = next
    }

    // MARK: - Keys

    /// What the configuration asks for.
    private func wanted(_ network: Network) -> [MinerFile.Plot] {
        if let plots = settings.plots { return plots }
        guard network.isOwn else { return [] }
        return (1...Self.ownPlots).map {
            MinerFile.Plot(name: "plot-\($0)", directory: "\(plots)/plot-\($0)")
        }
    }

    /// How many keys the signer must have, for every plot to get one.
    func keysNeeded(_ network: Network) -> Int { wanted(network).count + file.added.count }

    /// Gives every plot without a key one of the signer's that no other has.
    mutating func assign(_ identities: [Bytes32], _ network: Network) throws {
        let plots = wanted(network)
        var taken = Set(file.added.map(\.identity) + plots.compactMap { $0.identity.map { "\($0)" } })
        taken.formUnion(file.keys.values)
        var free = identities.map { "\($0)" }.filter { !taken.contains($0) }
        var next = file
        for plot in plots where plot.identity == nil && next.keys[plot.name] == nil && !free.isEmpty {
            next.keys[plot.name] = free.removeFirst()
        }
        if next.keys != file.keys { try keep(next) }
    }

    // MARK: - Plots

    /// A plot, or why it cannot be mined.
    typealias Made = Result<MinedPlot, CommandFault>

    /// All plots, those that cannot be mined with the reason.
    func plots(_ network: Network) -> [Made] {
        let known = wanted(network).enumerated().map { number, plot in
            Self.result { try mined(plot, number: number, network) }
        }
        return known + file.added.map { added in Self.result { try mined(added, network) } }
    }

    /// Names of those that were added: they are there already.
    var addedNames: Set<String> { Set(file.added.map(\.name)) }

    private static func result(_ body: () throws -> MinedPlot) -> Made {
        do {
            return .success(try body())
        } catch {
            return .failure(error as? CommandFault ?? CommandFault("\(error)"))
        }
    }

    private func mined(_ plot: MinerFile.Plot, number: Int, _ network: Network) throws -> MinedPlot {
        let key = file.keys[plot.name].flatMap { Bytes32(hexadecimal: $0) }
        guard let identity = plot.identity ?? key else {
            throw CommandFault("\(plot.name) has no key: see that the signer runs and has keys")
        }
        let coinbase = try coinbase(plot.coinbase, of: plot.name, number: number, network)
        let units = plot.units ?? network.file.plots.defaultUnits
        let atx = plot.commitmentATX ?? Self.commitment(network)
        let size = plot.maxFileSize ?? network.file.plots.fileSize
        let whole = plan(identity, atx, units, size, network, [])
        let segments =
            plot.directory.map { directory in
                [FleetSegment(worker: Self.worker, directory: directory, files: 0..<whole.files)]
            }
            ?? plot.segments.map { FleetSegment(worker: $0.worker, directory: $0.directory, files: $0.files) }
        return try checked(
            MinedPlot(
                name: plot.name, plan: plan(identity, atx, units, size, network, segments), coinbase: coinbase
            ),
            network)
    }

    private func mined(_ plot: Added, _ network: Network) throws -> MinedPlot {
        guard let identity = Bytes32(hexadecimal: plot.identity),
            let atx = Bytes32(hexadecimal: plot.commitmentATX)
        else { throw CommandFault("\(path): \(plot.name) has no keys: restore the file from a backup") }
        let coinbase = try coinbase(
            plot.coinbase.isEmpty ? nil : plot.coinbase, of: plot.name, number: Self.ownPlots, network)
        let whole = plan(identity, atx, plot.units, plot.maxFileSize, network, [])
        let segment = FleetSegment(worker: plot.worker, directory: plot.directory, files: 0..<whole.files)
        return try checked(
            MinedPlot(
                name: plot.name, plan: plan(identity, atx, plot.units, plot.maxFileSize, network, [segment]),
                coinbase: coinbase), network)
    }

    private func plan(
        _ identity: Bytes32, _ atx: Bytes32, _ units: UInt32, _ size: UInt64, _ network: Network,
        _ segments: [FleetSegment]
    ) -> FleetPlan {
        FleetPlan(
            identity: identity, commitmentATX: atx, units: units,
            labelsPerUnit: network.file.parameters.labelsPerUnit, scryptN: network.file.plots.scryptN,
            maxFileSize: size, segments: segments)
    }

    private func checked(_ plot: MinedPlot, _ network: Network) throws -> MinedPlot {
        let range = network.file.parameters.units
        guard range.contains(plot.plan.units) else {
            throw CommandFault(
                "\(plot.name) has \(plot.plan.units) units, \(network.file.name) takes \(range.lowerBound) to \(range.upperBound)"
            )
        }
        if let fault = plot.plan.faults().first { throw CommandFault("\(plot.name): \(fault.text)") }
        return plot
    }

    private func coinbase(_ own: String?, of name: String, number: Int, _ network: Network) throws -> Address
    {
        if let text = own ?? settings.coinbase {
            do {
                return try Address(text: text, prefix: network.file.hrp)
            } catch {
                throw CommandFault(
                    "coinbase \(text) of \(name) is no address of \(network.file.name): \(error)")
            }
        }
        guard network.isOwn, let address = Self.ownAddress(number + 1) else {
            throw CommandFault(
                "\(name) has no coinbase, and rewards need an address: `spacenode wallet new` makes one, miner.yaml names it"
            )
        }
        return address
    }

    /// What the data of new plots is made with: nobody can have made it for another network.
    static func commitment(_ network: Network) -> Bytes32 {
        BLAKE3.hash(Array("sn/commitment".utf8) + network.genesisID)
    }

    /// An account of the words that a network of one machine has its faucet from.
    private static func ownAddress(_ number: Int) -> Address? {
        guard let words = try? Mnemonic(text: ownWords.joined(separator: " ")),
            let secret = AccountKey.secret(seed: words.seed(), account: UInt32(number)),
            let key = Ed25519.publicKey(seed: secret)
        else { return nil }
        return WalletAccount(key: key).address
    }
}

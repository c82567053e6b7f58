internal import Foundation
internal import Logging
internal import MinerCore
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodeProtocol

/// The miner's state, and the order in which it is carried out: what is noted is on the disk before anything follows from it.
actor MinerDesk {
    /// Work that takes its time, done beside the desk.
    enum Errand: Sendable {
        case make(MinedPlot)
        case prove(MinedPlot, epoch: UInt32, challenge: Bytes32)
        case sign(ActivationDraft)
        case submit(draft: UInt64, [UInt8])
        case tell(MinerJournal.Entry)
    }

    /// What was read of the chain for people.
    struct Shown {
        var network = ""
        var hrp = ""
        var layer: UInt64 = 0
        var seats: (own: UInt64, all: UInt64) = (0, 0)
    }

    private let journal: MinerJournal
    private let logger: Logger
    private let errands: AsyncStream<Errand>.Continuation
    private(set) var mining: Mining?
    private(set) var book: PlotBook
    private(set) var network: PlotBook.Network?
    private(set) var shown = Shown()
    /// Plots that cannot be mined, and why.
    private(set) var unmined: [String] = []
    /// Why nothing can be written down any more; nil: it can.
    private(set) var fault: String?
    private(set) var poets: [Spacenode_Miner_V1_Poet] = []
    /// Whose work is wanted: each piece has a number.
    private var wanted: [String: UInt64] = [:]
    private var nextWork: UInt64 = 1

    /// Nonces of one pass over a plot; nil: what is usual on the network.
    let nonces: UInt32?

    init(
        _ journal: MinerJournal, _ book: PlotBook, nonces: UInt32?, logger: Logger,
        errands: AsyncStream<Errand>.Continuation
    ) {
        self.journal = journal
        self.nonces = nonces
        self.book = book
        self.logger = logger
        self.errands = errands
    }

    // MARK: - The beginning

    /// Begins with what the journal has, as soon as network and keys are known.
    func open(_ network: PlotBook.Network, keys: OperatorKeys, votes: Bool, identities: [Bytes32]) throws {
        self.network = network
        try book.assign(identities, network)
        var mined: [MinedPlot] = []
        unmined = []
        for plot in book.plots(network) {
            switch plot {
            case .success(let plot): mined.append(plot)
            case .failure(let fault): unmined.append("\(fault)")
            }
        }
        for text in unmined { logger.warning("\(text)") }
        shown.network = network.file.name
        shown.hrp = network.file.hrp
        var terms = network.file.parameters
        terms.genesisID = network.genesisID
        mining = Mining(
            terms: terms, keys: keys, votes: votes, plots: mined, notes: journal.entries.map(\.note))
    }

    /// How many keys of plots are needed.
    func keysNeeded(_ network: PlotBook.Network) -> Int { book.keysNeeded(network) }

    // MARK: - Events

    /// Takes an event, and has done what follows.
    func take(_ event: MiningEvent) {
        guard var mining else { return }
        let actions = mining.handle(event, at: now)
        self.mining = mining
        perform(actions)
    }

    func see(_ sight: ChainSight, layer: UInt64, seats: (own: UInt64, all: UInt64)) {
        shown.layer = layer
        shown.seats = seats
        take(.chain(sight))
    }

    func note(_ poets: [Spacenode_Miner_V1_Poet]) { self.poets = poets }

    /// Mines a plot that is there already, from now on.
    /// - Returns: false when it was known.
    func add(_ plot: PlotBook.Added) throws -> Bool {
        guard let network, var mining else {
            throw BusError(.notReady, "the ledger has not answered yet: try again in a moment")
        }
        guard try book.add(plot) else { return false }
        for made in book.plots(network) {
            guard case .success(let made) = made, made.name == plot.name else { continue }
            let actions = mining.adopt(made, at: now)
            self.mining = mining
            perform(actions)
        }
        return true
    }

    private var now: UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }

    // MARK: - Actions

    private func perform(_ actions: [MiningAction]) {
        for action in actions {
            switch action {
            case .note(let note): keep(note)
            case .make(let plot): begin(plot.name, .make(plot))
            case .prove(let plot, let epoch, let challenge):
                begin(plot.name, .prove(plot, epoch: epoch, challenge: challenge))
            case .callOff(let plot, _): wanted[plot] = nil
            case .sign(let draft): errands.yield(.sign(draft))
            case .submit(let draft, let item): errands.yield(.submit(draft: draft, item))
            }
        }
    }

    private func begin(_ plot: String, _ errand: Errand) {
        wanted[plot] = nextWork
        nextWork += 1
        errands.yield(errand)
    }

    private func keep(_ note: MiningNote) {
        do {
            let entry = try journal.append(note, at: now)
            fault = nil
            logger.info(
                "\(note.plot.isEmpty ? "" : "\(note.plot): ")\(note.text)\(note.cause.isEmpty ? "" : " (\(note.cause))")"
            )
            errands.yield(.tell(entry))
        } catch {
            // Mining goes on: what is lost is memory of this step after a restart.
            fault = "\(error)"
            logger.error("\(error)")
        }
    }

    // MARK: - Work

    /// The number of the work on a plot, to ask by whether it is still wanted.
    func work(on plot: String) -> UInt64? { wanted[plot] }

    func isWanted(_ plot: String, _ number: UInt64) -> Bool { wanted[plot] == number }

    /// The work on a plot has ended, if it is the one that was wanted last.
    func end(_ plot: String, _ number: UInt64, _ end: WorkEnd) {
        guard wanted[plot] == number else { return }
        wanted[plot] = nil
        take(.ended(plot: plot, end))
    }

    // MARK: - Questions

    /// Newest notes, rising.
    func events(_ limit: Int, after number: UInt64, plot: String?) -> [MinerJournal.Entry] {
        journal.newest(limit, after: number) { note in
            plot.map { note.plot == $0 || note.plots.contains($0) || note.plot.isEmpty && note.plots.isEmpty }
                ?? true
        }
    }
}

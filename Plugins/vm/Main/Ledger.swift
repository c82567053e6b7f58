internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import StorageClient
internal import StorageWire
internal import VmCore

/// The newest state, and the one place where it changes.
///
/// Blocks, a restore and pruning take turns; questions are answered between them, from the state as it is then.
actor Ledger {
    /// A network that has begun.
    struct Network: Sendable {
        let file: NetworkFile
        let rules: ChainRules
        /// The file's, with genesis time and id.
        var parameters: NetworkParameters { rules.parameters }

        /// - Throws: `LedgerFault` when nobody can be in its committee, or its numbers are none.
        init(_ file: NetworkFile, genesisTime: UInt64, recoveries: [Recovery] = []) throws {
            guard !file.committee.isEmpty else {
                throw LedgerFault.refused(
                    """
                    the committee of \(file.name) is not named yet, so it has no genesis: choose another network in vm.yaml, \
                    or wait for its launch
                    """)
            }
            self.file = file
            var parameters = file.parameters
            parameters.genesisTime = genesisTime
            parameters.genesisID = GenesisID.make(time: genesisTime / 1000, extraData: file.extraData)
            let committee = file.committee.map {
                Voter(operator: $0.operator, vrfKey: $0.vrfKey, power: $0.share)
            }
            rules = try ChainRules(
                parameters, chainID: file.name, committee: committee, recoveries: recoveries)
        }
    }

    let bus: BusClient
    let store: LedgerStore
    let tree: TreeSource
    let pool: SignaturePool
    let judges: ChainJudges
    let settings: VmSettings
    let logger: Logger
    var network: Network?
    var head: LedgerHead?
    /// Not nil: a checkpoint is half restored.
    var restoring: String?
    var records: RecordCache
    var checked = CheckedSignatures()
    /// The answer to the newest block.
    var lastReply: [UInt8] = []
    /// Of the blocks of this run.
    var transactionsApplied = 0
    var secondsOfBlocks = 0.0
    /// Not nil: whether a block was written is not known, and the process must begin anew.
    private(set) var lost: String?
    /// Versions that are being read, and must not be pruned.
    private var pins: [UInt64: Int] = [:]
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ bus: BusClient, _ settings: VmSettings, logger: Logger) {
        self.bus = bus
        store = LedgerStore(storage: StorageClient(bus))
        judges = ChainJudges(bus: bus)
        tree = TreeSource(store, limit: settings.treeCacheBytes)
        pool = SignaturePool(threads: settings.signatureThreads)
        records = RecordCache(bytes: settings.recordCacheBytes)
        self.settings = settings
        self.logger = logger
    }

    // MARK: - Turns

    /// Runs what changes the state, one after the other.
    func exclusively<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        if isBusy { await withCheckedContinuation { waiting.append($0) } }
        isBusy = true
        defer {
            if waiting.isEmpty {
                isBusy = false
            } else {
                // The turn goes on to the next; nobody can come between.
                waiting.removeFirst().resume()
            }
        }
        return try await body()
    }

    /// The newest state's head and network.
    /// - Throws: `LedgerFault` when there is no state to work on.
    func current() throws -> (head: LedgerHead, network: Network) {
        if let lost { throw LedgerFault.refused(lost) }
        if let restoring { throw LedgerFault.refused(restoring) }
        guard let head, let network else {
            throw LedgerFault.notOpen
        }
        return (head, network)
    }

    // MARK: - Opening

    /// Reads the head, or makes genesis in an empty storage.
    /// - Parameter now: Unix milliseconds, for a network that begins with its node.
    func open(now: UInt64) async throws {
        try await exclusively {
            if let text = try await store.history(.restoring) {
                restoring = String(decoding: text, as: UTF8.self)
            }
            if let kept = try await store.history(.network, as: NetworkRecord.self) {
                let accepted = try await store.history(.recoveries, as: RecoveriesRecord.self)
                network = try Self.network(kept, accepted?.recoveries ?? [])
                warnOfAnotherNetwork()
                head = try await store.history(.head, as: LedgerHead.self)
                lastReply = try await store.history(.lastReply) ?? []
                if head == nil, restoring == nil {
                    throw LedgerFault.damaged("the ledger has a network and no head")
                }
                if restoring == nil { try await check() }
            } else {
                try await begin(now: now)
            }
        }
    }

    private static func network(_ record: NetworkRecord, _ recoveries: [Recovery]) throws -> Network {
        let file = try NetworkFile.parse(
            String(decoding: record.text, as: UTF8.self), file: "the network in the state")
        return try Network(file, genesisTime: record.genesisTime, recoveries: recoveries)
    }

    private func warnOfAnotherNetwork() {
        guard let network, let file = try? NetworkFile.read(settings.network), file.text != network.file.text
        else { return }
        logger.warning(
            """
            vm.yaml names \(settings.network), but this state is of \(network.file.name) as it was at its first start, and stays \
            so: use another data directory for another network
            """)
    }

    /// Whether the root of the tree is the head's: a state that was copied badly is found before it is built upon.
    private func check() async throws {
        guard let head else { return }
        let (lookup, _) = try await tree.work(TreeLookup(version: head.height, key: StateKey.pot.treeKey))
        let reading = try lookup.finish()
        guard reading.root == head.appHash else {
            throw LedgerFault.damaged(
                "the tree of height \(head.height) has the root \(reading.root), not \(head.appHash)")
        }
    }

    /// The network with this node's keys where its file says so.
    private func named(_ file: NetworkFile) async throws -> NetworkFile {
        guard file.namesThisNode else { return file }
        let keys = try await bus.call(SignerContract.keys, Spacenode_Signer_V1_KeysRequest())
        guard let key = Bytes32(keys.operator), let vrfKey = Bytes32(keys.vrfKey) else {
            throw LedgerFault.noKeys
        }
        return try file.naming(operator: key, vrfKey: vrfKey)
    }

    /// Writes genesis.
    private func begin(now: UInt64) async throws {
        let file = try await named(try NetworkFile.read(settings.network))
        let time: UInt64
        switch file.genesis {
        case .moment(let moment): time = moment
        // The genesis id covers whole seconds.
        case .afterLaunch(let delay): time = (now + delay) / 1000 * 1000
        }
        let network = try Network(file, genesisTime: time)
        let accounts = file.accounts.map {
            ($0.address, Account(nextNonce: 0, balance: $0.balance, spawned: nil))
        }
        // The file has each address once.
        let changes = try network.rules.genesis(accounts: Dictionary(accounts) { first, _ in first }).changes
        // Without a version before it nothing needs to be read.
        let result = try TreeUpdate(base: nil, version: 0, changes: changes.inTreeOrder).finish()
        let head = LedgerHead(height: 0, time: time, blockHash: .zero, appHash: result.root, oldest: 0)
        var commit = LedgerCommit()
        try commit.put(changes)
        try commit.put(result.written)
        try commit.put(.head, head.bytes)
        try commit.put(.block(0), BlockRecord(time: time, hash: .zero, appHash: result.root).bytes)
        try commit.put(.network, NetworkRecord(genesisTime: time, text: Array(file.text.utf8)).bytes)
        try await store.write(commit.batch)
        await tree.apply(result)
        self.network = network
        self.head = head
        logger.info(
            "genesis of \(file.name): \(Hexadecimal.text(of: network.parameters.genesisID)), root \(result.root)"
        )
    }

    // MARK: - Writing

    /// Writes a batch, again and again until storage says that it is on the disk.
    ///
    /// An attempt that failed may have been carried out, or be so later: nothing newer must be written before it is known
    /// (docs/protocol/storage.md, §4). After `patience` the process gives up, and whoever starts it anew reads what is there.
    func write(_ batch: StorageBatch, durable: Bool = true) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        var pause: UInt64 = 20
        while true {
            do {
                return try await store.write(batch, durable: durable)
            } catch {
                logger.warning("storage did not take a block, it is written again: \(error)")
                if clock.now > end || Task.isCancelled {
                    lost = "storage has not taken a block for \(Self.patience): \(error)"
                    throw error
                }
            }
            await bus.pause(pause)
            pause = min(2 * pause, 1000)
        }
    }

    private static let patience: Duration = .seconds(60)

    // MARK: - Versions that are read

    /// Keeps a version while something reads it.
    /// - Throws: `LedgerFault` when it is not there.
    func pin(_ height: UInt64) throws {
        let (head, _) = try current()
        guard (head.oldest...head.height).contains(height) else {
            throw LedgerFault.refused(
                "height \(height) cannot be read: versions \(head.oldest) to \(head.height) are kept")
        }
        pins[height, default: 0] += 1
    }

    /// Lets a version go.
    func unpin(_ height: UInt64) {
        pins[height] = pins[height].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    /// The lowest version that is being read.
    var lowestPin: UInt64 { pins.keys.min() ?? .max }
}

extension [StateChange] {
    /// As the tree takes them.
    var inTreeOrder: [TreeChange] {
        map { TreeChange(preimage: $0.key.bytes, value: $0.value, replaces: $0.replaces) }
            .sorted { $0.key < $1.key }
    }
}

internal import ConsensusCore
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import StorageClient
internal import Synchronization

/// Carries out what consensus decides: log, signer, ledger, mempool, storage, peers, clock.
///
/// Events come one after the other; an event's actions are done in their order before the next event is taken, so that nothing leaves
/// before the log is where it must be. What waits for somebody else comes back as an event.
actor Engine {
    let bus: BusClient
    let ledger: LedgerCalls
    let signer: SignerCalls
    let mempool: MempoolCalls
    let store: BlockStore
    let folder: String
    let logger: Logger
    /// Events, in the order of their coming.
    let inbox = Inbox()
    /// Milliseconds without a decision after which the chain stands still (spec: consensus, §2.8).
    let longestWait: UInt64
    /// The recovery that an operator named at this start; nil: none.
    let acceptance: Acceptance?
    var core: Consensus?
    /// Blocks that peers have decided and this node lacks.
    var catchUp: CatchUp?
    /// The last block that was applied while catching up; nil: it is on the disk.
    var lastCaughtUp: CertifiedBlock?
    var log: LogFile?
    var chain = ChainName(name: "", revision: 0)
    var numbers = NetworkNumbers()
    var key: Bytes32?
    var beacon = Bytes32.zero
    /// When `halt.json` was last written.
    var lastExport: UInt64 = 0
    /// When the last block was decided, by this machine's clock.
    var lastDecision: UInt64 = 0
    var counts = Counts()
    /// The last height before the newest recovery that is behind; 0: there was none.
    var recoveredBehind: UInt64 = 0
    /// The last height before a recovery that is accepted and ahead; nil: none is.
    var recoveryAhead: UInt64?
    /// Why this node takes no part; empty: it does.
    private(set) var fault = ""
    /// Where words of peers go while the block behind a restored state is looked for; nil: it is not.
    var restoredFeed: AsyncStream<RestoredWord>.Continuation?
    /// Why it never will again in this process; empty: it may.
    private(set) var stopped = ""
    /// Whether the revision of the chain that was left goes on; nil: none was left.
    var revisionWatch: RevisionWatch?
    /// What people must decide; empty: nothing.
    var alarm = ""

    /// Since the start.
    struct Counts: Sendable {
        var blocks: UInt64 = 0
        var evidence: UInt64 = 0
        var blamed: UInt64 = 0
    }

    init(
        _ bus: BusClient, folder: String, haltAfter: UInt64, acceptance: Acceptance?, logger: Logger
    ) {
        self.bus = bus
        ledger = LedgerCalls(bus: bus)
        signer = SignerCalls(bus: bus)
        mempool = MempoolCalls(bus: bus)
        store = BlockStore(storage: .init(bus))
        self.folder = folder
        self.acceptance = acceptance
        longestWait = haltAfter
        self.logger = logger
    }

    /// Unix milliseconds.
    static func now() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }

    /// Milliseconds of a clock that is never set.
    static func uptime() -> UInt64 {
        let span = (ContinuousClock.now - origin).components
        return UInt64(clamping: span.seconds) &* 1000
            &+ UInt64(clamping: span.attoseconds / 1_000_000_000_000_000)
    }

    private static let origin = ContinuousClock.now

    // MARK: - The loop

    /// Opens the chain, then takes events until the process ends.
    /// - Throws: whatever makes it unsafe to go on: then the process begins anew.
    func run(opened: @Sendable () -> Void) async throws {
        defer { inbox.end() }
        let (reading, context) = try await open()
        opened()
        // Timers come and go for as long as the node runs: a group that kept their results would grow.
        try await withThrowingDiscardingTaskGroup { group in
            try await start(reading, context, &group)
            for await entry in inbox.stream {
                if group.isCancelled { break }
                try await take(entry, &group)
            }
            group.cancelAll()
        }
    }

    private func start(
        _ reading: ConsensusLogReading, _ context: HeightContext,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        var core = Consensus(context, rules, key: key) { Ed25519.verify($0, of: $1, by: $2) }
        let isOurs = reading.height == context.height && reading.chain == context.chain
        if let torn = reading.fault { logger.warning("the log ended early, what was torn is cut: \(torn)") }
        if !isOurs { try await log?.begin(chain: context.chain, height: context.height) }
        let actions = core.begin(isOurs ? reading.records : [], now: Self.now())
        self.core = core
        // Requests of an earlier life may still be answered: they have lower numbers.
        catchUp = CatchUp(context, rules, lastID: Self.now() << 16) { Ed25519.verify($0, of: $1, by: $2) }
        catchUp?.lastHeight = recoveryAhead
        // A chain that has not begun does not stand still.
        lastDecision = max(Self.now(), context.lastTime.milliseconds)
        group.addTask { [bus, inbox] in
            while !Task.isCancelled {
                await bus.pause(100)
                inbox.tick()
            }
        }
        logger.info(
            "height \(context.height) of \(context.chain): \(isOurs ? reading.records.count : 0) events from the log"
        )
        try await carryOut(actions, &group)
    }

    private func take(_ entry: Inbox.Entry, _ group: inout ThrowingDiscardingTaskGroup<any Error>)
        async throws
    {
        inbox.wasTaken(entry)
        guard stopped.isEmpty, let height = core?.context.height else { return }
        // An answer for a height that is over means nothing.
        if let meant = entry.height, meant != height { return }
        switch entry.word {
        case .catchUp(let events):
            for event in events { try await follow(event, entry, &group) }
        case .core(let event):
            if entry.peer != 0 { lookBack(event) }
            if case .message(.status(let status), let peer) = event {
                try await follow(.claimed(peer: peer, height: status.height), entry, &group)
            }
            if !isHeld { try await take(event, entry, &group) }
        }
    }

    private func take(
        _ event: ConsensusEvent, _ entry: Inbox.Entry,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        guard var core else { return }
        self.core = nil
        let actions = core.handle(event, now: Self.now())
        self.core = core
        var blame = ""
        if !isBetweenRevisions {
            for case .blame(let peer, let what) in actions where peer == entry.peer { blame = what }
        }
        entry.asker?.tell(Opinion(isTaken: core.hasTaken && blame.isEmpty, blame: blame))
        try await carryOut(actions, &group)
    }

    /// Takes no part any more; what it has, it goes on serving.
    func stop(_ why: String) {
        stopped = why
        logger.critical("\(why)")
    }

    // MARK: - Actions

    func carryOut(
        _ actions: [ConsensusAction], _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        for action in actions { try await carryOut(action, &group) }
    }

    private func carryOut(
        _ action: ConsensusAction, _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        switch action {
        case .append(let record): await log?.append(record)
        case .sync: try await log?.sync()
        case .sign(let word): ask(&group) { await $0.sign(word) }
        case .prepare(let round, let time): ask(&group) { await $0.prepare(round, time) }
        case .judge(let reference, let block): ask(&group) { await $0.judge(reference, block) }
        case .broadcast(let message): await publish(message, peer: 0, anyone: false)
        case .send(let message, let peer): await publish(message, peer: peer, anyone: false)
        case .ask(let message): await publish(message, peer: 0, anyone: true)
        case .serve(let height, let peer): await serve(height, to: peer)
        case .schedule(let timer, let span):
            let (height, bus, inbox) = (core?.context.height, bus, inbox)
            group.addTask {
                await bus.pause(max(span, 1))
                inbox.put(.timeout(timer), height: height)
            }
        case .commit(let block, let reference, let certificate):
            try await commit(block, reference, certificate, &group)
        case .evidence(let evidence):
            counts.evidence += 1
            logger.warning(
                "operator \(evidence.operator) signed two things at height \(evidence.height), round \(evidence.round)"
            )
            ask(&group) {
                await $0.mempool.submit(evidence)
                return nil
            }
        case .blame(let peer, let what):
            counts.blamed += 1
            logger.debug("peer \(peer): \(what)")
        case .tell(let text): logger.warning("\(text)")
        }
    }

    /// Does something that waits for others; its answer is an event of this height.
    private func ask(
        _ group: inout ThrowingDiscardingTaskGroup<any Error>,
        _ body: @escaping @Sendable (Engine) async -> ConsensusEvent?
    ) {
        let (height, inbox) = (core?.context.height, inbox)
        group.addTask {
            if let event = await body(self) { inbox.put(event, height: height) }
        }
    }

    // MARK: - Deciding

    /// Stores the block, applies it, and goes on with the next height; each step may be done again after a crash.
    private func commit(
        _ block: Block, _ reference: BlockReference, _ certificate: Certificate,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        guard var core else { return }
        let decided = CertifiedBlock(block: block, reference: reference, commit: certificate)
        let next = try await apply(decided, on: core.context, durable: true, &group)
        try await log?.begin(chain: next.chain, height: next.height)
        let actions = core.begin(next, now: Self.now())
        self.core = core
        inbox.put(.reached(next))
        try await carryOut(actions, &group)
    }

    /// Stores a decided block and applies it.
    ///
    /// - Parameter durable: whether it must be on the disk before this returns; else a later one brings it there.
    /// - Returns: the context of the next height.
    func apply(
        _ decided: CertifiedBlock, on context: HeightContext, durable: Bool,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws -> HeightContext {
        let (block, reference, certificate) = (decided.block, decided.reference, decided.commit)
        try await insist("the store of block \(context.height)") {
            try await self.store.put(block, certificate, durable: durable)
        }
        let wire = try Spacenode_Vm_V1_Block(block, reference, context)
        let applied = try await insist("the ledger's work on block \(context.height)") {
            try await self.ledger.apply(wire, durable: durable)
        }
        let committees = applied.committees
        guard committees.height == context.height else {
            throw ConsensusFault.refused(
                "the ledger is at height \(committees.height) after block \(context.height): it was applied by somebody else"
            )
        }
        let next = next(after: decided, on: context, applied, committees)
        guard next.validators == committees.current else {
            throw ConsensusFault.damaged(
                "the ledger's committee of height \(next.height) is not the one of the last header")
        }
        counts.blocks += 1
        lastDecision = Self.now()
        // The mempool is told beside: no block waits for it.
        ask(&group) {
            await $0.mempool.committed(block, applied.transactions)
            return nil
        }
        await announce(block, reference, certificate, context)
        return next
    }

    /// Tries until it is done: the others may be away for a moment, and nothing can be done without them meanwhile.
    ///
    /// When it takes long, `fault` says who is waited for.
    /// - Parameter isFinal: whether asking again would not help.
    func insist<Value: Sendable>(
        _ what: String, unless isFinal: (any Error) -> Bool = { ($0 as? BusError)?.isFinal ?? true },
        _ body: () async throws -> Value
    ) async throws -> Value {
        var pause: UInt64 = 20
        while true {
            do {
                let value = try await body()
                fault = ""
                return value
            } catch  where !isFinal(error) {
                if pause == Self.longestPause, fault.isEmpty {
                    fault = "\(what) is waited for: \(error)"
                    logger.warning("\(fault)")
                }
            }
            try Task.checkCancellation()
            await bus.pause(pause)
            pause = min(2 * pause, Self.longestPause)
        }
    }

    private static let longestPause: UInt64 = 500

    /// Says why this node takes no part; empty: it does.
    func setFault(_ text: String) { fault = text }
}

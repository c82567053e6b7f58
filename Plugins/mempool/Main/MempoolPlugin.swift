internal import Foundation
internal import Logging
internal import MempoolCore
internal import NodeBus
internal import NodeProtocol
internal import ServiceLifecycle

/// The mempool on the bus: begun again from its journal when the ledger answers, then serving.
struct MempoolPlugin: Service {
    private let bus: BusClient
    private let pool: Pool
    private let journal: JournalFile
    private let logger: Logger

    /// Reads the journal and registers the handlers; nothing is served before `run`.
    /// - Throws: when another process has the folder, or it cannot be used.
    init(_ options: BusOptions, _ settings: MempoolSettings, folder: String, logger: Logger) throws {
        // The folder first: a second process must not take the first one's session before it is refused.
        let (journal, reading) = try JournalFile.open(
            folder: folder, syncMilliseconds: settings.syncMilliseconds)
        if let fault = reading.fault {
            logger.warning(
                """
                the journal's end is torn: \(fault). The \(reading.records) records before it are good, the rest is cut off: \
                what came in the last second before the end is lost unless it is sent again
                """)
        }
        bus = BusClient(options: options, logger: logger)
        self.journal = journal
        self.logger = logger
        pool = Pool(bus, settings, journal, reading.candidates, logger: logger)
        MempoolHandlers(pool: pool).serve(on: bus)
        bus.setState(.starting)
    }

    func run() async throws {
        let checks = (0..<ServiceLimit.callsAtOnce).map { _ -> @Sendable () async throws -> Void in
            { [pool] in await pool.check() }
        }
        let outcome: Result<Void, any Error>
        do {
            try await bus.run(beside: [open, follow, exchange, upkeep, measure, recheck] + checks)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await journal.close()
        try outcome.get()
    }

    /// Takes up the work as soon as the ledger answers.
    private func open() async throws {
        var wait: UInt64 = 50
        var told = ""
        while !Task.isCancelled {
            do {
                try await pool.open()
                return bus.setState(.ready)
            } catch {
                let text = "the ledger does not answer (\(error)): see that vm runs"
                // At a start the ledger is a moment later; then somebody has to know.
                if wait == Self.longestWait, text != told {
                    logger.warning("\(text)")
                    bus.setState(.degraded(text))
                    told = text
                }
            }
            await bus.pause(wait)
            wait = min(2 * wait, Self.longestWait)
        }
    }

    private static let longestWait: UInt64 = 1000

    /// Hears of blocks from the ledger, for those of which nobody else tells.
    private func follow() async throws {
        let blocks = try await bus.subscribe(VmContract.blocks)
        while let element = try await blocks.next() {
            switch element {
            case .event(let block, _): await pool.heard(of: block.height)
            case .gap, .resync: await pool.heard(of: nil)
            }
        }
    }

    /// Tells peers what came in, and asks others for what did not come.
    private func exchange() async {
        while !Task.isCancelled {
            await bus.pause(100)
            for message in await pool.exchangeTick() {
                switch message {
                case .announced(let event): _ = try? await bus.publish(MempoolContract.announcements, event)
                case .pull(let event): _ = try? await bus.publish(MempoolContract.pulls, event)
                }
            }
        }
        // The session has ended: whoever waits for candidates waits no longer.
        await pool.close()
    }

    /// Catches up with blocks of which nobody told, and keeps the journal short.
    private func upkeep() async {
        var wasFaulty = false
        while !Task.isCancelled {
            await bus.pause(500)
            guard !Task.isCancelled, await pool.isOpen else { continue }
            await pool.catchUp()
            await pool.retryItems()
            await pool.shortenJournal()
            let fault = journal.fault
            if let fault, !wasFaulty {
                logger.warning("\(fault)")
                bus.setState(.degraded(fault))
            } else if fault == nil, wasFaulty {
                bus.setState(.ready)
            }
            wasFaulty = fault != nil
        }
    }

    private func recheck() async {
        await pool.recheck()
    }

    private func measure() async {
        await bus.publishFigures { [pool] in await pool.figures() }
    }
}

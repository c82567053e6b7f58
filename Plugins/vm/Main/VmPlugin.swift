internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeConfiguration
internal import NodeProtocol
internal import ServiceLifecycle
internal import StorageClient

/// The ledger on the bus: opened when storage is there, then serving.
struct VmPlugin: Service {
    private let bus: BusClient
    private let ledger: Ledger
    private let logger: Logger

    /// Registers the handlers; nothing is read before `run`.
    init(_ options: BusOptions, _ settings: VmSettings, logger: Logger) {
        bus = BusClient(options: options, logger: logger)
        ledger = Ledger(bus, settings, logger: logger)
        self.logger = logger
        VmHandlers(ledger: ledger).serve(on: bus) { [bus] event in
            _ = try? await bus.publish(VmContract.blocks, event)
        }
        bus.setState(.starting)
    }

    func run() async throws {
        try await bus.run(beside: [open, watch, measure])
    }

    /// Opens the ledger as soon as storage answers; a state that is damaged ends the process.
    private func open() async throws {
        var wait: UInt64 = 50
        var told = ""
        while !Task.isCancelled {
            var text = ""
            do {
                try await ledger.open(now: UInt64(max(0, Date().timeIntervalSince1970 * 1000)))
                return await ready()
            } catch let error as BusError {
                // At a start storage and signer are a moment later; then somebody has to know.
                if wait == Self.longestWait {
                    text =
                        "storage, or at a first start the signer, does not answer (\(error)): see that both run"
                }
            } catch let fault as LedgerFault where fault == .noKeys {
                text = "\(fault)"
            } catch let error as StorageError where error.code != .corrupt && error.code != .forbidden {
                text = "storage cannot be read: \(error)"
            }
            if !text.isEmpty, text != told {
                logger.warning("\(text)")
                bus.setState(.degraded(text))
                told = text
            }
            await bus.pause(wait)
            wait = min(2 * wait, Self.longestWait)
        }
    }

    private static let longestWait: UInt64 = 1000

    private func ready() async {
        if let text = await ledger.restoring { bus.setState(.degraded(text)) } else { bus.setState(.ready) }
    }

    /// Ends the process when the ledger does not know any more what is on the disk.
    private func watch() async throws {
        var wasRestoring = false
        while !Task.isCancelled {
            await bus.pause(500)
            if let text = await ledger.lost { throw LedgerFault.refused(text) }
            // A restore begins, or ends.
            let isRestoring = await ledger.restoring != nil
            if isRestoring != wasRestoring { await ready() }
            wasRestoring = isRestoring
        }
    }

    // MARK: - What others are told

    private func measure() async {
        await bus.publishFigures { [ledger] in await ledger.figures() }
    }
}

internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeProtocol
internal import ServiceLifecycle
internal import SignerCore

/// The signer on the bus: with its keys, or waiting for somebody to make them.
struct SignerPlugin: Service {
    private let options: BusOptions
    private let folder: SignerFolder
    private let isOwn: Bool
    private let logger: Logger
    private let opened: Opened

    /// What was found at a start.
    private enum Opened {
        case keys(HeldKeys)
        case waiting(String)
    }

    /// Opens the keys, or makes them where that is no harm.
    /// - Throws: `CommandFault` that says why nothing may be signed.
    init(_ options: BusOptions, _ folder: SignerFolder, isOwn: Bool, logger: Logger) throws {
        self.options = options
        self.folder = folder
        self.isOwn = isOwn
        self.logger = logger
        opened = try Self.open(folder, isOwn, logger)
    }

    private static func open(_ folder: SignerFolder, _ isOwn: Bool, _ logger: Logger) throws -> Opened {
        try folder.make()
        // The lock first: a second signer must not even read the keys.
        let lock = try FolderLock(folder)
        let consensus = try folder.sealed(.consensus)?.publicKey
        let start = SignerStart(
            consensus: consensus, hasVrf: try folder.sealed(.vrf) != nil, isBrokenOff: folder.isBrokenOff,
            record: try consensus.flatMap { try folder.record(of: $0) }, isOwn: isOwn)
        switch start {
        case .serve(let record):
            try Files.remove(folder.making)
            logger.info("key \(record.key) goes on after \(record.point)")
            return .keys(try HeldKeys(folder, record, lock: lock))
        case .makeKeys:
            let making = try KeyMaking(folder)
            if making.isNewPassphrase { logger.info("a new passphrase is in \(folder.passphrase)") }
            let identity = try folder.identities().first ?? making.makeIdentity()
            let (consensus, vrf) = try making.makeOperator()
            logger.info(
                "made the keys of operator \(consensus.publicKey) and plot \(identity) in \(folder.keys)")
            let record = SigningRecord(newKey: consensus.publicKey)
            return .keys(HeldKeys(folder, record, lock: lock, consensus: consensus, vrf: vrf))
        case .wait(let text):
            logger.warning("\(text)")
            return .waiting(text)
        case .refuse(let text): throw CommandFault(text)
        }
    }

    func run() async throws {
        switch opened {
        case .keys(let keys): try await serve(keys)
        case .waiting(let text):
            if let keys = try await wait(text) { try await serve(keys) }
        }
    }

    // MARK: - Without keys

    /// Says what to do until there are keys; nil: the process is to end.
    private func wait(_ text: String) async throws -> HeldKeys? {
        let bus = BusClient(options: options, logger: logger)
        SignerHandlers(keys: nil, missing: text).serve(on: bus)
        bus.setState(.degraded(text))
        let file = folder.file(of: .consensus)
        try await bus.run(beside: [
            { try await endWhenOrphaned(bus) },
            {
                while !Task.isCancelled {
                    await bus.pause(1000)
                    guard FileManager.default.fileExists(atPath: file) else { continue }
                    return bus.drain()
                }
            },
        ])
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        // Whoever makes keys writes the file last, and still has the lock for a moment.
        try await Task.sleep(for: .seconds(1))
        guard case .keys(let keys) = try Self.open(folder, isOwn, logger) else { return nil }
        return keys
    }

    // MARK: - With keys

    private func serve(_ keys: HeldKeys) async throws {
        var options = options
        options.heldKeys = [keys.operator.bytes, keys.vrfKey.bytes]
        let bus = BusClient(options: options, logger: logger)
        SignerHandlers(keys: keys, missing: "").serve(on: bus)
        bus.setState(.ready)
        do {
            try await bus.run(beside: [
                { try await watch(keys, bus) }, { await measure(keys, bus) },
                { try await endWhenOrphaned(bus) },
            ])
        } catch let error as BusError where error.code == .keyHeld {
            logger.error("another signer has key \(keys.operator), so this one signs nothing: \(error.text)")
            throw error
        }
    }

    /// Ends when the record could not be written, and tells of refusals.
    private func watch(_ keys: HeldKeys, _ bus: BusClient) async throws {
        var told: UInt64 = 0
        while !Task.isCancelled {
            await bus.pause(500)
            let status = keys.status
            if let fault = status.fault { throw CommandFault("\(fault)") }
            guard status.counts.refused > told, let refusal = status.lastRefusal else { continue }
            told = status.counts.refused
            logger.warning("refused (\(told) since the start): \(refusal)")
            var event = Spacenode_System_V1_Event()
            event.what = "the signer refused to sign"
            event.sinceMs = UInt64(max(0, Date().timeIntervalSince1970 * 1000))
            event.effect = "\(refusal)"
            event.fix = "see that one consensus process uses this key, and goes on from its own log"
            event.severity = 1
            _ = try? await bus.publish(SystemContract.events, event)
        }
    }

    private func measure(_ keys: HeldKeys, _ bus: BusClient) async {
        await bus.publishFigures {
            let status = keys.status
            return [
                ("signer_height", Double(status.record.point.height)),
                ("signer_signed_total", Double(status.counts.signed)),
                ("signer_repeated_total", Double(status.counts.repeated)),
                ("signer_refused_total", Double(status.counts.refused)),
            ]
        }
    }

    /// Ends when the supervisor is gone: its successor cannot look into this process to find that it is its own.
    private func endWhenOrphaned(_ bus: BusClient) async throws {
        guard ProcessInfo.processInfo.environment["SPACENODE_SUPERVISED"] != nil else { return }
        let parent = getppid()
        while !Task.isCancelled {
            await bus.pause(1000)
            guard getppid() != parent else { continue }
            throw CommandFault("the supervisor is gone: the next one starts a signer of its own")
        }
    }
}

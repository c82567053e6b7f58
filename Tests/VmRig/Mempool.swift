import ArgumentParser
import Foundation
import LedgerSupport
import NodeBus
import NodeCrypto
import NodeDomain
import NodeEncoding
import NodeProtocol
import RigBus
import Synchronization
import TestSupport
import VmCore

/// Fills the mempool with signed sends.
struct Fill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Submits sends to the mempool and says how long it took.")
    @Option var bus: String
    @Option(help: "The network's file.") var network: String
    @Option(help: "How many accounts the state has.") var accounts: Int
    @Option(help: "Transactions, spread over the accounts.") var count = 50_000
    @Option(help: "Transactions of a call.") var batch = 256
    @Option(help: "Calls at once.") var calls = 4

    struct Report: Encodable {
        var submitted = 0
        var refused = 0
        var seconds = 0.0
        var perSecond = 0.0
        var waiting: UInt32 = 0
        var bytes: UInt64 = 0
        var firstReason = ""
    }

    func run() async throws {
        let world = try World(network: network, accounts: accounts)
        let sends = try Self.sends(world, count)
        FileHandle.standardError.write(Data("transactions are signed\n".utf8))
        let batches = stride(from: 0, to: sends.count, by: batch).map {
            Array(sends[$0..<min(sends.count, $0 + batch)])
        }
        let calls = calls
        try printLine(try await withBus(bus) { try await Self.submit(batches, calls, $0) })
    }

    /// Nonce by nonce over all accounts, with fees by dice, signed on all cores.
    static func sends(_ world: World, _ count: Int) throws -> [Data] {
        let made = Mutex<[Int: Data]>([:])
        let runs = 64
        DispatchQueue.concurrentPerform(iterations: runs) { run in
            var part: [(Int, Data)] = []
            for number in stride(from: run, to: count, by: runs) {
                let sender = number % world.accounts
                guard let from = try? world.arguments(sender).principal else { continue }
                let body = TransactionBody(
                    principal: from, action: .spend(to: from, amount: 1),
                    nonce: UInt64(number / world.accounts),
                    gasPrice: 1
                        + UInt64(BLAKE3.hash([UInt8(number & 0xff), UInt8(number >> 8 & 0xff)]).bytes[0]))
                let message = world.rules.parameters.genesisID + body.scale
                guard let signature = Ed25519.sign(message, seed: world.seed(sender)) else { continue }
                part.append((number, Data(SignedTransaction(body, .one(signature)).raw)))
            }
            made.withLock { all in for (number, raw) in part { all[number] = raw } }
        }
        let all = made.withLock { $0 }
        return try (0..<count).map {
            guard let raw = all[$0] else { throw WorldFault("transaction \($0) could not be signed") }
            return raw
        }
    }

    private static func submit(_ batches: [[Data]], _ calls: Int, _ bus: BusClient) async throws -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        var report = Report()
        try await withThrowingTaskGroup(of: [Spacenode_Mempool_V1_SubmitVerdict].self) { group in
            var next = 0
            while next < min(calls, batches.count) {
                let batch = batches[next]
                group.addTask { try await submit(batch, bus) }
                next += 1
            }
            while let verdicts = try await group.next() {
                report.submitted += verdicts.count
                for verdict in verdicts where !verdict.waits {
                    report.refused += 1
                    if report.firstReason.isEmpty { report.firstReason = verdict.reason }
                }
                guard next < batches.count else { continue }
                let batch = batches[next]
                group.addTask { try await submit(batch, bus) }
                next += 1
            }
        }
        let took = clock.now - start
        report.seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        report.perSecond = Double(report.submitted) / report.seconds
        let status = try await bus.call(MempoolContract.status, Spacenode_Mempool_V1_StatusRequest())
        report.waiting = status.transactions
        report.bytes = status.transactionBytes
        return report
    }

    private static func submit(
        _ batch: [Data], _ bus: BusClient
    ) async throws -> [Spacenode_Mempool_V1_SubmitVerdict] {
        var request = Spacenode_Mempool_V1_SubmitRequest()
        request.candidates = batch.map { raw in
            var candidate = Spacenode_Mempool_V1_Candidate()
            candidate.kind = .transaction
            candidate.raw = raw
            return candidate
        }
        return try await bus.call(MempoolContract.submit, request).verdicts
    }
}

/// Asks the mempool for proposals.
struct Select: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how long the mempool takes to select candidates for a block.")
    @Option var bus: String
    @Option(help: "Transactions of a selection.") var count: UInt32 = 3_000
    @Option(help: "How often.") var runs = 30

    struct Report: Encodable {
        var selected = 0
        var medianMs = 0.0
        var mostMs = 0.0
        var waiting: UInt32 = 0
    }

    func run() async throws {
        let (count, runs) = (count, runs)
        try printLine(
            try await withBus(bus) { bus in
                let clock = ContinuousClock()
                var report = Report()
                var times: [Double] = []
                for _ in 0..<runs {
                    let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
                    let start = clock.now
                    let reply = try await selected(count, after: info, bus)
                    times.append(milliseconds(clock.now - start))
                    report.selected = reply.transactions.count
                }
                times.sort()
                report.medianMs = times[times.count / 2]
                report.mostMs = times.last ?? 0
                report.waiting = try await bus.call(
                    MempoolContract.status, Spacenode_Mempool_V1_StatusRequest()
                ).transactions
                return report
            })
    }
}

/// Makes blocks of what waits, until nothing does, as consensus would.
struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Selects, proposes, applies and tells the mempool, until nothing waits.")
    @Option var bus: String
    @Option(help: "The network's file.") var network: String
    @Option(help: "How many accounts the state has.") var accounts: Int
    @Option(help: "Transactions of a block.") var count: UInt32 = 3_000
    @Flag(help: "Leave it to the ledger's event to tell the mempool.") var silent = false

    struct Report: Encodable {
        var blocks = 0
        var done = 0
        var ineffective = 0
        var waiting: UInt32 = 0
        var proposeMs = 0.0
        var committedMs = 0.0
    }

    func run() async throws {
        let world = try World(network: network, accounts: accounts)
        let (count, silent) = (count, silent)
        try printLine(
            try await withBus(bus) { bus in
                var maker = BlockMaker(world, transactions: 0, spoilt: 0, seed: 1)
                var report = Report()
                while try await step(&maker, &report, count, silent, bus) {}
                let status = try await bus.call(
                    MempoolContract.status, Spacenode_Mempool_V1_StatusRequest())
                report.waiting = status.transactions
                return report
            })
    }
}

private func milliseconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
}

private func selected(
    _ count: UInt32, after info: Spacenode_Vm_V1_InfoReply, _ bus: BusClient
) async throws -> Spacenode_Mempool_V1_SelectReply {
    var request = Spacenode_Mempool_V1_SelectRequest()
    request.height = info.height + 1
    request.timeMs = info.timeMs + 1_000
    request.maxCount = count
    return try await bus.call(MempoolContract.select, request)
}

/// One block.
/// - Returns: false when nothing waits.
private func step(
    _ maker: inout BlockMaker, _ report: inout Drain.Report, _ count: UInt32, _ silent: Bool, _ bus: BusClient
) async throws -> Bool {
    let clock = ContinuousClock()
    let start = clock.now
    let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
    let selection = try await selected(count, after: info, bus)
    guard !selection.transactions.isEmpty else { return false }
    var prepare = Spacenode_Vm_V1_PrepareProposalRequest()
    prepare.height = info.height + 1
    prepare.timeMs = info.timeMs + 1_000
    prepare.transactions = selection.transactions
    prepare.maxBytes = 1 << 20
    let chosen = try await bus.call(VmContract.prepareProposal, prepare).chosen
    report.proposeMs = max(report.proposeMs, milliseconds(clock.now - start))
    var request = Spacenode_Vm_V1_FinalizeBlockRequest()
    try maker.resume(after: info)
    request.block = try maker.next(with: chosen.map { [UInt8](selection.transactions[Int($0)]) })
    let reply = try await bus.call(VmContract.finalizeBlock, request)
    report.blocks += 1
    for result in reply.results {
        if result.outcome == .done { report.done += 1 } else { report.ineffective += 1 }
    }
    if silent {
        await bus.pause(4_000)
        return true
    }
    var committed = Spacenode_Mempool_V1_CommittedRequest()
    committed.height = reply.height
    committed.transactions = reply.results.map(\.id)
    let told = clock.now
    _ = try await bus.call(MempoolContract.committed, committed)
    report.committedMs = max(report.committedMs, milliseconds(clock.now - told))
    return true
}

import Foundation
import Logging
import NodeBus
import NodeDomain
import NodeEncoding
import NodeProtocol
import Testing

/// A ledger at genesis with the faucet of devnet, a mempool, and a wallet of the faucet's words.
private final class TestMempool {
    let storage: TestStorage
    private let vm: Process
    private(set) var mempool = Process()
    let network: String

    private var router: TestRouter { storage.router }
    var journal: String { "\(router.data)/mempool/journal" }
    var wallet: String { "\(router.folder)/wallet.json" }
    var password: String { "\(router.folder)/password" }
    var log: String { (try? String(contentsOfFile: "\(router.folder)/mempool.log", encoding: .utf8)) ?? "" }

    init() throws {
        storage = try TestStorage()
        network = "\(storage.router.folder)/network.yaml"
        let file = try Programs.run("VmRig", ["network"])
        try file.output.write(toFile: network, atomically: true, encoding: .utf8)
        try "network: \(network)\n".write(
            toFile: "\(storage.router.data)/config/vm.yaml", atomically: true, encoding: .utf8)
        vm = try Self.start("vm", storage.router)
        mempool = try Self.start("mempool", storage.router)
        try "a password\n".write(toFile: password, atomically: true, encoding: .utf8)
        let words = String(repeating: "abandon ", count: 11) + "about"
        try words.write(toFile: "\(storage.router.folder)/words", atomically: true, encoding: .utf8)
        let command =
            "'\(Programs.folder)/spacenode' wallet restore --file '\(wallet)' --password-file '\(password)'"
            + " < '\(storage.router.folder)/words'"
        let made = try Programs.run("/bin/sh", ["-c", command])
        #expect(made.status == 0, "\(made.output)")
    }

    deinit {
        for process in [mempool, vm] {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    private static func start(_ role: String, _ router: TestRouter) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode-\(role)")
        process.arguments = ["--bus", "ipc:\(router.run)", "--data", router.data]
        let log = "\(router.folder)/\(role).log"
        if !FileManager.default.fileExists(atPath: log) {
            _ = FileManager.default.createFile(atPath: log, contents: nil)
        }
        let file = FileHandle(forWritingAtPath: log)
        file?.seekToEndOfFile()
        process.standardError = file
        try process.run()
        return process
    }

    /// Kills the mempool, lets somebody at its files, and starts it anew.
    func restart(_ meanwhile: () throws -> Void = {}) throws {
        kill(mempool.processIdentifier, SIGKILL)
        mempool.waitUntilExit()
        try meanwhile()
        mempool = try Self.start("mempool", router)
    }

    func rig(_ words: String...) throws -> String {
        let place = ["--bus", "ipc:\(router.run)", "--network", network, "--accounts", "0"]
        let done = try Programs.run("VmRig", words + place)
        #expect(done.status == 0, "\(done.output)")
        return done.output
    }

    /// A command of the wallet, in its own process, with its output in a file.
    func start(_ words: String..., output: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode")
        process.arguments = ["wallet"] + words + walletPlace
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    func send(_ words: String...) throws -> (status: Int32, output: String) {
        // Without a terminal, whoever runs the tests.
        try Programs.run(
            "/bin/sh",
            ["-c", "exec \"$0\" \"$@\" < /dev/null", "\(Programs.folder)/spacenode", "wallet", "send"]
                + words + walletPlace)
    }

    private var walletPlace: [String] {
        [
            "--file", wallet, "--password-file", password, "--data", router.data, "--run-dir", router.run,
        ]
    }

    /// Signs with the wallet alone.
    func sign(_ genesis: Data, _ words: String...) throws -> Data {
        let hex = Hexadecimal.text(of: [UInt8](genesis))
        let done = try Programs.run(
            "spacenode",
            ["wallet", "sign", "--genesis-id", hex, "--file", wallet, "--password-file", password] + words)
        let raw = done.output.trimmingCharacters(in: .whitespacesAndNewlines)
        return Data(try #require(Hexadecimal.bytes(of: raw), "\(done.output)"))
    }

    func with<Value: Sendable>(
        _ body: @escaping @Sendable (BusClient) async throws -> Value
    ) async throws -> Value {
        try await storage.with(.example) { _, bus in
            let end = Date() + 20
            while (try? await bus.call(MempoolContract.status, .init())) == nil, Date() < end {
                await bus.pause(50)
            }
            return try await body(bus)
        }
    }
}

private func submit(_ bus: BusClient, _ raw: [Data]) async throws
    -> [Spacenode_Mempool_V1_SubmitVerdict]
{
    var request = Spacenode_Mempool_V1_SubmitRequest()
    request.candidates = raw.map { raw in
        var candidate = Spacenode_Mempool_V1_Candidate()
        candidate.kind = .transaction
        candidate.raw = raw
        return candidate
    }
    return try await bus.call(MempoolContract.submit, request).verdicts
}

private func pending(_ bus: BusClient, _ address: Address) async throws -> Spacenode_Mempool_V1_PendingReply {
    var request = Spacenode_Mempool_V1_PendingRequest()
    request.address = Data(address.bytes)
    return try await bus.call(MempoolContract.pending, request)
}

@Suite("Mempool", .serialized)
struct MempoolTests {
    private let faucet = "stest1qqqqqqqlgfpwap59jlwmre4p9xrlk8fenfnlsrq3gky2c"

    @Test("submitted, announced, asked for, kept over kill -9 and a torn journal, and taken out by a block")
    func life() async throws {
        let node = try TestMempool()
        let address = try Address(text: faucet, prefix: "stest")
        let genesis = try await node.with { try await $0.call(VmContract.info, .init()).genesisID }
        let raw = try node.sign(genesis, "--nonce", "0")
        let id = try await node.with { bus in
            let announcements = try await bus.subscribe(MempoolContract.announcements)
            let verdicts = try await submit(bus, [raw, Data([1, 2, 3]), Data()])
            #expect(verdicts.map(\.waits) == [true, false, false] && !verdicts[0].known)
            #expect(!verdicts[1].reason.isEmpty && verdicts[2].reason.contains("1 to 1024"))
            let again = try await submit(bus, [raw])
            #expect(again[0].waits && again[0].known)
            var said = Data()
            while said.isEmpty, let element = try await announcements.next() {
                if case .event(let event, _) = element { said = event.announcement }
            }
            #expect(said.suffix(32) == verdicts[0].id)
            var offer = Spacenode_Mempool_V1_OfferRequest()
            offer.peer = Data([7])
            offer.announcement = said
            #expect(try await bus.call(MempoolContract.offer, offer).pulls.isEmpty)
            offer.announcement[offer.announcement.count - 1] ^= 1
            let pulls = try await bus.call(MempoolContract.offer, offer).pulls
            #expect(pulls.count == 1 && pulls[0].peer == Data([7]) && pulls[0].ids.count == 1)
            return verdicts[0].id
        }
        // What was taken in is on the disk within a second.
        usleep(1_500_000)
        try node.restart {
            let file = try #require(FileHandle(forWritingAtPath: node.journal))
            try file.seekToEnd()
            try file.write(contentsOf: Data([9, 0, 0, 0, 1, 2]))
            try file.close()
        }
        try await node.with { bus in
            let waiting = try await pending(bus, address)
            #expect(waiting.transactions.map(\.id) == [id] && waiting.projectedNonce == 1)
            #expect(waiting.projectedBalance == waiting.balance - waiting.transactions[0].cost)
            var request = Spacenode_Mempool_V1_ContentRequest()
            request.ids = [id, Data(repeating: 1, count: 32)]
            #expect(try await bus.call(MempoolContract.content, request).candidates.map(\.raw) == [raw])
        }
        #expect(node.log.contains("torn"))
        #expect(try node.rig("drain").contains("\"done\":1"))
        try await node.with { bus in
            let left = try await pending(bus, address)
            #expect(left.transactions.isEmpty && left.spawned && left.nextNonce == 1)
            let status = try await bus.call(MempoolContract.status, .init())
            #expect(status.transactions == 0 && status.height == 1 && status.journalFault.isEmpty)
        }
    }

    @Test("a block of which nobody tells is heard of from the ledger")
    func silent() async throws {
        let node = try TestMempool()
        let address = try Address(text: faucet, prefix: "stest")
        let genesis = try await node.with { try await $0.call(VmContract.info, .init()).genesisID }
        let raw = try node.sign(genesis, "--nonce", "0")
        _ = try await node.with { try await submit($0, [raw]) }
        #expect(try node.rig("drain", "--silent").contains("\"waiting\":0"))
        try await node.with { bus in
            let left = try await pending(bus, address)
            #expect(left.transactions.isEmpty)
        }
    }

    @Test("wallet send: shown first, sent, followed until a block has it; refusals end with 1, faults with 2")
    func wallet() async throws {
        let node = try TestMempool()
        try await node.with { _ in }
        let early = try node.send("--to", faucet, "--amount", "5", "--yes")
        #expect(early.status == 2 && early.output.contains("must be spawned"))
        let asked = try node.send()
        #expect(asked.status == 2 && asked.output.contains("--yes") && asked.output.contains("nonce    0"))
        let spawned = try node.send("--yes", "--no-follow", "--json")
        #expect(spawned.status == 0 && spawned.output.contains("\"state\" : \"waits\""))
        _ = try node.rig("drain")
        let output = "\(node.storage.router.folder)/sent"
        let sending = try node.start(
            "send", "--to", faucet, "--amount", "5", "--yes", "--json", output: output)
        let end = Date() + 60
        while sending.isRunning, Date() < end { _ = try node.rig("drain") }
        #expect(!sending.isRunning && sending.terminationStatus == 0)
        let text = try String(contentsOfFile: output, encoding: .utf8)
        #expect(text.contains("\"state\" : \"applied\"") && text.contains("\"nonce\" : 1"))
        #expect(text.contains("\"height\" : 2"))
        let rich = try node.send("--to", faucet, "--amount", "\(UInt64.max)", "--yes")
        #expect(rich.status == 1 && rich.output.contains("refused"))
        let other = try node.send("--to", "sm1qqqq", "--amount", "5", "--yes")
        #expect(other.status == 2 && other.output.contains("--to"))
        #expect(try node.send("--to", faucet).status == 2)
    }
}

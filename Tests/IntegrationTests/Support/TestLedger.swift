import Foundation
import LedgerSupport
import NodeBus
import NodeProtocol
import StorageClient
import Testing

/// A router, a storage and a ledger as processes, on a network of the rigs' operator.
final class TestLedger {
    let storage: TestStorage
    let world: World
    private var process = Process()
    private var data: String { storage.router.data }

    /// - Parameters:
    ///   - accounts: spawned wallets, by a checkpoint of height 0; 0: genesis as the file has it.
    ///   - lines: what lines of devnet's file become.
    init(accounts: Int, _ lines: [(beginning: String, line: String)] = []) throws {
        storage = try TestStorage()
        let (network, checkpoint) = (
            "\(storage.router.folder)/network.yaml", "\(storage.router.folder)/checkpoint"
        )
        try World.networkText(lines).write(toFile: network, atomically: true, encoding: .utf8)
        try "network: \(network)\n".write(
            toFile: "\(storage.router.data)/config/vm.yaml", atomically: true, encoding: .utf8)
        world = try World(network: network, accounts: accounts)
        try start()
        guard accounts > 0 else { return }
        _ = try world.writeCheckpoint(to: checkpoint)
        try waitUntilReady()
        let words = ["checkpoint", "restore", checkpoint, "--data", data, "--run-dir", storage.router.run]
        let (status, output) = try Programs.run("spacenode-vm", words + ["--json"])
        try #require(status == 0, "\(output)")
    }

    deinit { stop() }

    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Programs.folder)/spacenode-vm")
        process.arguments = ["--bus", "ipc:\(storage.router.run)", "--data", data]
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func stop() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private func waitUntilReady() throws {
        let words = ["bus", "ls", "--json", "--run-dir", storage.router.run, "--data", data]
        for _ in 0..<100 {
            let output = try Programs.run("spacenode", words).output
            let rows = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]]
            let state = rows?.first { $0["role"] as? String == "vm" }?["state"] as? String
            if state?.uppercased() == "READY" { return }
            usleep(100_000)
        }
        Issue.record("the ledger does not get ready")
    }

    /// Runs `body` with a session that may ask what consensus asks, once the ledger answers.
    func with<Value: Sendable>(
        _ body: @escaping @Sendable (BusClient) async throws -> Value
    ) async throws -> Value {
        try await storage.with(.example) { _, bus in
            let end = Date() + 20
            while true {
                let info = try? await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
                if let info, !info.appHash.isEmpty { return try await body(bus) }
                try #require(Date() < end, "the ledger does not answer")
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}

extension BusClient {
    func info() async throws -> Spacenode_Vm_V1_InfoReply {
        try await call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
    }

    func finalize(_ block: Spacenode_Vm_V1_Block) async throws -> Spacenode_Vm_V1_FinalizeBlockReply {
        var request = Spacenode_Vm_V1_FinalizeBlockRequest()
        request.block = block
        return try await call(VmContract.finalizeBlock, request)
    }

    func process(_ block: Spacenode_Vm_V1_Block) async throws -> Spacenode_Vm_V1_ProcessProposalReply {
        var request = Spacenode_Vm_V1_ProcessProposalRequest()
        request.block = block
        return try await call(VmContract.processProposal, request)
    }

    func query(
        _ path: String, _ key: [UInt8] = [], height: UInt64 = 0, prove: Bool = true
    ) async throws -> Spacenode_Vm_V1_QueryReply {
        var request = Spacenode_Vm_V1_QueryRequest()
        (request.path, request.key, request.height, request.prove) = (path, Data(key), height, prove)
        return try await call(VmContract.query, request)
    }

    /// What the ledger says instead of an answer.
    func refusal<Value>(_ body: () async throws -> Value) async -> String {
        do {
            _ = try await body()
            return ""
        } catch {
            return "\(error)"
        }
    }
}

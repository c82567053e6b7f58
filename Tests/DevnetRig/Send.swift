import ArgumentParser
import Foundation
import NodeBus
import NodeCrypto
import NodeDomain
import NodeEncoding
import NodeProtocol
import RigBus
import NodeWallet
import TestSupport

/// Sends from the faucet, one after the other, and waits until each is applied.
struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sends from devnet's faucet; every id that the node called applied is written to a file.")
    @Option var bus: String
    @Option(help: "Seconds to go on for.") var seconds = 30
    @Option(help: "Where the ids of applied transactions go.") var out: String

    struct Report: Encodable {
        var applied = 0
        var slowestMs = 0
    }

    func run() async throws {
        let drive = self
        try printLine(try await withBus(bus) { try await drive.send($0) })
    }

    private func send(_ bus: BusClient) async throws -> Report {
        let info = try await bus.insist(VmContract.info, .init())
        let words = [String](repeating: "abandon", count: 11) + ["about"]
        let seed = try Mnemonic(text: words.joined(separator: " ")).seed()
        guard let secret = AccountKey.secret(seed: seed, account: 0),
            let key = Ed25519.publicKey(seed: secret)
        else { throw RigFault("the faucet has no key") }
        let account = WalletAccount(key: key)
        guard FileManager.default.createFile(atPath: out, contents: nil),
            let output = FileHandle(forWritingAtPath: out)
        else { throw RigFault("\(out) cannot be made") }
        var report = Report()
        let end = Date() + Double(seconds)
        while Date() < end {
            let pending = try await pending(account.address, bus)
            let body =
                pending.spawned
                ? account.spend(
                    to: account.address, amount: 1 + UInt64(report.applied), nonce: pending.projectedNonce,
                    gasPrice: 1)
                : account.spawn(nonce: pending.projectedNonce, gasPrice: 1)
            guard let signed = account.sign(body, secret: secret, genesis: [UInt8](info.genesisID)) else {
                throw RigFault("the faucet's key is another")
            }
            let start = Date()
            guard try await isApplied(signed.raw, bus) else { continue }
            output.write(Data("\(Hexadecimal.text(of: BLAKE3.hash(signed.raw).bytes))\n".utf8))
            report.applied += 1
            report.slowestMs = max(report.slowestMs, Int(Date().timeIntervalSince(start) * 1000))
        }
        return report
    }

    private func pending(_ address: Address, _ bus: BusClient) async throws
        -> Spacenode_Mempool_V1_PendingReply
    {
        var request = Spacenode_Mempool_V1_PendingRequest()
        request.address = Data(address.bytes)
        return try await bus.insist(MempoolContract.pending, request)
    }

    /// Submits until it is applied; what a mempool lost when it died is submitted again.
    private func isApplied(_ raw: [UInt8], _ bus: BusClient) async throws -> Bool {
        let id = Data(BLAKE3.hash(raw).bytes)
        for round in 0..<1200 {
            if round % 60 == 0 {
                var candidate = Spacenode_Mempool_V1_Candidate()
                (candidate.kind, candidate.raw) = (.transaction, Data(raw))
                var request = Spacenode_Mempool_V1_SubmitRequest()
                request.candidates = [candidate]
                let verdict = try await bus.insist(MempoolContract.submit, request).verdicts.first
                if verdict?.waits == false, try await !hasReceipt(id, bus) {
                    FileHandle.standardError.write(Data("refused: \(verdict?.reason ?? "")\n".utf8))
                    await bus.pause(200)
                    return false
                }
            }
            if try await hasReceipt(id, bus) { return true }
            await bus.pause(50)
        }
        throw RigFault("a transaction that waits is not applied")
    }

    private func hasReceipt(_ id: Data, _ bus: BusClient) async throws -> Bool {
        var query = Spacenode_Vm_V1_QueryRequest()
        query.path = "receipt"
        query.key = id
        return try await bus.insist(VmContract.query, query).found
    }
}

internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import NodeBus
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import NodeOperator
internal import NodeProtocol
internal import NodeWallet

/// `wallet send`.
struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send smidge through a running node, and see them arrive.",
        discussion: """
            Without --to the account spawns itself, which it must do once before it can send. What will be done is shown before it is
            done. The transaction is signed here: neither words nor keys leave this process.
            Exit status: 0 applied (or waiting, with --no-follow), 1 refused, failed or not sent, 2 error.
            """)

    @OptionGroup var options: WalletOptions
    @OptionGroup var place: OperatorPlace
    @Option(help: "Which account, from 0.") var index: UInt32 = 0
    @Option(help: "Who receives.") var to: String?
    @Option(help: "Smidge to send; 1 SMH is 1000000000.") var amount: UInt64?
    @Option(help: "Smidge for one gas.") var gasPrice: UInt64 = 1
    @Option(help: "Nonce, to replace one that waits (default: the next free one).") var nonce: UInt64?
    @Option(help: "Seconds to wait until it is applied.") var wait: UInt64 = 600
    @Flag(help: "Do not ask.") var yes = false
    @Flag(help: "End when it waits in the mempool.") var noFollow = false

    func validate() throws {
        guard (to == nil) == (amount == nil) else {
            throw ValidationError("--to and --amount belong together: give both, or none to spawn")
        }
        guard gasPrice > 0 else {
            throw ValidationError("--gas-price 0: such a transaction has no effect; 1 or more")
        }
    }

    func run() async throws {
        let wallet = try options.read()
        guard let known = wallet.accounts.first(where: { $0.index == index }),
            let key = Bytes32(hexadecimal: known.publicKey)
        else {
            throw CommandFault(
                "account \(index) is not in \(options.file): `spacenode wallet address --index \(index)` adds it"
            )
        }
        let account = WalletAccount(key: key)
        let paths = try place.paths()
        let ledger = try await withBus(paths) { try await NodeView(of: account.address, $0) }
        let body = try body(account, ledger)
        let raw = try sign(body, account, wallet, ledger)
        let signed = Plan(body, raw, ledger)
        let plan = signed.judged(try await withBus(paths) { try await signed.verdict($0) }, ledger)
        if !place.json || !yes { plan.show() }
        if let reason = plan.refusal { try end(plan.outcome("refused", reason: reason)) }
        guard try yes || confirm() else { return try end(plan.outcome("not sent")) }
        let sending = Sending(plan: plan, follows: !noFollow, wait: wait)
        try end(try await withBus(paths) { try await sending.run($0) })
    }

    /// Prints what came of it, and ends with its status.
    private func end(_ outcome: Outcome) throws {
        if place.json { try printJSON(outcome) } else { say(outcome.line) }
        if !outcome.isGood { throw ExitCode(1) }
    }

    private func body(_ account: WalletAccount, _ ledger: NodeView) throws -> TransactionBody {
        let nonce = nonce ?? ledger.projectedNonce
        guard let to, let amount else {
            guard !ledger.isSpawned else {
                throw CommandFault(
                    "account \(ledger.from) is spawned already: give --to ADDRESS and --amount SMIDGE")
            }
            return account.spawn(nonce: nonce, gasPrice: gasPrice)
        }
        guard ledger.isSpawned else {
            throw CommandFault(
                "account \(ledger.from) must be spawned before it can send, once: `spacenode wallet send` without --to does it"
            )
        }
        do {
            let destination = try Address(text: to, prefix: ledger.hrp)
            return account.spend(to: destination, amount: amount, nonce: nonce, gasPrice: gasPrice)
        } catch {
            throw CommandFault("--to \(to): \(error)")
        }
    }

    private func sign(
        _ body: TransactionBody, _ account: WalletAccount, _ wallet: WalletFile, _ ledger: NodeView
    ) throws -> [UInt8] {
        let seed = try options.open(wallet).seed()
        guard let secret = AccountKey.secret(seed: seed, account: index) else {
            throw CommandFault("\(WalletFault.index(index))")
        }
        guard let signed = account.sign(body, secret: secret, genesis: ledger.genesisID) else {
            throw CommandFault(
                "the words of \(options.file) have another key for account \(index): the file was changed")
        }
        return signed.raw
    }

    /// Whether whoever sits there wants it.
    private func confirm() throws -> Bool {
        guard isatty(0) == 1 else {
            throw CommandFault("there is no terminal to ask: give --yes, and it is sent as shown")
        }
        FileHandle.standardError.write(Data("send? [y/N] ".utf8))
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }
}

/// What the node says before anything is signed.
struct NodeView: Sendable {
    let from, hrp, network: String
    let genesisID: [UInt8]
    let height: UInt64
    let isSpawned: Bool
    let projectedNonce, projectedBalance: UInt64
    /// What those that wait take of the account, by nonce.
    let costs: [UInt64: UInt64]

    init(of address: Address, _ bus: BusClient) async throws {
        let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
        var request = Spacenode_Mempool_V1_PendingRequest()
        request.address = Data(address.bytes)
        let pending = try await bus.call(MempoolContract.pending, request)
        (hrp, network, height) = (info.hrp, info.network, info.height)
        from = address.text(prefix: info.hrp)
        genesisID = [UInt8](info.genesisID)
        isSpawned = pending.spawned
        (projectedNonce, projectedBalance) = (pending.projectedNonce, pending.projectedBalance)
        costs = Dictionary(
            pending.transactions.map { ($0.nonce, $0.cost) }, uniquingKeysWith: { first, _ in first })
    }
}

/// A transaction that is signed, and what it will do.
struct Plan: Sendable {
    let from: String
    let to: String?
    let amount, nonce: UInt64
    let raw: [UInt8]
    let id: String
    let network: String
    private(set) var fee: UInt64 = 0
    private(set) var gas: UInt64 = 0
    private(set) var balanceAfter: UInt64?
    private(set) var refusal: String?

    init(_ body: TransactionBody, _ raw: [UInt8], _ ledger: NodeView) {
        from = ledger.from
        if case .spend(let to, let amount) = body.action {
            self.to = to.text(prefix: ledger.hrp)
            self.amount = amount
        } else {
            to = nil
            amount = 0
        }
        nonce = body.nonce
        self.raw = raw
        id = BLAKE3.hash(raw).description
        network = ledger.network
    }

    /// What the ledger would do with it.
    func verdict(_ bus: BusClient) async throws -> Spacenode_Vm_V1_CheckTxVerdict {
        var candidate = Spacenode_Vm_V1_Candidate()
        candidate.kind = .transaction
        candidate.raw = Data(raw)
        var request = Spacenode_Vm_V1_CheckTxRequest()
        request.candidates = [candidate]
        guard let verdict = try await bus.call(VmContract.checkTx, request).verdicts.first else {
            throw CommandFault("the ledger gives no verdict: see `spacenode status`")
        }
        return verdict
    }

    /// With what the ledger says of it.
    func judged(_ verdict: Spacenode_Vm_V1_CheckTxVerdict, _ ledger: NodeView) -> Plan {
        var plan = self
        plan.take(verdict, ledger)
        return plan
    }

    private mutating func take(_ verdict: Spacenode_Vm_V1_CheckTxVerdict, _ ledger: NodeView) {
        guard verdict.valid else {
            refusal = verdict.reason
            return
        }
        (fee, gas) = (verdict.fee, verdict.maxGas)
        // One of the same nonce gives back what it would have taken.
        let has = ledger.projectedBalance &+ (ledger.costs[nonce] ?? 0)
        let (cost, overflow) = fee.addingReportingOverflow(amount)
        if !overflow, cost <= has {
            balanceAfter = has - cost
        } else {
            refusal =
                "what waits of this account leaves \(has) smidge: send less, or wait until it is applied"
        }
    }

    /// Shows it to whoever decides.
    func show() {
        note("from     \(from)  (\(network))")
        note(to.map { "to       \($0)" } ?? "spawns   the account itself, so that it can send")
        if to != nil { note("amount   \(Self.coins(amount))") }
        guard let balanceAfter else { return }
        note("fee      \(Self.coins(fee))  (\(gas) gas)")
        note("nonce    \(nonce)")
        note("balance  \(Self.coins(balanceAfter)) after this and all that waits before it")
    }

    /// Smidge for people.
    static func coins(_ smidge: UInt64) -> String {
        let (whole, part) = smidge.quotientAndRemainder(dividingBy: 1_000_000_000)
        if whole == 0 { return "\(smidge) smidge" }
        let digits = String(part)
        return "\(whole).\(String(repeating: "0", count: 9 - digits.count))\(digits) SMH"
    }

    func outcome(_ state: String, height: UInt64? = nil, reason: String? = nil) -> Outcome {
        Outcome(
            state: state, id: id, from: from, to: to, amount: amount, fee: fee, nonce: nonce,
            balanceAfter: balanceAfter, height: height, reason: reason)
    }
}

/// What came of it.
struct Outcome: Encodable, Sendable {
    let state, id, from: String
    let to: String?
    let amount, fee, nonce: UInt64
    let balanceAfter, height: UInt64?
    let reason: String?

    var isGood: Bool { state == "applied" || state == "waits" }

    var line: String {
        let place = height.map { " in block \($0)" } ?? ""
        return "\(state)\(place)  \(id)" + (reason.map { "\n\($0)" } ?? "")
    }
}

internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import NodeTasks
internal import Synchronization

/// Does what the desk wants: work by workers, signatures by the signer, activations to the mempool.
final class MinerWorks: Sendable {
    private let bus: BusClient
    private let owner: TaskOwner
    private let store: FleetStore
    private let desk: MinerDesk
    private let runs = Mutex<[String: FleetRun]>([:])

    /// Milliseconds until the mempool is asked again when it did not answer.
    private static let rest: UInt64 = 1_000
    /// Milliseconds for which nobody is told that a worker is not there.
    private static let patience: UInt64 = 10_000

    init(bus: BusClient, owner: TaskOwner, store: FleetStore, desk: MinerDesk) {
        self.bus = bus
        self.owner = owner
        self.store = store
        self.desk = desk
    }

    /// Does one thing, and tells the desk what came of it.
    func run(_ errand: MinerDesk.Errand) async {
        switch errand {
        case .make(let plot):
            let machine = FleetMachine.making(InitCoordinator(plan: plot.plan))
            await work(on: plot, FleetWire(plan: plot.plan, proof: nil), machine, epoch: 0)
        case .prove(let plot, let epoch, let challenge):
            guard let terms = await desk.mining?.terms else { return }
            let ask = ProofAsk(
                k1: terms.goodLabels, k2: Int(terms.proofIndices), nonces: nonces(terms),
                maxNonces: terms.mostNonces)
            let wire = FleetWire(
                plan: plot.plan,
                proof: .init(challenge: challenge, powDifficulty: terms.powDifficulty, ask: ask))
            await work(on: plot, wire, .proving(ProveCoordinator(plan: plot.plan, ask: ask)), epoch: epoch)
        case .sign(let draft): await sign(draft)
        case .submit(let draft, let item): await submit(draft, item)
        case .tell(let entry):
            _ = try? await bus.publish(
                MinerContract.happened, Spacenode_Miner_V1_Event(entry, await desk.mining))
        }
    }

    /// Takes hits for whichever run they are of.
    /// - Returns: whether they are wanted.
    func take(_ hits: [FleetHit], of task: TaskID, before next: UInt64) throws -> Bool {
        for run in runs.withLock({ Array($0.values) }) where try run.take(hits, of: task, before: next) {
            return true
        }
        return false
    }

    private func nonces(_ terms: NetworkParameters) -> UInt32 {
        let usual: UInt32 = terms.mostNonces <= 288 ? terms.mostNonces : 64
        return desk.nonces ?? usual
    }

    // MARK: - Work by workers

    private func work(on plot: MinedPlot, _ wire: FleetWire, _ machine: FleetMachine, epoch: UInt32) async {
        guard let number = await desk.work(on: plot.name) else { return }
        let run = FleetRun(bus: bus, owner: owner, store: store, wire: wire, machine: machine)
        runs.withLock { $0[plot.name] = run }
        let progress = Mutex<(share: Double, bound: Double?, trouble: [String])>((0, nil, []))
        let begun = await bus.now()
        do {
            let end = try await run.run {
                let (share, bound, trouble) = progress.withLock { $0 }
                // Workers have a moment to come: what passes by itself is no trouble.
                let isLate = await self.bus.now() > begun + Self.patience
                await self.desk.take(
                    .progress(
                        plot: plot.name, share: share, bound: bound.map { UInt64(max(0, $0)) },
                        trouble: isLate ? trouble.first ?? "" : ""))
                return await self.desk.isWanted(plot.name, number)
            } show: { machine, now, trouble in
                progress.withLock { $0 = (machine.board.share, machine.board.bound(at: now), trouble) }
            }
            runs.withLock { if $0[plot.name] === run { $0[plot.name] = nil } }
            if let end { await desk.end(plot.name, number, Self.end(end, epoch)) }
            // Behind the note: a run that is begun again finds what it left.
            try await run.leave("nobody waits for it any more")
        } catch {
            runs.withLock { if $0[plot.name] === run { $0[plot.name] = nil } }
            await desk.end(plot.name, number, .failed("\(error)"))
        }
    }

    private static func end(_ end: FleetEnd, _ epoch: UInt32) -> WorkEnd {
        switch end {
        case .initialized: .made
        case .proof(let proof, _): .proved(epoch: epoch, proof)
        case .unproved(let best, _): .unproved(epoch: epoch, best: best)
        case .failed(let text): .failed(text)
        }
    }

    // MARK: - Activations

    private func sign(_ draft: ActivationDraft) async {
        do {
            await desk.take(.signed(draft: draft.number, try await item(of: draft)))
        } catch {
            await desk.take(.unsigned(draft: draft.number, "\(error)"))
        }
    }

    /// The bytes of a block's item.
    private func item(of draft: ActivationDraft) async throws -> [UInt8] {
        guard let mining = await desk.mining else { throw BusError(.notReady, "the miner has not begun") }
        let genesis = Data(mining.terms.genesisID)
        var plots: [PlotProof] = []
        for plot in draft.plots {
            var binding: PlotBinding?
            if let wanted = plot.binding {
                binding = PlotBinding(
                    commitmentATX: wanted.commitmentATX, coinbase: wanted.coinbase,
                    signature: try await bind(
                        plot.identity, wanted, draft.epoch, genesis, mining.keys.operator))
            }
            plots.append(
                PlotProof(identity: plot.identity, units: plot.units, proof: plot.proof, binding: binding))
        }
        var request = Spacenode_Signer_V1_SignActivationRequest()
        request.genesisID = genesis
        request.operator = Data(mining.keys.operator.bytes)
        request.epoch = draft.epoch
        request.setsVrfKey = draft.setsVRFKey
        request.votes = draft.votes
        request.plots = plots.map(\.signerWire)
        let reply = try await bus.call(SignerContract.signActivation, request)
        let activation = Activation(
            epoch: draft.epoch, operator: mining.keys.operator,
            vrfKey: draft.setsVRFKey ? Bytes32(reply.vrfKey) : nil, votes: draft.votes, plots: plots,
            signature: [UInt8](reply.signature))
        return BlockItem.activation(activation).bytes
    }

    private func bind(
        _ identity: Bytes32, _ wanted: ActivationDraft.Binding, _ epoch: UInt32, _ genesis: Data,
        _ operator: Bytes32
    ) async throws -> [UInt8] {
        var request = Spacenode_Signer_V1_SignBindingRequest()
        request.genesisID = genesis
        request.epoch = epoch
        request.identity = Data(identity.bytes)
        request.commitmentAtx = Data(wanted.commitmentATX.bytes)
        request.operator = Data(`operator`.bytes)
        request.coinbase = Data(wanted.coinbase.bytes)
        return [UInt8](try await bus.call(SignerContract.signBinding, request).signature)
    }

    private func submit(_ draft: UInt64, _ item: [UInt8]) async {
        var candidate = Spacenode_Mempool_V1_Candidate()
        candidate.kind = .activation
        candidate.raw = Data(item)
        var request = Spacenode_Mempool_V1_SubmitRequest()
        request.candidates = [candidate]
        do {
            let verdict = try await bus.call(MempoolContract.submit, request).verdicts.first
            let refusal = verdict.map { $0.waits ? nil : $0.reason } ?? "it gave no verdict"
            await desk.take(.judged(draft: draft, refusal: refusal))
        } catch {
            await bus.pause(Self.rest)
            await desk.take(.judged(draft: draft, refusal: "the mempool does not answer (\(error))"))
        }
    }
}

extension PlotProof {
    fileprivate var signerWire: Spacenode_Signer_V1_PlotProof {
        var wire = Spacenode_Signer_V1_PlotProof()
        wire.identity = Data(identity.bytes)
        wire.units = units
        wire.nonce = proof.nonce
        wire.indices = Data(proof.indices)
        wire.pow = proof.pow
        if let binding {
            wire.binding.commitmentAtx = Data(binding.commitmentATX.bytes)
            wire.binding.coinbase = Data(binding.coinbase.bytes)
            wire.binding.signature = Data(binding.signature)
        }
        return wire
    }
}

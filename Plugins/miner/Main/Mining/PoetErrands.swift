internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodePoet
internal import NodeProtocol
internal import PoetClient

/// Has the chain's challenges proved by the PoETs of the configuration; this node's own works for them anyhow.
struct PoetErrands: Sendable {
    private let bus: BusClient
    private let servers: [String]
    private let genesis: [UInt8]

    init(bus: BusClient, _ servers: [String], _ network: PlotBook.Network) {
        self.bus = bus
        self.servers = servers
        genesis = network.genesisID
    }

    /// Runs errands, the current epoch's and the next one's, until cancelled.
    func run(_ desk: MinerDesk) async {
        guard !servers.isEmpty else { return }
        var errands: [UInt32: PoetErrand] = [:]
        while !Task.isCancelled {
            await bus.pause(500)
            guard let mining = await desk.mining, let sight = mining.sight else { continue }
            let epoch = sight.epoch.number
            errands = errands.filter { $0.key >= epoch }
            for (number, challenge) in [
                (epoch, sight.epoch.challenge as Bytes32?), (epoch + 1, sight.nextChallenge),
            ] {
                guard let challenge else { continue }
                var errand =
                    errands[number]
                    ?? PoetErrand(epoch: number, challenge: challenge, servers: servers, now: now)
                if number == epoch, sight.epoch.opening != nil { errand.chainHasProof() }
                await go(&errand, mining.keys.operator)
                errands[number] = errand
            }
            await desk.note(errands.values.sorted { $0.epoch < $1.epoch }.flatMap(Self.rows))
        }
    }

    private var now: UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }

    /// Does what is to be done now, one thing after the other: a server has half a minute to answer.
    private func go(_ errand: inout PoetErrand, _ operator: Bytes32) async {
        var actions = errand.tick(now: now)
        while !actions.isEmpty, !Task.isCancelled {
            switch actions.removeFirst() {
            case .register(let place):
                let answer = await register(errand, place, `operator`)
                actions += errand.take(answer, from: place, now: now)
            case .fetch(let place, let round):
                let answer = await fetch(errand, place, round)
                actions += errand.take(answer, from: place, now: now)
            case .post(let proof): await post(proof)
            }
        }
    }

    private func register(_ errand: PoetErrand, _ place: Int, _ operator: Bytes32) async -> PoetErrand.Answer
    {
        do {
            let client = try PoetClient(errand.servers[place].address)
            var request = Spacenode_Signer_V1_SignRegistrationRequest()
            request.genesisID = Data(genesis)
            request.operator = Data(`operator`.bytes)
            request.challenge = Data(errand.challenge.bytes)
            let signature = try await bus.call(SignerContract.signRegistration, request).signature
            var submit = PoetJSON.SubmitRequest(
                challenge: Data(errand.challenge.bytes), pubkey: Data(`operator`.bytes),
                prefix: Data(genesis + [0x04]), signature: signature)
            let reply: PoetJSON.SubmitReply
            do {
                reply = try await client.submit(submit)
            } catch PoetClientFault.refused(let status, _) where status == 400 || status == 401 {
                let terms = try await client.workTerms()
                let challenge = errand.challenge
                let nonce = await beside { PoetClient.work(terms, node: `operator`, challenge: challenge) }
                guard let nonce else {
                    throw PoetClientFault.answer("it asks for \(terms.difficulty) bits of work")
                }
                (submit.powParams, submit.nonce) = (terms, NumberText(nonce))
                reply = try await client.submit(submit)
            }
            return .registered(round: reply.roundId, endsIn: reply.roundEnd?.milliseconds ?? 0)
        } catch {
            return Self.refusal(error)
        }
    }

    /// On a thread of its own: the bus must not wait for it.
    private func beside<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: body()) }.start()
        }
    }

    private func fetch(_ errand: PoetErrand, _ place: Int, _ round: String) async -> PoetErrand.Answer {
        do {
            let reply = try await PoetClient(errand.servers[place].address).proof(round: round)
            return .proof(try reply.proof.proof(of: errand.challenge, epoch: errand.epoch))
        } catch {
            return Self.refusal(error)
        }
    }

    private static func refusal(_ error: any Error) -> PoetErrand.Answer {
        guard let fault = error as? PoetClientFault else { return .refused("\(error)", isTransient: true) }
        return .refused(fault.description, isTransient: fault.isTransient)
    }

    private func post(_ proof: PoetProof) async {
        var candidate = Spacenode_Mempool_V1_Candidate()
        candidate.kind = .poetProof
        candidate.raw = Data(BlockItem.poetProof(proof).bytes)
        var request = Spacenode_Mempool_V1_SubmitRequest()
        request.candidates = [candidate]
        // Refused or not answered: it is given again until the chain has one.
        _ = try? await bus.call(MempoolContract.submit, request)
    }

    private static func rows(_ errand: PoetErrand) -> [Spacenode_Miner_V1_Poet] {
        errand.servers.map { server in
            var row = Spacenode_Miner_V1_Poet()
            row.address = server.address
            row.epoch = errand.epoch
            let said = server.lastRefusal.isEmpty ? "" : ": \(server.lastRefusal)"
            switch server.progress {
            case _ where errand.isDone: row.state = "the chain has a proof"
            case _ where errand.proof != nil: row.state = "a proof is there"
            case .registering: row.state = "is asked\(said)"
            case .registered(let round): row.state = "works in round \(round)\(said)"
            case .failed(let text): row.state = "does not take it: \(text)"
            }
            return row
        }
    }
}

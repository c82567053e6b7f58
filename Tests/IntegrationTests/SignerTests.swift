import Foundation
import NodeBus
import NodeCrypto
import NodeDomain
import NodeEncoding
import NodeProtocol
import SignerCore
import Testing

/// `spacenode-signer` as a process, over the real bus.
@Suite("Signer", .serialized)
struct SignerTests {
    private func text<Value>(_ result: Result<Value, BusError>) -> String {
        if case .failure(let error) = result { error.text } else { "" }
    }

    @Test("makes keys on devnet, signs, and keeps its word over kill -9")
    func keepsItsWord() async throws {
        let signer = try TestSigner()
        try signer.start()
        let (key, first) = try await signer.with(.consensus) { bus, keys in
            let reply = try await bus.vote(10, 1, block: 1, by: keys.operator).get()
            #expect(!reply.repeated && keys.identities.count == 1)
            return (keys.operator, reply.signature)
        }
        let target = VotedBlock(
            block: BlockReference(
                hash: try #require(Bytes32([UInt8](repeating: 1, count: 32))), partsTotal: 1,
                partsHash: try #require(Bytes32([UInt8](repeating: 9, count: 32)))),
            time: Timestamp(seconds: 1_700_000_000, nanoseconds: 0))
        let vote = Vote(kind: .prevote, height: 10, round: 1, target: target, member: 0)
        #expect(
            Ed25519.verify(
                [UInt8](first), of: SignBytes.of(vote, chain: "devnet-0"), by: try #require(Bytes32(key))))
        signer.stop()
        try signer.start()
        try await signer.with(.consensus) { bus, keys in
            #expect(keys.operator == key)
            let again = try await bus.vote(10, 1, block: 1, by: key).get()
            #expect(again.repeated && again.signature == first)
            let refusals: [(Result<Spacenode_Signer_V1_SignReply, BusError>, String)] = [
                (try await bus.vote(10, 1, block: 2, by: key), "something else"),
                (try await bus.vote(10, 0, block: 1, by: key), "never goes back"),
                (try await bus.vote(9, 7, block: 1, by: key), "never goes back"),
                (try await bus.vote(11, block: 1, by: key, chain: "testnet"), "not for testnet-0"),
                (try await bus.vote(11, block: 1, by: Data(repeating: 1, count: 32)), "does not hold"),
                (try await bus.vote(11, block: 1, by: Data([1])), "32"),
                (try await bus.vote(11, kind: .unspecified, block: 1, by: key), "kind"),
            ]
            for (result, word) in refusals {
                #expect(text(result).contains(word), "\(text(result))")
            }
            #expect(try await bus.vote(10, 1, kind: .precommit, block: 1, by: key).get().repeated == false)
        }
        try await signer.with(.operator) { bus, _ in
            let status = try await bus.call(SignerContract.status, .init())
            #expect(status.height == 10 && status.round == 1 && status.step == 3 && status.signed == 1)
            #expect(status.repeated == 1 && status.refused == 5 && status.fault.isEmpty)
            #expect(status.chain.name == "devnet" && !status.lastRefusal.isEmpty)
        }
    }

    @Test("the beacon's proof, an activation and its binding, a registration, a member's record")
    func payloads() async throws {
        let signer = try TestSigner()
        try signer.start()
        let genesis = Data(repeating: 7, count: 20)
        let keys = try await signer.with(.consensus) { bus, keys in
            var request = Spacenode_Signer_V1_ProveBeaconRequest()
            request.operator = keys.operator
            request.chain = "devnet"
            request.height = 5
            request.last = Data(repeating: 2, count: 32)
            let proof = try await bus.call(SignerContract.proveBeacon, request).proof
            #expect(try await bus.call(SignerContract.proveBeacon, request).proof == proof)
            let alpha = OperatorBytes.beacon(
                chain: "devnet", height: 5, last: try #require(Bytes32(request.last)))
            #expect(
                VRF.verify([UInt8](proof), of: alpha, by: try #require(Bytes32(keys.vrfKey))) != nil)
            return keys
        }
        try await signer.with(.miner) { bus, _ in
            var binding = Spacenode_Signer_V1_SignBindingRequest()
            binding.genesisID = genesis
            binding.epoch = 3
            binding.identity = keys.identities[0]
            binding.commitmentAtx = Data(repeating: 4, count: 32)
            binding.operator = keys.operator
            binding.coinbase = Data(repeating: 0, count: 24)
            var request = Spacenode_Signer_V1_SignActivationRequest()
            request.genesisID = genesis
            request.operator = keys.operator
            request.epoch = 3
            request.setsVrfKey = true
            var plot = Spacenode_Signer_V1_PlotProof()
            plot.identity = binding.identity
            plot.units = 4
            plot.indices = Data([1, 2])
            plot.binding.commitmentAtx = binding.commitmentAtx
            plot.binding.coinbase = binding.coinbase
            plot.binding.signature = try await bus.call(SignerContract.signBinding, binding).signature
            request.plots = [plot]
            let reply = try await bus.call(SignerContract.signActivation, request)
            try check(request, reply, keys)
            binding.identity = Data(repeating: 1, count: 32)
            let unknown = binding
            await #expect(throws: BusError.self) {
                _ = try await bus.call(SignerContract.signBinding, unknown)
            }
            var registration = Spacenode_Signer_V1_SignRegistrationRequest()
            registration.genesisID = genesis
            registration.operator = keys.operator
            registration.challenge = Data(repeating: 8, count: 32)
            let signature = try await bus.call(SignerContract.signRegistration, registration).signature
            #expect(
                Ed25519.verify(
                    [UInt8](signature), of: [UInt8](genesis + [4] + registration.challenge),
                    by: try #require(Bytes32(keys.operator))))
        }
        try await signer.with(.p2p) { bus, _ in
            var request = Spacenode_Signer_V1_SignValidatorRequest()
            request.genesisID = genesis
            request.operator = keys.operator
            request.term = 2
            request.peer = Data([1])
            request.addresses = [Data([2])]
            let key = try #require(Bytes32(keys.operator))
            let record = ValidatorRecord(term: 2, operator: key, peer: [1], addresses: [[2]], sequence: 0)
            let signature = try await bus.call(SignerContract.signValidator, request).signature
            #expect(
                Ed25519.verify(
                    [UInt8](signature), of: record.signedBytes(genesis: [UInt8](genesis)), by: key))
        }
    }

    private func check(
        _ request: Spacenode_Signer_V1_SignActivationRequest,
        _ reply: Spacenode_Signer_V1_SignActivationReply, _ keys: Spacenode_Signer_V1_KeysReply
    ) throws {
        let (plot, genesis) = (request.plots[0], [UInt8](request.genesisID))
        let key = try #require(Bytes32(keys.operator))
        let proof = PlotProof(
            identity: try #require(Bytes32(plot.identity)), units: plot.units,
            proof: PostProof(nonce: 0, indices: [1, 2], pow: 0),
            binding: PlotBinding(
                commitmentATX: try #require(Bytes32(plot.binding.commitmentAtx)),
                coinbase: try #require(Address(plot.binding.coinbase)),
                signature: [UInt8](plot.binding.signature)))
        let activation = Activation(
            epoch: 3, operator: key, vrfKey: Bytes32(keys.vrfKey), votes: false, plots: [proof],
            signature: [UInt8](reply.signature))
        #expect(reply.vrfKey == keys.vrfKey)
        #expect(
            Ed25519.verify(activation.signature, of: activation.signedBytes(genesis: genesis), by: key))
        let bound = try #require(proof.bindingBytes(genesis: genesis, epoch: 3, operator: key))
        #expect(Ed25519.verify([UInt8](plot.binding.signature), of: bound, by: proof.identity))
    }

    @Test("one holder: by the folder's lock, and by the key that the router knows")
    func oneHolder() async throws {
        let signer = try TestSigner()
        try signer.start()
        _ = try await signer.with(.operator) { _, keys in keys.operator }
        let again = try Programs.run(
            "spacenode-signer", ["--bus", "ipc:\(signer.router.run)", "--data", signer.data])
        #expect(again.status == 2)
        #expect(
            again.output.contains("in use by process \(signer.process.processIdentifier)"), "\(again.output)")
        let copy = try TestSigner(router: signer.router, copying: signer.data)
        try copy.start()
        #expect(copy.ended() == 2)
        #expect(copy.text().contains("another signer has key"), "\(copy.text())")
        #expect(signer.process.isRunning, "the first one stays")
    }

    @Test("on another network it waits for keys, and serves when they are made")
    func waits() async throws {
        let signer = try TestSigner(network: "testnet")
        try signer.start()
        try await signer.with(.operator, hasKeys: false) { bus, _ in
            let status = try await bus.call(SignerContract.status, .init())
            #expect(status.fault.contains("spacenode signer init"), "\(status.fault)")
        }
        let made = try signer.tool("init", "--identities", "2")
        #expect(made.status == 0, "\(made.output)")
        let identities = try await signer.with(.operator) { _, keys in keys.identities.count }
        #expect(identities == 2)
    }
}

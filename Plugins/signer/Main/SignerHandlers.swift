internal import Foundation
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol
internal import SignerCore

/// Answers `spacenode.signer.v1` with the keys that are held; nil: there are none yet.
struct SignerHandlers: Sendable {
    let keys: HeldKeys?
    /// Why there are no keys.
    let missing: String

    /// Registers every method.
    func serve(on bus: BusClient) {
        bus.serve(SignerContract.keys) { _, _ in names() }
        bus.serve(SignerContract.makeIdentity) { request, _ in
            let (folder, least) = (try held().folder, Int(request.least))
            guard (1...1024).contains(least) else { throw SigningRefusal.form("`least` is 1 to 1,024") }
            try await beside {
                guard folder.identities().count < least else { return }
                let making = try KeyMaking(folder)
                for _ in folder.identities().count..<least { _ = try making.makeIdentity() }
            }
            var reply = Spacenode_Signer_V1_MakeIdentityReply()
            reply.identities = folder.identities().map { Data($0.bytes) }
            return reply
        }
        bus.serve(SignerContract.status) { _, _ in status() }
        bus.serve(SignerContract.signProposal) { request, _ in
            try await sign(try request.signing, request.operator)
        }
        bus.serve(SignerContract.signVote) { request, _ in
            try await sign(try request.signing, request.operator)
        }
        bus.serve(SignerContract.proveBeacon) { request, _ in
            let (keys, key, last) = (
                try held(), try bytes32(request.operator), try bytes32(request.last, "last")
            )
            var reply = Spacenode_Signer_V1_ProveBeaconReply()
            reply.proof = Data(
                try await beside {
                    try keys.proveBeacon(request.chain, height: request.height, last: last, by: key)
                })
            return reply
        }
        bus.serve(SignerContract.signActivation) { request, _ in try await activate(request) }
        bus.serve(SignerContract.signBinding) { request, _ in
            let (keys, identity) = (try held(), try bytes32(request.identity, "identity"))
            let payload = try request.payload(identity)
            return reply(
                try await beside {
                    try keys.signBinding(payload, genesis: [UInt8](request.genesisID), by: identity)
                })
        }
        bus.serve(SignerContract.signRegistration) { request, _ in
            let challenge = try bytes32(request.challenge, "challenge")
            return reply(
                try await sign(.registration(challenge: challenge), request.genesisID, request.operator))
        }
        bus.serve(SignerContract.signValidator) { request, _ in
            let record = ValidatorRecord(
                term: request.term, operator: try bytes32(request.operator), peer: [UInt8](request.peer),
                addresses: request.addresses.map { [UInt8]($0) }, sequence: request.sequence)
            return reply(try await sign(.validator(record), request.genesisID, request.operator))
        }
    }

    // MARK: - Reading

    private func held() throws(SigningRefusal) -> HeldKeys {
        guard let keys else { throw .form(missing) }
        return keys
    }

    private func names() -> Spacenode_Signer_V1_KeysReply {
        var reply = Spacenode_Signer_V1_KeysReply()
        guard let keys else { return reply }
        reply.operator = Data(keys.operator.bytes)
        reply.vrfKey = Data(keys.vrfKey.bytes)
        reply.identities = keys.folder.identities().map { Data($0.bytes) }
        return reply
    }

    private func status() -> Spacenode_Signer_V1_StatusReply {
        var reply = Spacenode_Signer_V1_StatusReply()
        guard let keys else {
            reply.fault = missing
            return reply
        }
        let key = keys.status
        reply.operator = Data(keys.operator.bytes)
        if let chain = key.record.chain {
            reply.chain.name = chain.name
            reply.chain.revision = chain.revision
        }
        reply.height = key.record.point.height
        reply.round = key.record.point.round
        reply.step = UInt32(key.record.point.step.rawValue)
        reply.signed = key.counts.signed
        reply.repeated = key.counts.repeated
        reply.refused = key.counts.refused
        reply.lastRefusal = key.lastRefusal.map { "\($0)" } ?? ""
        reply.fault = key.fault.map { "\($0)" } ?? ""
        return reply
    }

    // MARK: - Signing

    private func sign(_ request: SigningRequest, _ operator: Data) async throws
        -> Spacenode_Signer_V1_SignReply
    {
        let (keys, key) = (try held(), try bytes32(`operator`))
        let (signature, isRepeated) = try await beside { try keys.sign(request, by: key) }
        var reply = Spacenode_Signer_V1_SignReply()
        reply.signature = Data(signature)
        reply.repeated = isRepeated
        return reply
    }

    private func sign(_ payload: OperatorPayload, _ genesis: Data, _ operator: Data) async throws -> [UInt8] {
        let (keys, key) = (try held(), try bytes32(`operator`))
        return try await beside { try keys.sign(payload, genesis: [UInt8](genesis), by: key) }
    }

    private func activate(_ request: Spacenode_Signer_V1_SignActivationRequest) async throws
        -> Spacenode_Signer_V1_SignActivationReply
    {
        let vrfKey = try request.setsVrfKey ? held().vrfKey : nil
        let activation = Activation(
            epoch: request.epoch, operator: try bytes32(request.operator), vrfKey: vrfKey,
            votes: request.votes,
            plots: try request.plots.map { try $0.value }, signature: [])
        var reply = Spacenode_Signer_V1_SignActivationReply()
        reply.signature = Data(try await sign(.activation(activation), request.genesisID, request.operator))
        reply.vrfKey = Data(vrfKey?.bytes ?? [])
        return reply
    }

    private func reply(_ signature: [UInt8]) -> Spacenode_Signer_V1_SignatureReply {
        var reply = Spacenode_Signer_V1_SignatureReply()
        reply.signature = Data(signature)
        return reply
    }

    /// On a thread of its own: it waits for the disk, which neither the bus thread nor Swift's own pool may.
    private func beside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.name = "signing"
            thread.start()
        }
    }
}

internal import Foundation
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodePoet
internal import NodeProtocol
internal import VmCore

/// Finds out whether what a block's items claim is true: signatures and proofs of work here, proofs of space by
/// this machine's post-worker.
///
/// Where nobody can judge, a proof counts as not found true: this node then does not vote for the block.
struct ChainJudges: Sendable {
    let bus: BusClient

    /// What does not hold; nil: everything does.
    func refusal(_ checks: [ChainCheck], _ network: Ledger.Network) async throws -> String? {
        for check in checks {
            switch check {
            case .beacon, .vrfKey, .signature, .misbehaviour:
                guard check.holds else { return ChainRefusal.failed(check).description }
            case .space(let space):
                if let reason = await refusal(space, network) { return reason }
            case .work(let work):
                if let reason = Self.refusal(work) { return reason }
            }
        }
        return nil
    }

    private func refusal(_ space: SpaceCheck, _ network: Ledger.Network) async -> String? {
        do {
            let reply = try await bus.call(PostContract.verify, request(space, network))
            return reply.valid ? nil : "the proof of plot \(space.identity) does not hold: \(reply.reason)"
        } catch {
            return "the proof of plot \(space.identity) was not judged, as no post-worker answers (\(error))"
        }
    }

    /// Some 60,000 hashes, which take a few milliseconds.
    private static func refusal(_ work: WorkCheck) -> String? {
        do throws(PoetRefusal) {
            try WorkProof(work.proof).check(statement: work.statement)
            return nil
        } catch {
            return "the PoET's proof does not hold: \(error)"
        }
    }

    private func request(_ space: SpaceCheck, _ network: Ledger.Network) -> Spacenode_Post_V1_VerifyRequest {
        let numbers = network.parameters
        var request = Spacenode_Post_V1_VerifyRequest()
        request.plot.identity = Data(space.identity.bytes)
        request.plot.commitmentAtx = Data(space.commitmentATX.bytes)
        request.plot.units = space.units
        request.plot.labelsPerUnit = numbers.labelsPerUnit
        request.plot.scryptN = network.file.plots.scryptN
        request.challenge = Data(space.challenge.bytes)
        request.nonce = space.proof.nonce
        request.indices = Data(space.proof.indices)
        request.pow = space.proof.pow
        request.rules.k1 = numbers.goodLabels
        request.rules.k2 = numbers.proofIndices
        request.rules.powDifficulty = Data(numbers.powDifficulty.bytes)
        request.rules.minUnits = numbers.units.lowerBound
        request.rules.maxUnits = numbers.units.upperBound
        request.rules.maxNonces = numbers.mostNonces
        return request
    }
}

internal import Foundation
package import NodeDomain
package import NodePoet

extension PoetJSON.RoundProof {
    /// A proof of a round.
    package init(_ proof: WorkProof, members: Membership) {
        self.init(
            proof: PoetJSON.MerkleProof(
                root: Data(proof.root.bytes), provenLeaves: proof.leaves.map { Data($0.bytes) },
                proofNodes: proof.nodes.map { Data($0.bytes) }),
            members: members.challenges.map { Data($0.bytes) }, leaves: proof.leafCount)
    }

    /// What it says, in the form that we check.
    /// - Throws: `PoetClientFault` when it can be no proof.
    package func values() throws -> (work: WorkProof, members: Membership) {
        let work = WorkProof(
            root: try bytes32(proof.root), leaves: try (proof.provenLeaves ?? []).map(bytes32),
            nodes: try (proof.proofNodes ?? []).map(bytes32), leafCount: leaves.value)
        guard let members = Membership(try (members ?? []).map(bytes32)) else {
            throw PoetClientFault.answer("it names no members of the round, or too many")
        }
        return (work, members)
    }

    /// Checks it, and makes of it what the chain takes.
    ///
    /// - Throws: `PoetClientFault` when the challenge is not among the members, or the work does not hold.
    package func proof(of challenge: Bytes32, epoch: UInt32) throws -> PoetProof {
        let (work, members) = try values()
        guard let member = members.path(of: challenge) else { throw PoetClientFault.notMember }
        do {
            try work.check(statement: members.statement)
        } catch {
            throw PoetClientFault.answer("its proof does not hold: \(error)")
        }
        return PoetProof(epoch: epoch, member: member, work: work)
    }
}

private func bytes32(_ data: Data) throws -> Bytes32 {
    guard let value = Bytes32(data) else {
        throw PoetClientFault.answer("a hash has 32 bytes, not \(data.count)")
    }
    return value
}

/// Moments as RFC 3339 has them.
package enum MomentText {
    /// Unix milliseconds of a text; nil: it is none.
    package static func milliseconds(_ text: String) -> UInt64? {
        // Nanoseconds, as the original writes them, are more places than the reader takes.
        let whole = text.replacing(/\.\d+/, with: "")
        guard let date = try? Date(whole, strategy: .iso8601), date.timeIntervalSince1970 >= 0,
            date.timeIntervalSince1970 < 1e12
        else { return nil }
        return UInt64(date.timeIntervalSince1970 * 1000)
    }

    /// The text of Unix milliseconds, whole seconds.
    package static func text(_ milliseconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(.iso8601)
    }
}

internal import Foundation
internal import NodeBus
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import P2PCore

/// Who has seats in the committee, and where this node is, for the other members, when it has one.
struct Membership: Sendable {
    /// Milliseconds between two looks.
    private static let pause: UInt64 = 2_000
    /// Milliseconds after which a member says again where it is.
    private static let interval: UInt64 = 600_000

    let bus: BusClient
    let network: Network

    /// What was last told of.
    private struct Known: Equatable {
        var isMember: Bool?
        var term: UInt64?
    }

    /// Until the task is cancelled.
    func watch() async {
        var known = Known()
        var said: (term: UInt64, time: UInt64)?
        while !Task.isCancelled {
            if let hub = network.hub,
                let status = try? await bus.call(
                    ConsensusContract.status, Spacenode_Consensus_V1_StatusRequest())
            {
                if known.isMember != status.member { hub.post(.member(status.member)) }
                let term = await seats(hub, isMember: status.member, known)
                known = Known(isMember: status.member, term: term ?? known.term)
                let isLate = said.map { $0.term != known.term || NetworkHub.now - $0.time >= Self.interval }
                if status.member, let term = known.term, isLate ?? true, await say(hub, term) {
                    said = (term, NetworkHub.now)
                }
            }
            await bus.pause(known.isMember == nil ? 200 : Self.pause)
        }
    }

    /// Tells the network who decides from the next block on.
    ///
    /// A committee's term is named by the first height that it decides.
    private func seats(_ hub: NetworkHub, isMember: Bool, _ known: Known) async -> UInt64? {
        let reply = try? await bus.call(VmContract.committees, Spacenode_Vm_V1_CommitteesRequest())
        guard let reply, reply.hasCurrent else { return nil }
        let term = reply.current.fromHeight
        guard known != Known(isMember: isMember, term: term) else { return term }
        if reply.hasNext, reply.next.fromHeight != term {
            hub.post(.seats(term: reply.next.fromHeight, Self.operators(reply.next), isOwn: false))
        }
        hub.post(.seats(term: term, Self.operators(reply.current), isOwn: isMember))
        return term
    }

    private static func operators(_ committee: Spacenode_Vm_V1_Committee) -> Set<Bytes32> {
        Set(committee.members.compactMap { Bytes32([UInt8]($0.operator)) })
    }

    /// Publishes where this node is, signed by its operator.
    /// - Returns: whether it was said.
    private func say(_ hub: NetworkHub, _ term: UInt64) async -> Bool {
        guard let addresses = try? await hub.ask({ node, _ in node.overview.advertised }), !addresses.isEmpty,
            let keys = try? await bus.call(SignerContract.keys, Spacenode_Signer_V1_KeysRequest()),
            let operatorKey = Bytes32([UInt8](keys.operator))
        else { return false }
        var record = ValidatorRecord(
            term: term, operator: operatorKey, peer: network.identity.id.bytes,
            addresses: addresses.prefix(ValidatorRecord.mostAddresses).map(\.bytes),
            sequence: UInt64(max(0, Date().timeIntervalSince1970 * 1_000)))
        var request = Spacenode_Signer_V1_SignValidatorRequest()
        request.genesisID = Data(network.genesis)
        request.operator = keys.operator
        request.term = term
        request.peer = Data(record.peer)
        request.addresses = record.addresses.map { Data($0) }
        request.sequence = record.sequence
        guard let reply = try? await bus.call(SignerContract.signValidator, request) else { return false }
        record.signature = [UInt8](reply.signature)
        hub.post(.publish(.validators, record.scale))
        return true
    }
}

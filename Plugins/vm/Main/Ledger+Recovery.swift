internal import Logging
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol
internal import VmCore

/// Recovery after a halt: operators agreed outside the protocol on who goes on (spec: chain, §7).
extension Ledger {
    /// Keeps a recovery for ever; the block behind its height brings it about.
    ///
    /// It may come before this node has that height: then the state is compared when it has.
    /// - Throws: `LedgerFault` when it is not of this chain and state, or the chain has gone on without it.
    func accept(_ recovery: Recovery) async throws {
        try await exclusively {
            let (head, network) = try current()
            let known = network.rules.recoveries
            if known.contains(recovery) { return }
            guard recovery.height >= head.height else {
                throw LedgerFault.refused(
                    """
                    this node has height \(head.height), decided without a recovery behind height \(recovery.height): its chain went on, \
                    or it needs a state of that height
                    """)
            }
            if recovery.height == head.height { try Self.compare(recovery, head) }
            let next: Network
            do {
                next = try Network(
                    network.file, genesisTime: network.parameters.genesisTime, recoveries: known + [recovery])
            } catch {
                throw LedgerFault.refused("the recovery does not follow those that this node has: \(error)")
            }
            var commit = LedgerCommit()
            try commit.put(.recoveries, RecoveriesRecord(recoveries: next.rules.recoveries).bytes)
            try await write(commit.batch)
            self.network = next
            logger.warning(
                "a recovery was accepted: behind height \(recovery.height) the chain is \(next.rules.votingChain(at: recovery.height + 1))"
            )
        }
    }

    private static func compare(_ recovery: Recovery, _ head: LedgerHead) throws {
        guard recovery.appHash == head.appHash else {
            throw LedgerFault.refused(
                "the recovery is of a state with root \(recovery.appHash), this one has \(head.appHash) at height \(head.height)"
            )
        }
    }

    /// Whether the state that a recovery rests on is this one.
    func checkRecovery(before height: UInt64, _ head: LedgerHead, _ network: Network) throws {
        if let recovery = network.rules.recovery(before: height) { try Self.compare(recovery, head) }
    }

    /// Says of the committees what a recovery makes of them.
    func recover(
        _ reply: inout Spacenode_Vm_V1_CommitteesReply, _ head: LedgerHead, _ rules: ChainRules
    ) async throws {
        guard let recovery = rules.recoveries.last else { return }
        reply.recoveryHeight = recovery.height
        guard recovery.height <= head.height else { return }
        let first = recovery.height + 1
        if recovery.height == head.height {
            reply.replaced = reply.current
            reply.replaced.fromHeight = first
            // The block that brings it about is the next.
            let members = recovery.seats.map {
                Voter(operator: $0.operator, vrfKey: $0.vrfKey, power: $0.power)
            }
            reply.current = Spacenode_Vm_V1_Committee(from: first, members)
            reply.next = Spacenode_Vm_V1_Committee(from: reply.next.fromHeight, members)
        } else if let old = try? await query(
            .seats(term: rules.term(of: first)), height: recovery.height, proves: false),
            let seats = try old.value.map({ try SeatsRecord(bytes: $0) })
        {
            reply.replaced = Spacenode_Vm_V1_Committee(from: first, seats.members)
        }
        // Proposers began anew behind it.
        for (path, height) in [
            (\Spacenode_Vm_V1_CommitteesReply.last, head.height), (\.current, head.height + 1),
            (\.next, head.height + 2),
        ] where height >= first && rules.term(of: height) == rules.term(of: first) {
            reply[keyPath: path].fromHeight = first
        }
    }
}

extension Spacenode_Vm_V1_Committee {
    init(from height: UInt64, _ members: [Voter]) {
        self.init()
        fromHeight = height
        self.members = members.map(\.wire)
    }
}

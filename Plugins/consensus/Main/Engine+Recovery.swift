internal import ConsensusCore
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCrypto
internal import NodeDomain

/// A chain that stands still, and how it goes on (docs/recovery.md).
extension Engine {
    /// Where the chain stands is written there.
    var haltFile: String { "\(folder)/halt.json" }

    /// Writes `halt.json` while the chain stands still, each minute, and takes it away when it goes on.
    func exportHalt() async {
        let now = Self.now()
        guard let core, !isHeld else { return }
        guard now &- lastDecision < 1 << 63, now &- lastDecision > longestWait else {
            // One that an earlier life wrote counts until a block is decided.
            if counts.blocks > 0 { try? FileManager.default.removeItem(atPath: haltFile) }
            lastExport = 0
            return
        }
        guard now >= lastExport + 60_000 else { return }
        lastExport = now
        // Keys for the beacon help to write a recovery; without them the file is worth having too.
        let keys = (try? await ledger.committees())?.vrfKeys ?? [:]
        do {
            try HaltFile(core.haltReport, chain, vrfKeys: keys, now: now).write(haltFile)
        } catch {
            logger.warning("\(haltFile) cannot be written: \(error)")
        }
    }

    /// Gives the ledger the recovery that an operator agreed to: from then on this node never goes back.
    func accept(_ acceptance: Acceptance, _ name: String) async throws {
        let recovery = acceptance.recovery
        guard recovery.chain == name else {
            throw ConsensusFault.refused(
                "the recovery is of chain `\(recovery.chain)`, this node of `\(name)`")
        }
        try await insist("the ledger's consent to the recovery") { try await self.ledger.accept(recovery) }
        logger.warning(
            "recovery \(recovery.hash) is accepted: behind height \(recovery.height) the chain is \(name)-\(recovery.revision)"
        )
    }

    /// The context behind a block that was applied; the chain's revision may change there.
    func next(
        after decided: CertifiedBlock, on context: HeightContext, _ applied: AppliedBlock,
        _ committees: Committees
    ) -> HeightContext {
        beacon = committees.beacon
        var next = context.next(
            after: decided.block, decided.reference, decided.commit, appHash: applied.appHash,
            resultsHash: applied.resultsHash, nextValidators: committees.next,
            beginsTerm: committees.termStart == context.height + 1)
        guard committees.revision != chain.revision else { return next }
        // Behind a recovery another committee than the last header named decides.
        chain = ChainName(name: chain.name, revision: committees.revision)
        next.lastChain = context.chain
        next.chain = chain.text
        next.validators = committees.current
        next.rotation = ProposerRotation(of: committees.current)
        watch(committees)
        return next
    }

    /// Whether peers may honestly be on another revision, whose signatures are wrong here.
    ///
    /// That is so while the chain stands still, and just behind a recovery: nobody is blamed then.
    var isBetweenRevisions: Bool {
        let waited = Self.now() &- lastDecision
        let isStill = waited < 1 << 63 && waited > longestWait
        return isStill || chain.revision > 0 && (core?.context.height ?? 0) <= recoveredBehind + 2
    }

    /// Takes note of a recovery: ahead, or behind and to be watched.
    func watch(_ committees: Committees) {
        let isAhead = committees.recoveryHeight > committees.height
        recoveryAhead = isAhead ? committees.recoveryHeight : nil
        if !isAhead { recoveredBehind = committees.recoveryHeight }
        guard !isAhead, let replaced = committees.replaced, committees.revision > 0 else { return }
        revisionWatch = RevisionWatch(
            chain: ChainName(name: chain.name, revision: committees.revision - 1).text,
            height: committees.recoveryHeight + 1, validators: replaced
        ) { Ed25519.verify($0, of: $1, by: $2) }
    }

    /// Looks whether the revision that was left goes on.
    func lookBack(_ event: ConsensusEvent) {
        guard let text = revisionWatch?.look(at: event, now: Self.uptime()) else { return }
        alarm = text
        logger.critical("\(text)")
    }
}

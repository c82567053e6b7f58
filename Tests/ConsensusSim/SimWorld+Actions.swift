internal import ConsensusCore
internal import NodeDomain
internal import NodeEncoding
internal import TestSupport

extension SimWorld {
    /// Does what a node wants, in order; a crash drops the rest.
    func carryOut(_ actions: [ConsensusAction], _ place: Int) {
        let life = nodes[place].life
        for action in actions {
            guard nodes[place].life == life else { return }
            carryOut(action, place)
        }
    }

    private func carryOut(_ action: ConsensusAction, _ place: Int) {
        switch action {
        case .append(let record): append(record, place)
        case .sync:
            if step(place) { return }
            nodes[place].durable += nodes[place].pending
            nodes[place].pending = []
            _ = step(place)
        case .sign(let word): sign(word, place)
        case .prepare(let round, let time): prepare(round, time, place)
        case .judge(let reference, let block):
            answer(.judged(reference, isAccepted: ledger.accepts(block)), place, after: 2)
        case .broadcast(let message): broadcast(message, place)
        case .send(let message, let peer): send(message, place, to: Int(peer) - 1)
        case .ask(let message):
            if nodes[place].character == .liar { return lieAbout(message, place) }
            let other = (place + 1 + dice.below(nodes.count - 1)) % nodes.count
            send(message, place, to: other)
        case .serve(let height, let peer): serve(height, place, to: Int(peer) - 1)
        case .schedule(let timer, let span):
            judge.set(timer, by: nodes[place])
            answer(.timeout(timer), place, after: max(span, 1))
        case .commit(let block, let reference, let commit):
            store(SimNode.Stored(block: block, reference: reference, commit: commit), place)
        case .evidence(let evidence): judge.found(evidence, by: nodes[place])
        case .blame, .tell: break
        }
    }

    private func answer(_ event: ConsensusEvent, _ place: Int, after span: UInt64) {
        guard let height = nodes[place].engine?.context.height else { return }
        queue.push(
            .own(place, life: nodes[place].life, height: height, event), at: time + span)
    }

    private func append(_ record: ConsensusRecord, _ place: Int) {
        if nodes[place].armed == .fullDisk {
            // What fitted is there; the process stops before anything that follows leaves.
            nodes[place].pending += ConsensusLog.bytes(of: record).dropLast(1 + dice.below(8))
            return crash(place)
        }
        nodes[place].pending += ConsensusLog.bytes(of: record)
        _ = step(place)
    }

    /// The signer's record is on the disk before its answer leaves.
    func sign(_ word: SignedWord, _ place: Int) {
        guard let engine = nodes[place].engine else { return }
        if nodes[place].character == .honest {
            switch nodes[place].signer.opinion(of: word) {
            case .refused: return answer(.refused(word), place, after: 1)
            case .same: break
            case .new:
                // The temporary file is written and flushed, renamed, and its folder flushed.
                if signerStep(word, place) || signerStep(word, place) { return }
                nodes[place].signer.rename(word)
                if signerStep(word, place) { return }
                nodes[place].signer.flush()
                if signerStep(word, place) { return }
            }
        }
        let signed = word.signed(by: nodes[place].key, engine.context.chain)
        judge.signed(signed, by: nodes[place], engine.context, at: engine.now, rules)
        switch nodes[place].armed {
        case .unanswered: return crash(place)
        case .signerAlone:
            nodes[place].armed = nil
            return stopSigner(word, place)
        default: break
        }
        if signerStep(word, place) { return }
        answer(.signed(signed), place, after: 1)
    }

    private func prepare(_ round: UInt32, _ blockTime: UInt64, _ place: Int) {
        let body = ProposalBody(
            items: [[1, UInt8(truncatingIfNeeded: place)]],
            transactions: [withUnsafeBytes(of: dice.next()) { Array($0) }])
        answer(.prepared(round: round, body), place, after: 2)
    }

    private func store(_ stored: SimNode.Stored, _ place: Int) {
        if step(place) { return }
        nodes[place].pendingBlock = stored
        if step(place) { return }
        nodes[place].pendingBlock = nil
        keep(stored, place)
        if step(place) { return }
        queue.push(.applied(place, life: nodes[place].life), at: time + 3)
    }

    /// A block is on the disk.
    func keep(_ stored: SimNode.Stored, _ place: Int) {
        judge.decided(stored, by: nodes[place], at: time)
        nodes[place].blocks.append(stored)
    }

    private func serve(_ height: UInt64, _ place: Int, to peer: Int) {
        guard height > 0, nodes[place].blocks.count >= Int(height), nodes.indices.contains(peer) else {
            return
        }
        let stored = nodes[place].blocks[Int(height) - 1]
        guard let delay = passage(from: place, to: peer, key: height << 40 | 3, round: .max) else { return }
        queue.push(.deliverBlock(to: peer, from: place, stored.block, stored.commit), at: time + delay)
    }

    // MARK: - The network

    private func broadcast(_ message: ConsensusMessage, _ place: Int) {
        if options.liars > 0 { remember(message) }
        if nodes[place].character == .liar { return lie(message, place) }
        for peer in nodes.indices where peer != place { send(message, place, to: peer) }
    }

    func send(_ message: ConsensusMessage, _ place: Int, to peer: Int) {
        guard nodes.indices.contains(peer), peer != place else { return }
        let isDouble = !hasHealed && dice.below(100) < options.doubles
        for _ in 0..<(isDouble ? 2 : 1) {
            guard let delay = passage(from: place, to: peer, key: message.cutKey, round: message.round) else {
                continue
            }
            queue.push(.deliver(to: peer, from: place, message), at: time + delay)
        }
    }

    /// How long a message is on its way; nil: it is lost.
    private func passage(from: Int, to: Int, key: UInt64, round: UInt32) -> UInt64? {
        if hasHealed { return 1 + UInt64(dice.below(40)) }
        if let script = options.script {
            return script.connects(from, to, round: round) ? 1 + UInt64(dice.below(Int(options.delay))) : nil
        }
        if dice.below(100) < options.loss { return nil }
        let side = { (place: Int) in SplitMix.word(self.report.seed ^ key &* 31 &+ UInt64(place) << 56) }
        // A step of a round that is cut in two: each member is on one side.
        if SplitMix.word(report.seed &+ key) % 100 < UInt64(options.cuts), side(from) & 1 != side(to) & 1 {
            return nil
        }
        return 1 + UInt64(dice.below(Int(options.delay)))
    }
}

extension SplitMix {
    fileprivate static func word(_ seed: UInt64) -> UInt64 {
        var dice = SplitMix(seed: seed)
        return dice.next()
    }
}

extension ConsensusMessage {
    /// The round that it belongs to.
    var round: UInt32 {
        switch self {
        case .vote(let vote): vote.round
        case .proposal(let message): message.proposal.round
        case .part(let part): part.round
        case .certificate(let certificate): certificate.round
        case .status(let status): status.round
        }
    }

    /// Height, round and step: what cuts are made by.
    fileprivate var cutKey: UInt64 {
        switch self {
        case .vote(let vote): vote.height << 40 | UInt64(vote.round) << 8 | UInt64(vote.kind.rawValue)
        case .proposal(let message): message.proposal.height << 40 | UInt64(message.proposal.round) << 8
        case .part(let part): part.height << 40 | UInt64(part.round) << 8
        case .certificate(let certificate): certificate.height << 40 | UInt64(certificate.round) << 8 | 3
        case .status(let status): status.height << 40 | UInt64(status.round) << 8 | 3
        }
    }
}

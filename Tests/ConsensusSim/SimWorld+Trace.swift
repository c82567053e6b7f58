internal import ConsensusCore
internal import NodeDomain
internal import NodeEncoding

/// Runs for people to read: a line for each thing that happens.
extension SimWorld {
    /// A line about a node: the moment, the node, where it stands, what happens.
    func line(_ place: Int, _ words: String) -> String {
        let node = nodes[place]
        let moment = pad("\(time - Self.start)", 7)
        let name = node.character == .honest ? "\(node.place)" : "\(node.place) \(node.character)"
        guard let engine = node.engine else { return "\(moment) \(pad(name, 7)) -            \(words)" }
        let state = engine.state
        let stand = pad("\(engine.context.height)/\(state.round)/\(state.step)", 12)
        return "\(moment) \(pad(name, 7)) \(stand) \(words)"
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// What comes to a node; nil: not worth a line.
    func describe(_ event: SimEvent) -> String? {
        switch event {
        case .deliver(let place, let from, let message):
            line(place, "hears of \(nodes[from].place): \(message.words)")
        case .deliverBlock(let place, let from, let block, _):
            line(place, "gets block \(block.header.height) of \(nodes[from].place)")
        case .own(let place, let life, _, let event):
            nodes[place].life == life ? event.words.map { line(place, $0) } : nil
        case .applied(let place, let life):
            nodes[place].life == life ? line(place, "has applied its block") : nil
        case .crash(let place, let kind): line(place, "shall stop: \(kind)")
        case .restart(let place): line(place, "starts again")
        case .askSigner(let place, _, let word): line(place, "asks its signer again: \(word.words)")
        case .heal: "\(pad("\(time - Self.start)", 7)) the network is healed"
        }
    }

    /// What a node makes of it.
    func tell(_ engine: Consensus, _ before: RoundState, _ actions: [ConsensusAction], _ place: Int) {
        for action in actions {
            if let words = action.words { trace?(line(place, "  → \(words)")) }
        }
        let after = engine.state
        if after.locked != before.locked, let locked = after.locked {
            trace?(line(place, "  locks \(locked.target.words) in round \(locked.round)"))
        }
        if after.round != before.round { trace?(line(place, "  goes on to round \(after.round)")) }
    }
}

extension VotedBlock {
    fileprivate var words: String { String(block.hash.word0, radix: 16).prefix(6).description }
}

extension Vote {
    fileprivate var words: String {
        "\(kind) \(height)/\(round) by place \(member) for \(target?.words ?? "nil")"
    }
}

extension Proposal {
    fileprivate var words: String {
        "proposal \(height)/\(round) of \(target.words)" + (polRound.map { " with the polka of \($0)" } ?? "")
    }
}

extension SignedWord {
    fileprivate var words: String {
        switch self {
        case .vote(let vote): vote.words
        case .proposal(let proposal): proposal.words
        }
    }
}

extension ConsensusMessage {
    fileprivate var words: String {
        switch self {
        case .vote(let vote): vote.words
        case .proposal(let message): message.proposal.words
        case .part(let part): "part \(part.index) of \(part.height)/\(part.round)"
        case .certificate(let certificate):
            "certificate: \(certificate.kind) \(certificate.height)/\(certificate.round) for \(certificate.target.words)"
        case .status(let status): "stands at \(status.height)/\(status.round)/\(status.step)"
        }
    }
}

extension ConsensusEvent {
    fileprivate var words: String? {
        switch self {
        case .timeout(.gossip), .message: nil
        case .timeout(.begin): "may begin"
        case .timeout(.round(let timer, let round)): "its timer \(timer) of round \(round) goes off"
        case .prepared(let round, _): "has a body for round \(round)"
        case .judged(_, let isAccepted): "its ledger \(isAccepted ? "accepts" : "refuses") a block"
        case .signed(let word): "has signed \(word.words)"
        case .refused(let word): "its signer refuses \(word.words)"
        case .decided(let block, _, _): "gets block \(block.header.height)"
        }
    }
}

extension ConsensusAction {
    fileprivate var words: String? {
        switch self {
        case .append, .sync, .prepare, .judge, .ask, .schedule, .send: String?.none
        case .sign(let word): "asks for \(word.words)"
        case .broadcast(let message): "says \(message.words)"
        case .serve(let height, let peer): "sends block \(height) to \(peer)"
        case .commit(let block, let reference, let commit):
            "decides \(VotedBlock(block: reference, time: block.header.time).words) by round \(commit.round)"
        case .evidence(let found): "has evidence at \(found.height)/\(found.round)"
        case .blame(let peer, let why): "blames \(peer): \(why)"
        case .tell(let words): words
        }
    }
}

internal import NodeDomain

extension CatchUp {
    /// A peer says where it stands.
    mutating func claim(_ handle: UInt64, _ height: UInt64) {
        guard handle != 0 else { return }
        guard let place = place(ofPeer: handle) else {
            guard height > context.height, makeRoom() else { return }
            let place = peers.partitioningIndex { $0.handle >= handle }
            return peers.insert(CatchUpPeer(handle, claim: height), at: place)
        }
        guard !peers[place].isBlamed else { return }
        if height < peers[place].claim {
            guard peers[place].claim - height > CatchUpLimit.shrink else { return }
            return blame(
                handle, "it said that it has height \(peers[place].claim), and now that it has \(height)")
        }
        peers[place].claim = height
        peers[place].height = height
    }

    /// Makes room for a peer: those who have nothing that is needed go.
    private mutating func makeRoom() -> Bool {
        if peers.count < CatchUpLimit.peers { return true }
        let busy = requests.map(\.peer)
        peers.removeAll { $0.height <= context.height && !$0.isBlamed && !busy.contains($0.handle) }
        return peers.count < CatchUpLimit.peers
    }

    /// Blocks of an answer.
    mutating func take(_ blocks: [EncodedBlock], _ id: UInt64, _ isLast: Bool) {
        guard let place = place(of: id) else { return }
        var request = requests[place]
        for encoded in blocks {
            guard request.got < request.count else {
                return blame(request.peer, "it sends more blocks than it was asked for")
            }
            guard request.bytes == 0 || request.bytes + encoded.bytes <= CatchUpLimit.answerBytes else {
                return blame(request.peer, "its answer is over \(CatchUpLimit.answerBytes) bytes")
            }
            let height = request.next
            if height >= context.height, window[height] == nil {
                do {
                    try keep(encoded, height, from: request.peer)
                } catch .revision(let chain) {
                    return leave(request.peer, chain)
                } catch {
                    return blame(request.peer, "block \(height): \(error)")
                }
            }
            request.got += 1
            request.bytes += encoded.bytes
            usualBytes = (usualBytes * 7 + encoded.bytes) / 8
            (request.progressed, request.loose) = (now, 0)
        }
        requests[place] = request
        if isLast || request.got == request.count { finish(request, isLast) }
        dropOvertaken()
    }

    /// Keeps a block; what can be checked of it now is.
    private mutating func keep(
        _ encoded: EncodedBlock, _ height: UInt64, from peer: UInt64
    ) throws(CatchUpFault) {
        // The block that is being applied is on its way already.
        guard !isApplying || height > context.height else { return }
        let block = try CertifiedBlock(encoded, height: height, chain: context.chain)
        let named = block.block.header.validatorsHash
        let known = [context.validators, context.nextValidators].first { $0.hash == named }
        if let known { try block.prove(by: known, check) }
        window.insert(
            BlockWindow.Entry(block: block, peer: peer, bytes: encoded.bytes, isProved: known != nil),
            at: height)
    }

    /// An answer is whole, or as much of it as there will be.
    private mutating func finish(_ request: CatchUpRequest, _ isLast: Bool) {
        end(request.id)
        // Whoever sends all and does not end is told that no more is wanted.
        if !isLast { actions.append(.cancel(id: request.id)) }
        guard let place = place(ofPeer: request.peer) else { return }
        guard request.got > 0 else {
            // It may have thrown the old ones away: it is not asked for these again until it says more.
            peers[place].height = min(peers[place].height, request.from)
            return peers[place].pause(now)
        }
        // A busy server's line may have room for few; one that cuts its answer short at once has no such reason.
        let isShort = request.got < request.count && request.bytes <= CatchUpLimit.shortBytes
        guard !isShort || now >= request.started &+ CatchUpLimit.busyLine else {
            return peers[place].pause(now)
        }
        peers[place].answered(request.bytes, request.got, after: now - request.started)
    }

    /// A peer is on a revision of the chain that this node has not come to: nobody's fault.
    private mutating func leave(_ handle: UInt64, _ chain: String) {
        laterRevision = chain
        for request in requests where request.peer == handle {
            end(request.id)
            actions.append(.cancel(id: request.id))
        }
        if let place = place(ofPeer: handle) { peers[place].pause(now) }
    }

    /// No answer, or no more of it.
    mutating func fail(_ id: UInt64, _ failure: CatchUpFailure) {
        guard let place = place(of: id) else { return }
        let handle = requests[place].peer
        end(id)
        guard let peer = self.place(ofPeer: handle) else { return }
        switch failure {
        case .busy, .broken: peers[peer].pause(now)
        case .gone:
            for request in requests where request.peer == handle { end(request.id) }
            peers.remove(at: peer)
        case .malformed(let what): blame(handle, what)
        }
    }

    /// Gives up what takes too long.
    mutating func expire() {
        for request in requests where request.isOver(now) {
            end(request.id)
            actions.append(.cancel(id: request.id))
            if let place = place(ofPeer: request.peer) { peers[place].pause(now) }
        }
    }

    /// Ends requests of which others brought everything.
    mutating func dropOvertaken() {
        for request in requests {
            guard (request.next..<request.end).allSatisfy({ isHere($0) }) else { continue }
            end(request.id)
            actions.append(.cancel(id: request.id))
            guard let place = place(ofPeer: request.peer) else { continue }
            // Nobody's fault: it was slower than the others, or lost a race.
            if request.isStill(now) {
                peers[place].pausedUntil = max(peers[place].pausedUntil, now &+ CatchUpLimit.overtaken)
            }
        }
    }

    /// A peer sent what no honest one sends: nothing of it is wanted any more.
    mutating func blame(_ handle: UInt64, _ what: String) {
        for request in requests where request.peer == handle {
            end(request.id)
            actions.append(.cancel(id: request.id))
        }
        window.dropUnproved(of: handle)
        if let place = place(ofPeer: handle) { peers[place].isBlamed = true }
        actions.append(.blame(handle, what))
    }

    private mutating func end(_ id: UInt64) { requests.removeAll { $0.id == id } }

    /// Whether a height is decided or its block waits.
    func isHere(_ height: UInt64) -> Bool {
        height < context.height || height == context.height && isApplying || window[height] != nil
    }
}

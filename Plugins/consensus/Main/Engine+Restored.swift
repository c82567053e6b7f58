internal import ConsensusCore
internal import Foundation
internal import Logging
internal import NodeBus
internal import NodeCrypto
internal import NodeDomain
internal import NodeProtocol

/// A ledger that was restored from a checkpoint has no block: the first one comes from peers.
extension Engine {
    /// What comes from peers while the block is looked for.
    enum RestoredWord: Sendable {
        case heard(UInt64)
        case answered(id: UInt64, [EncodedBlock], Asker)
    }

    /// Asks peers for the block behind the ledger's state until one has it.
    ///
    /// - Returns: the height of that block, which is not applied yet.
    /// - Throws: `ConsensusFault` when the state is not one of the chain that peers have.
    func begin(behind committees: Committees, appHash: Bytes32, time: UInt64, _ parameters: Bytes32)
        async throws -> HeightContext
    {
        guard let last = committees.last else {
            throw ConsensusFault.refused(
                "the ledger's state does not say who decided height \(committees.height): restore a checkpoint of a later height"
            )
        }
        let block = try await block(behind: committees, appHash: appHash)
        beacon = committees.beacon
        watch(committees)
        return HeightContext(
            of: block, lastTime: Timestamp(milliseconds: time), lastValidators: last,
            validators: committees.current, nextValidators: committees.next, rotation: committees.rotation,
            parametersHash: parameters)
    }

    private func block(behind committees: Committees, appHash: Bytes32) async throws -> CertifiedBlock {
        let height = committees.height + 1
        var start = RestoredStart(
            chain: chain.text, height: height, appHash: appHash, validators: committees.current,
            lastID: Self.now() << 16
        ) { Ed25519.verify($0, of: $1, by: $2) }
        let (words, feed) = AsyncStream.makeStream(
            of: RestoredWord.self, bufferingPolicy: .bufferingNewest(256))
        restoredFeed = feed
        defer { restoredFeed = nil }
        setFault("the state is that of height \(committees.height): peers are asked for the block behind it")
        logger.info("\(fault)")
        for await word in words {
            switch word {
            case .heard(let peer):
                guard case .ask(let id, let peer, let height) = start.heard(of: peer, now: Self.uptime())
                else { continue }
                await request(id, peer, height, 1)
            case .answered(let id, let blocks, let asker):
                switch start.answered(id, blocks) {
                case .found(let block):
                    setFault("")
                    return block
                case .blame(_, let what): asker.tell(Opinion(blame: what))
                case .revision(let later):
                    setFault(
                        "peers are on \(later): operators agreed on a recovery; see docs/recovery.md")
                case .otherState(let root):
                    throw ConsensusFault.damaged(
                        "the state of height \(committees.height) has the root \(appHash), the chain's is \(root)"
                    )
                case .ask, nil: break
                }
            }
        }
        throw CancellationError()
    }

    /// What a peer sent while the block is looked for: only that it is there counts, and what it answers.
    func hear(
        _ request: Spacenode_Consensus_V1_DeliverRequest, _ feed: AsyncStream<RestoredWord>.Continuation
    ) async -> Opinion {
        guard request.hasAnswer else {
            feed.yield(.heard(request.peer))
            return Opinion()
        }
        let (id, blocks) = (request.answer.id, request.answer.encodedBlocks)
        guard !blocks.isEmpty else { return Opinion() }
        return await withCheckedContinuation { feed.yield(.answered(id: id, blocks, Asker($0))) }
    }
}

import MempoolCore
import NodeDomain
import NodeEncoding
import Testing

@Suite("Items")
struct ItemTests {
    private let room = ItemPool.Room(plotProofs: 16, laneBytes: 8_192)

    private func order(_ pool: Mempool, _ room: ItemPool.Room) -> [Bytes32] {
        pool.items.selection(epoch: pool.epoch, room: room).map(\.candidate.id)
    }

    @Test("evidence, the epoch's PoET proof, then activations by units and arrival")
    func order() {
        var pool = Mempool()
        let (small, large) = (activation(plots: 0..<1), activation(plots: 1..<3))
        let (same, proof) = (activation(plots: 3..<5, operator: 2), poet(epoch: 3))
        for item in [small, large, same, proof, poet(epoch: 4), evidence(5), evidence(6)] {
            #expect(pool.submit(item, .item) == nil)
        }
        #expect(
            order(pool, room)
                == [evidence(5).id, evidence(6).id, proof.id, large.id, same.id, small.id])
        // What does not fit is passed over for what does.
        #expect(
            order(pool, .init(plotProofs: 3, laneBytes: 8_192)).suffix(2) == [large.id, small.id])
        #expect(
            order(pool, .init(plotProofs: 3, laneBytes: large.raw.count)).suffix(2) == [proof.id, large.id])
    }

    @Test("one activation a plot, one proof an epoch, one piece of evidence an operator")
    func once() {
        var pool = Mempool()
        let first = activation(plots: 0..<2)
        #expect(pool.submit(first, .item) == nil)
        #expect(
            pool.submit(activation(plots: 1..<3), .item) == .plot(key(1), id: first.id))
        let idle = activation(plots: 0..<0, operator: 8)
        #expect(pool.submit(idle, .item) == nil)
        #expect(
            pool.submit(activation(plots: 0..<0, operator: 8, votes: true), .item)
                == .operator(key(1_000_008), id: idle.id))
        #expect(pool.submit(poet(epoch: 3), .item) == nil)
        #expect(pool.submit(poet(epoch: 3, index: 1), .item) == .epoch(3, id: poet(epoch: 3).id))
        #expect(pool.submit(evidence(1), .item) == nil)
        #expect(
            pool.submit(evidence(1, height: 8), .item) == .operator(key(1_000_001), id: evidence(1).id))
    }

    @Test("bytes of another kind, or of none, are refused")
    func kinds() {
        var pool = Mempool()
        let raw = activation(plots: 0..<1).raw
        #expect(pool.submit(Candidate(.evidence, raw), .item) == .kind)
        #expect(pool.submit(Candidate(.activation, raw + [0]), .item) == .kind)
        #expect(pool.submit(Candidate(.activation, []), .item) == .kind)
        #expect(pool.submit(Candidate(.activation, raw), good(1, nonce: 0, fee: 1)) == .kind)
    }

    @Test("a full queue of activations puts out the smallest, and says how large one must be")
    func fullOfProofs() {
        var pool = Mempool(limits { $0.plotProofs = 6 })
        let small = activation(plots: 0..<2, units: 4)
        let large = activation(plots: 2..<6, units: 4)
        #expect(pool.submit(small, .item) == nil && pool.submit(large, .item) == nil)
        #expect(pool.items.plotProofs == 6)
        #expect(pool.submit(activation(plots: 6..<7, units: 8), .item) == .units(more: 8))
        let actions = pool.handle(.judged(activation(plots: 6..<7, units: 9), .item))
        #expect(actions.first == .removed(small.id, .units(more: 8)))
        #expect(pool.items.plotProofs == 5)
        // One that would be too large alone changes nothing.
        guard case .size? = pool.submit(activation(plots: 10..<17, units: 99), .item) else {
            Issue.record("it was taken")
            return
        }
        #expect(pool.items.plotProofs == 5 && pool.items.count == 2)
    }

    @Test("bytes of activations at their edge")
    func fullOfBytes() {
        let one = activation(plots: 0..<1)
        var pool = Mempool(limits { $0.activationBytes = 2 * one.raw.count })
        #expect(pool.submit(one, .item) == nil && pool.submit(activation(plots: 1..<2), .item) == nil)
        #expect(pool.items.activationBytes == 2 * one.raw.count)
        #expect(pool.submit(activation(plots: 2..<3), .item) == .units(more: 4))
        #expect(pool.submit(activation(plots: 2..<3, units: 5), .item) == nil)
        // Of the same size the younger one left.
        #expect(pool.contains(one.id) && !pool.contains(activation(plots: 1..<2).id))
    }

    @Test("evidence at its edges; a block has 64 KiB of it")
    func evidenceLimits() {
        var pool = Mempool(limits { $0.evidenceBytes = 1 << 20 })
        for number in 0..<256 as Range<UInt64> {
            #expect(pool.submit(evidence(number, height: 9), .item) == nil)
        }
        #expect(pool.submit(evidence(256), .item) == .evidence(limit: 256))
        let bytes = evidence(0).raw.count
        let fitting = MempoolLimit.evidenceBytesOfBlock / bytes
        #expect(order(pool, room).count == min(256, fitting))
        #expect(order(pool, room).first == evidence(0).id)
        var small = Mempool(limits { $0.evidenceBytes = 2 * bytes })
        #expect(small.submit(evidence(1), .item) == nil && small.submit(evidence(2), .item) == nil)
        #expect(small.submit(evidence(3), .item) == .evidence(limit: 256))
    }

    @Test("a block's items take out those that they make impossible")
    func superseded() throws {
        var pool = Mempool()
        let (one, other) = (activation(plots: 0..<2), activation(plots: 2..<3, operator: 2))
        for item in [one, other, poet(epoch: 3), evidence(1)] { _ = pool.submit(item, .item) }
        let foreign = [activation(plots: 1..<2, units: 7), poet(epoch: 3, index: 5), evidence(2, height: 4)]
        let actions = pool.handle(
            .committed(.init(height: 11, epoch: 3, transactions: [], items: foreign.map(\.raw) + [[9, 9]])))
        // Operator 2 is barred, so its activation is no use.
        #expect(
            Set(actions) == [
                .removed(one.id, nil), .removed(poet(epoch: 3).id, nil), .removed(other.id, nil),
            ])
        #expect(pool.items.count == 1 && pool.items.plotProofs == 0 && pool.items.activationBytes == 0)
    }

    @Test("what is of an epoch that is over leaves, and is not taken")
    func late() {
        var pool = Mempool()
        let one = activation(plots: 0..<1)
        for item in [one, poet(epoch: 3), poet(epoch: 4), evidence(1)] { _ = pool.submit(item, .item) }
        #expect(pool.submit(poet(epoch: 5), .item) == .poets(limit: 2))
        let actions = pool.handle(.passed(height: 11, epoch: 4))
        #expect(
            Set(actions) == [
                .removed(one.id, .late(3, now: 4)), .removed(poet(epoch: 3).id, .late(3, now: 4)),
            ])
        #expect(pool.submit(one, .item) == .late(3, now: 4))
        #expect(order(pool, room) == [evidence(1).id, poet(epoch: 4).id])
    }
}

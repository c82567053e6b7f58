import MempoolCore
import NodeDomain
import Testing

@Suite("Admission")
struct AdmissionTests {
    @Test("what the ledger refuses is refused in its words; what waits is not taken twice")
    func ledger() {
        var pool = Mempool()
        #expect(pool.submit(sent(1), .refused("no")) == .ledger("no"))
        #expect(pool.submit(sent(1), good(1, nonce: 0, fee: 5)) == nil)
        #expect(pool.handle(.judged(sent(1), good(1, nonce: 0, fee: 5))).isEmpty)
        #expect(pool.submit(sent(2), .item) == .kind)
        #expect(pool.transactions.count == 1 && pool.transactions.bytes == 100)
    }

    @Test("sizes at their edges", arguments: CandidateKind.allCases)
    func sizes(_ kind: CandidateKind) {
        let limit = MempoolLimit.bytes(of: kind)
        func refusal(_ count: Int) -> MempoolRefusal? {
            Candidate(kind, [UInt8](repeating: 0, count: count)).sizeRefusal
        }
        #expect(refusal(limit) == nil && refusal(1) == nil)
        #expect(refusal(limit + 1) == .size(limit + 1, limit: limit) && refusal(0) == .size(0, limit: limit))
    }

    @Test("of one nonce only a higher fee replaces")
    func replacement() {
        var pool = Mempool()
        #expect(pool.submit(sent(1), good(1, nonce: 4, fee: 5)) == nil)
        #expect(
            pool.submit(sent(2), good(1, nonce: 4, fee: 5)) == .replacement(id: sent(1).id, fee: 5))
        let actions = pool.handle(.judged(sent(3), good(1, nonce: 4, fee: 6)))
        #expect(
            actions == [
                .removed(sent(1).id, .replaced(by: sent(3).id)), .admitted(sent(3), arrival: 1),
            ])
        #expect(pool.transactions.count == 1)
    }

    @Test("a nonce that was used is refused, and what is below a new next nonce leaves")
    func nonces() {
        var pool = Mempool()
        #expect(pool.submit(sent(1), good(1, nonce: 4, fee: 5, next: 4)) == nil)
        #expect(pool.submit(sent(2), good(1, nonce: 3, fee: 5, next: 4)) == .nonce(3, next: 4))
        // An older state does not bring an older nonce back.
        #expect(pool.submit(sent(2), good(1, nonce: 3, fee: 5, next: 2)) == .nonce(3, next: 4))
        let actions = pool.handle(.judged(sent(5), good(1, nonce: 5, fee: 5, next: 5)))
        #expect(actions.first == .removed(sent(1).id, .nonce(4, next: 5)))
    }

    @Test("what waits before it counts against the balance, to the smidge")
    func balance() {
        var pool = Mempool()
        #expect(pool.submit(sent(1), good(1, nonce: 0, fee: 10, spends: 40, balance: 100)) == nil)
        #expect(
            pool.submit(sent(2), good(1, nonce: 1, fee: 10, spends: 41, balance: 100))
                == .cannotPay(has: 50, needs: 51))
        #expect(pool.submit(sent(3), good(1, nonce: 1, fee: 10, spends: 40, balance: 100)) == nil)
        #expect(
            pool.submit(sent(4), good(2, nonce: 1, fee: .max, spends: 1, balance: .max))
                == .cannotPay(has: .max, needs: nil))
        let projection = pool.projection(account(1), nextNonce: 0, balance: 100)
        #expect(projection.nextNonce == 2 && projection.balance == 0 && projection.waiting == 2)
    }

    @Test("a dearer one of a lower nonce puts out those behind it that it leaves nothing for")
    func unaffordable() {
        var pool = Mempool()
        _ = pool.submit(sent(1), good(1, nonce: 0, fee: 10, balance: 100))
        _ = pool.submit(sent(2), good(1, nonce: 1, fee: 10, spends: 60, balance: 100))
        _ = pool.submit(sent(3), good(1, nonce: 2, fee: 10, balance: 100))
        let actions = pool.handle(.judged(sent(4), good(1, nonce: 0, fee: 40, balance: 100)))
        #expect(
            actions == [
                .removed(sent(1).id, .replaced(by: sent(4).id)),
                .removed(sent(2).id, .cannotPay(has: 60, needs: 70)), .admitted(sent(4), arrival: 3),
            ])
        #expect(pool.order == [sent(4).id])
    }

    @Test("one account has so many and no more, but may replace")
    func oneAccount() {
        var pool = Mempool(limits { $0.transactionsOfAccount = 3 })
        for nonce in 0..<3 as Range<UInt64> {
            #expect(pool.submit(sent(nonce), good(1, nonce: nonce, fee: 5)) == nil)
        }
        #expect(pool.submit(sent(9), good(1, nonce: 3, fee: 50)) == .account(limit: 3))
        #expect(pool.submit(sent(10), good(1, nonce: 2, fee: 6)) == nil)
    }

    @Test("a full pool says which fee gets in, and takes it")
    func full() {
        var pool = Mempool(limits { $0.transactions = 3 })
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(pool.submit(sent(number), good(number, nonce: 0, fee: 10 * number)) == nil)
        }
        #expect(pool.transactions.feeFloor == 10)
        #expect(pool.submit(sent(4), good(4, nonce: 0, fee: 10)) == .full(fee: 10))
        let actions = pool.handle(.judged(sent(5), good(5, nonce: 0, fee: 11)))
        #expect(
            actions == [.removed(sent(1).id, .putOut(fee: 10)), .admitted(sent(5), arrival: 3)])
        // The refused one changed nothing.
        #expect(pool.transactions.count == 3 && pool.transactions.feeFloor == 11)
    }

    @Test("bytes are a limit of their own, and a large one puts out as many as it needs")
    func bytes() {
        var pool = Mempool(limits { $0.transactionBytes = 1_000 })
        for number in 1...10 as ClosedRange<UInt64> {
            #expect(pool.submit(sent(number), good(number, nonce: 0, fee: number)) == nil)
        }
        #expect(pool.transactions.bytes == 1_000)
        // Room for 300 bytes costs the three cheapest: worth 3 is not over 3.
        #expect(pool.submit(sent(11, bytes: 300), good(11, nonce: 0, fee: 3)) == .full(fee: 3))
        #expect(pool.transactions.count == 10)
        #expect(pool.submit(sent(11, bytes: 300), good(11, nonce: 0, fee: 4)) == nil)
        #expect(pool.transactions.bytes == 1_000 && pool.transactions.count == 8)
    }

    @Test("a rich one behind a cheap one of its account is worth the cheap one's fee")
    func worth() {
        var pool = Mempool(limits { $0.transactions = 3 })
        _ = pool.submit(sent(1), good(1, nonce: 0, fee: 1))
        _ = pool.submit(sent(2), good(1, nonce: 1, fee: 1_000))
        _ = pool.submit(sent(3), good(2, nonce: 0, fee: 5))
        #expect(pool.submit(sent(4), good(1, nonce: 2, fee: 1_000)) == .behindCheap(fee: 1))
        // The last one of the account leaves first, though it pays most.
        let actions = pool.handle(.judged(sent(5), good(3, nonce: 0, fee: 2)))
        #expect(actions.first == .removed(sent(2).id, .putOut(fee: 1)))
        // Of equal worth the youngest leaves.
        _ = pool.submit(sent(6), good(4, nonce: 0, fee: 2))
        #expect(pool.submit(sent(7), good(5, nonce: 0, fee: 3)) == nil)
        #expect(!pool.contains(sent(6).id) && pool.contains(sent(5).id))
    }

    @Test("who comes with a lower nonce may put out the last one of its own account")
    func own() {
        var pool = Mempool(limits { $0.transactions = 2 })
        _ = pool.submit(sent(1), good(1, nonce: 5, fee: 10))
        _ = pool.submit(sent(2), good(2, nonce: 0, fee: 100))
        #expect(pool.submit(sent(3), good(1, nonce: 4, fee: 20)) == nil)
        #expect(!pool.contains(sent(1).id) && pool.transactions.count == 2)
    }
}

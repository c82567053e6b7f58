import MempoolCore
import NodeDomain
import Testing

@Suite("Order")
struct OrderTests {
    @Test("accounts by the fee of their lowest, then arrival; within one by nonce")
    func order() {
        var pool = Mempool()
        _ = pool.submit(sent(1), good(1, nonce: 0, fee: 10))
        _ = pool.submit(sent(2), good(1, nonce: 1, fee: 90))
        _ = pool.submit(sent(3), good(2, nonce: 0, fee: 50))
        _ = pool.submit(sent(4), good(2, nonce: 1, fee: 20))
        _ = pool.submit(sent(5), good(3, nonce: 0, fee: 20))
        #expect(pool.order == [3, 4, 5, 1, 2].map { sent($0).id })
    }

    @Test("count and bytes cut the selection; an account whose turn does not fit drops out")
    func cut() {
        var pool = Mempool()
        _ = pool.submit(sent(1, bytes: 600), good(1, nonce: 0, fee: 50))
        _ = pool.submit(sent(2, bytes: 500), good(2, nonce: 0, fee: 40))
        _ = pool.submit(sent(3), good(2, nonce: 1, fee: 40))
        _ = pool.submit(sent(4), good(3, nonce: 0, fee: 30))
        func chosen(_ most: Int, _ bytes: Int) -> [Bytes32] {
            pool.transactions.selection(height: 10, most: most, bytes: bytes).map(\.id)
        }
        #expect(chosen(2, .max) == [sent(1, bytes: 600).id, sent(2, bytes: 500).id])
        #expect(chosen(9, 1_000) == [sent(1, bytes: 600).id, sent(4).id])
        #expect(chosen(9, 1_100) == [sent(1, bytes: 600).id, sent(2, bytes: 500).id])
        #expect(chosen(0, .max).isEmpty && chosen(9, 0).isEmpty)
    }

    @Test("one behind a gap is held for some heights, or until the gap is filled")
    func gaps() {
        var pool = Mempool()
        _ = pool.submit(sent(1), good(1, nonce: 7, fee: 10, next: 5))
        _ = pool.submit(sent(2), good(1, nonce: 5, fee: 10, next: 5))
        #expect(pool.order == [sent(2).id])
        _ = pool.submit(sent(3), good(1, nonce: 6, fee: 10, next: 5))
        #expect(pool.order == [2, 3, 1].map { sent($0).id })
        _ = pool.submit(sent(4), good(2, nonce: 1, fee: 10))
        for height in 11...13 as ClosedRange<UInt64> {
            _ = pool.handle(.passed(height: height, epoch: 3))
            #expect(!pool.order.contains(sent(4).id))
        }
        _ = pool.handle(.passed(height: 14, epoch: 3))
        #expect(pool.order.contains(sent(4).id))
    }

    @Test("a block takes out what it has, and the rest of its accounts is judged anew")
    func committed() {
        var pool = Mempool()
        _ = pool.submit(sent(1), good(1, nonce: 0, fee: 10, spends: 10, balance: 100))
        _ = pool.submit(sent(2), good(1, nonce: 1, fee: 10, spends: 60, balance: 100))
        _ = pool.submit(sent(3), good(2, nonce: 0, fee: 10))
        let news = Mempool.BlockNews(height: 11, epoch: 3, transactions: [sent(1).id, sent(99).id])
        #expect(pool.handle(.committed(news)) == [.removed(sent(1).id, nil)])
        let due = pool.takeRechecks(10).map(\.id)
        #expect(Set(due) == [sent(2).id, sent(3).id] && due.count == 2)
        #expect(pool.takeRechecks(10).isEmpty)
        // The account has less than it had to.
        let verdict = good(1, nonce: 1, fee: 10, spends: 60, next: 1, balance: 69)
        #expect(
            pool.handle(.rejudged(sent(2).id, verdict)) == [
                .removed(sent(2).id, .cannotPay(has: 69, needs: 70))
            ])
        #expect(
            pool.handle(.rejudged(sent(3).id, .refused("no"))) == [.removed(sent(3).id, .ledger("no"))])
        #expect(pool.transactions.count == 0 && pool.transactions.bytes == 0)
        #expect(pool.handle(.rejudged(sent(3).id, .refused("no"))).isEmpty)
    }

    @Test("all come up to be judged anew, so many a block; all at once when nobody knows what a block holds")
    func rolling() {
        var pool = Mempool()
        let count = UInt64(MempoolLimit.rejudgedAtOnce) + 100
        for number in 0..<count { _ = pool.submit(sent(number), good(number, nonce: 0, fee: 10)) }
        var seen: Set<Bytes32> = []
        for height in 11...12 as ClosedRange<UInt64> {
            _ = pool.handle(.committed(.init(height: height, epoch: 3, transactions: [])))
            let due = pool.takeRechecks(.max)
            #expect(due.count == MempoolLimit.rejudgedAtOnce)
            seen.formUnion(due.map(\.id))
        }
        #expect(seen.count == Int(count))
        _ = pool.handle(.passed(height: 13, epoch: 3))
        #expect(pool.takeRechecks(.max).count == Int(count))
        // The same height again is no news.
        _ = pool.handle(.passed(height: 13, epoch: 3))
        #expect(pool.takeRechecks(.max).isEmpty)
        pool.returnRechecks([sent(1).id, sent(count + 1).id])
        #expect(pool.takeRechecks(.max).map(\.id) == [sent(1).id])
    }
}

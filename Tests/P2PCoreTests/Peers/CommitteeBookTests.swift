import NodeCrypto
import NodeDomain
import NodeEncoding
import P2PCore
import Testing

@Suite("Peers: where members are")
struct CommitteeBookTests {
    private let genesis = [UInt8](repeating: 5, count: 20)
    private let own = somePeer(1)

    private func seed(_ number: UInt8) -> Bytes32 { Bytes32([UInt8](repeating: number, count: 32)) ?? .zero }
    private func key(_ number: UInt8) -> Bytes32 { Ed25519.publicKey(seed: seed(number)) ?? .zero }

    private func record(
        _ number: UInt8, term: UInt64 = 7, sequence: UInt64 = 1, signer: UInt8? = nil, genesis: [UInt8]? = nil
    ) -> [UInt8] {
        let address = Multiaddress(host("8.8.8.\(number)"), port: 7_610)
        var record = ValidatorRecord(
            term: term, operator: key(number), peer: somePeer(UInt64(number) + 100).bytes,
            addresses: [address.bytes], sequence: sequence)
        let message = record.signedBytes(genesis: genesis ?? self.genesis)
        record.signature = Ed25519.sign(message, seed: seed(signer ?? number)) ?? []
        return record.scale
    }

    private func book(_ numbers: ClosedRange<UInt8>) -> CommitteeBook {
        var book = CommitteeBook(own: own, genesis: genesis)
        book.seat(Set(numbers.map { key($0) }), term: 7)
        return book
    }

    @Test("records of seats are taken, newer ones after a minute; others are ignored, false ones rejected")
    func verdicts() {
        var book = book(1...5)
        #expect(book.take(record(1), now: 0) == .accept)
        #expect(book.isMember(somePeer(101), term: 7) && !book.isMember(somePeer(102), term: 7))
        #expect(book.take(record(1), now: 100_000) == .ignore)
        #expect(book.take(record(1, sequence: 2), now: 59_999) == .ignore)
        #expect(book.take(record(1, sequence: 2), now: 60_000) == .accept)
        #expect(book.take(record(9), now: 0) == .ignore)
        #expect(book.take(record(2, term: 8), now: 0) == .ignore)
        for bytes in [
            record(2, signer: 3), record(2, genesis: [UInt8](repeating: 6, count: 20)), [1, 2, 3], [],
        ] {
            guard case .reject = book.take(bytes, now: 0) else {
                Issue.record("not rejected")
                continue
            }
        }
        #expect(book.take(record(2), now: 0) == .accept)
    }

    @Test("who has a seat again is where it was until it says otherwise, which it may at once")
    func again() {
        var book = book(1...3)
        for number in 1...3 as ClosedRange<UInt8> { _ = book.take(record(number, sequence: 5), now: 100_000) }
        book.seat([key(2), key(3), key(4)], term: 8)
        #expect(Set(book.links(term: 8).map(\.peer)) == [somePeer(102), somePeer(103)])
        #expect(!book.isMember(somePeer(101), term: 8))
        #expect(book.take(record(2, term: 8, sequence: 5), now: 100_001) == .ignore)
        #expect(book.take(record(2, term: 8, sequence: 6), now: 100_001) == .accept)
        #expect(book.take(record(2, term: 8, sequence: 7), now: 100_002) == .ignore)
    }

    @Test("this term and the next are known, earlier ones are not")
    func terms() {
        var book = book(1...3)
        #expect(book.take(record(1), now: 0) == .accept)
        book.seat([key(4)], term: 8)
        #expect(book.take(record(4, term: 8), now: 0) == .accept)
        #expect(book.links(term: 7).count == 1 && book.links(term: 8).count == 1)
        book.seat([key(5)], term: 9)
        #expect(book.links(term: 7).isEmpty && book.take(record(1), now: 100_000) == .ignore)
        book.seat([], term: 8)
        #expect(book.links(term: 8).isEmpty)
    }

    @Test(
        "twelve links, the same whatever order the records came in, others in another term or for another node"
    )
    func links() {
        var (first, second) = (book(1...40), book(1...40))
        for number in 1...40 as ClosedRange<UInt8> { #expect(first.take(record(number), now: 0) == .accept) }
        for number in (1...40 as ClosedRange<UInt8>).reversed() { _ = second.take(record(number), now: 0) }
        let links = first.links(term: 7)
        #expect(links.count == 12 && Set(links).count == 12)
        #expect(links == second.links(term: 7))
        var next = book(1...40)
        next.seat(Set((1...40 as ClosedRange<UInt8>).map { key($0) }), term: 8)
        var other = CommitteeBook(own: somePeer(2), genesis: genesis)
        other.seat(Set((1...40 as ClosedRange<UInt8>).map { key($0) }), term: 7)
        for number in 1...40 as ClosedRange<UInt8> {
            _ = next.take(record(number, term: 8), now: 0)
            _ = other.take(record(number), now: 0)
        }
        #expect(Set(next.links(term: 8).map(\.peer)) != Set(links.map(\.peer)))
        #expect(Set(other.links(term: 7).map(\.peer)) != Set(links.map(\.peer)))
    }
}

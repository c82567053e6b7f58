import NodeCrypto
import NodeDomain
import P2PCore
import TestSupport
import Testing

@Suite("Peers: the book's file")
struct BookFileTests {
    private func filled() -> PeerBook {
        var book = emptyBook()
        for number in 0..<500 as Range<UInt64> {
            for source in 0..<3 as Range<UInt32> {
                _ = book.add(
                    someContact(number), from: someGroup(source + UInt32(number % 5)), now: number * 1_000)
            }
            if number % 3 == 0 { book.reached(somePeer(number), now: 600_000) }
            if number % 7 == 0 { book.failed(somePeer(number), isOnline: true, now: 700_000) }
        }
        book.anchors = [someContact(3), someContact(6)]
        return book
    }

    @Test("a book is read as it was written, and written again in the same bytes")
    func again() throws {
        let book = filled()
        let file = book.file(now: 800_000)
        let read = try PeerBook(file: file, PeerBookParameters(), seed: 2, now: 800_000)
        #expect(read.fault == nil)
        #expect(
            read.count == book.count && read.triedCount == book.triedCount && read.anchors == book.anchors)
        #expect(read.file(now: 800_000) == file)
        // A clock that begins anew, and a week in between.
        let later = try PeerBook(file: file, PeerBookParameters(), seed: 2, now: 0, away: 7 * 24 * 3_600_000)
        #expect(later.count == book.count && later.fault == nil)
    }

    @Test("a damaged file says so, at each byte")
    func damaged() {
        let file = emptyFile()
        for place in file.indices {
            var bytes = file
            bytes[place] ^= 1
            let fault: PeerBookFileFault = place < 18 ? .kind : .checksum
            #expect(throws: fault) { try PeerBook(file: bytes, PeerBookParameters(), seed: 1, now: 0) }
            #expect(throws: PeerBookFileFault.self) {
                try PeerBook(file: Array(file[..<place]), PeerBookParameters(), seed: 1, now: 0)
            }
        }
        #expect(PeerBookFileFault.checksum.description.contains("damaged"))
    }

    private func emptyFile() -> [UInt8] {
        var book = emptyBook()
        _ = book.add(someContact(1), from: someGroup(2), now: 0)
        return book.file(now: 0)
    }

    @Test("contents that cannot be are refused, whatever they are")
    func contents() {
        var random = SplitMix(seed: 8)
        let file = filled().file(now: 800_000)
        let contents = Array(file[18..<file.count - 32])
        var read = 0
        for _ in 0..<300 {
            var bytes = contents
            for _ in 0...random.below(3) {
                bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let book = try? PeerBook(contents: bytes, PeerBookParameters(), seed: 1, now: 900_000)
            else {
                continue
            }
            read += 1
            #expect(book.fault == nil)
        }
        #expect(read < 300)
    }
}

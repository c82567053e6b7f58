import NodeCrypto
import NodeDomain
import NodeEncoding
import P2PCore

/// What strangers and files say of peers: records, questions, members' records, the files, and the life of a book, a
/// gate and a dialler.
///
/// The first byte chooses what reads the rest. Nothing may trap; what is read is written and read alike; the tables
/// always agree.
package enum PeersFuzzWorld {
    private static let genesis = [UInt8](repeating: 1, count: 20)
    private static let seed = Bytes32([UInt8](repeating: 7, count: 32)) ?? .zero
    private static let identity = PeerIdentity(publicKey: key) { Ed25519.sign($0, seed: seed) }
    private static let hash = KeyedHash(key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908)
    private static let key = Ed25519.publicKey(seed: seed) ?? .zero

    /// Runs one input.
    package static func run(_ input: UnsafeRawBufferPointer) {
        guard let choice = input.first else { return }
        let bytes = [UInt8](input.dropFirst())
        switch choice % 6 {
        case 0: record(bytes)
        case 1: question(bytes)
        case 2: memory(bytes)
        case 3: member(bytes)
        case 4: file(bytes)
        default: life(bytes)
        }
    }

    private static func record(_ bytes: [UInt8]) {
        guard let record = try? SignedPeerRecord(bytes: bytes) else { return }
        precondition((try? SignedPeerRecord(bytes: record.bytes)) == record, "read otherwise than written")
        guard let contact = PeerContact(record, allowsLocal: false) else { return }
        precondition(
            (1...4).contains(contact.addresses.count) && contact.record.count <= 512, "too much is kept")
        precondition(contact.addresses.allSatisfy { $0.host.isGlobal && $0.port != 0 }, "nobody is there")
    }

    private static func question(_ bytes: [UInt8]) {
        guard let kind = RequestKind.allCases.first(where: { $0.rawValue == bytes.first }),
            let question = try? Question(kind, bytes: Array(bytes.dropFirst()))
        else { return }
        let again = try? Question(kind, bytes: Array(question.delimited.dropFirst()))
        precondition(again == question, "read otherwise than written")
    }

    private static func memory(_ bytes: [UInt8]) {
        guard let memory = try? PeerMemory(file: bytes, PeerBookParameters(), seed: 1, now: 5_000) else {
            return
        }
        precondition(memory.book.fault == nil, "the tables do not agree")
        let file = memory.file(now: 5_000)
        guard let again = try? PeerMemory(file: file, PeerBookParameters(), seed: 1, now: 5_000) else {
            preconditionFailure("not read again")
        }
        precondition(again.file(now: 5_000) == file, "read otherwise than written")
    }

    private static func member(_ bytes: [UInt8]) {
        var book = CommitteeBook(own: somePeer(1), genesis: genesis)
        book.seat([key], term: 1)
        let verdict = book.take(bytes, now: 0)
        precondition(book.links(term: 1).isEmpty || verdict == .accept, "a link to nobody")
    }

    private static func file(_ bytes: [UInt8]) {
        _ = try? PeerBook(file: bytes, PeerBookParameters(), seed: 1, now: 0)
        guard let book = try? PeerBook(contents: bytes, PeerBookParameters(), seed: 1, now: 5_000) else {
            return
        }
        precondition(book.fault == nil, "the tables do not agree")
        let file = book.file(now: 5_000)
        guard let again = try? PeerBook(file: file, PeerBookParameters(), seed: 1, now: 5_000) else {
            preconditionFailure("not read again")
        }
        precondition(again.file(now: 5_000) == file, "read otherwise than written")
    }

    private static func life(_ bytes: [UInt8]) {
        var book = emptyBook(allowsLocal: true)
        var gate = Gate(GateLimits(), key: hash)
        var dialler = Dialler(DiallerParameters(), own: somePeer(255), seed: 1, now: 0)
        var now: UInt64 = 0
        for place in stride(from: 0, to: min(bytes.count - 2, 384), by: 3) {
            let (operation, first, second) = (
                bytes[place], UInt64(bytes[place + 1]), UInt32(bytes[place + 2])
            )
            let (peer, handle) = (somePeer(first), PeerHandle(value: first + 1))
            switch operation % 14 {
            case 0, 1: _ = book.add(someContact(first, group: second), from: someGroup(second), now: now)
            case 2: book.reached(peer, now: now)
            case 3: book.failed(peer, isOnline: second & 1 == 0, now: now)
            case 4: book.remove(peer)
            case 5, 6:
                let host = Multiaddress.Host.ip4(20 << 24 + second << 14)
                _ = gate.enter(handle, from: host, now: now)
            case 7: gate.closed(handle)
            case 8: gate.ping(handle, milliseconds: UInt64(second))
            case 9: dialler.disconnected(peer, now: now)
            case 10: _ = dialler.connected(peer, &book, now: now)
            case 11: dialler.failed(peer, &book, now: now)
            case 12:
                dialler.keep([someContact(first, group: second), someContact(UInt64(second), group: second)])
            default: now += first << (second & 15)
            }
            for case .dial(let peer, _, _) in dialler.tick(&book, isConnected: { _ in false }, now: now) {
                precondition(peer != somePeer(255), "it dials itself")
            }
            precondition(gate.inbound <= 28, "too many are there")
        }
        precondition(book.fault == nil, "the tables do not agree")
    }

    // MARK: - Somebody

    private static func somePeer(_ number: UInt64) -> PeerID {
        PeerID(publicKey: Bytes32(number &* 0x9e37_79b9_7f4a_7c15, number, 7, number))
    }

    private static func someContact(_ number: UInt64, group: UInt32) -> PeerContact {
        let place = (20 << 24) + (group << 16) + UInt32(truncatingIfNeeded: number) + 257
        return PeerContact(peer: somePeer(number), addresses: [Multiaddress(.ip4(place), port: 7_610)])
    }

    private static func someGroup(_ number: UInt32) -> NetworkGroup {
        NetworkGroup(.ip4(number << 16), .large)
    }

    private static func emptyBook(allowsLocal: Bool = false) -> PeerBook {
        var parameters = PeerBookParameters()
        parameters.allowsLocal = allowsLocal
        return PeerBook(parameters, key: hash, seed: 1)
    }

    // MARK: - Seeds

    /// One of each kind.
    package static func seeds() -> [[UInt8]] {
        let address = Multiaddress(.ip4(0x0808_0808), port: 7_610)
        let record = SignedPeerRecord(of: identity, number: 1, addresses: [address])?.bytes ?? []
        var member = ValidatorRecord(
            term: 1, operator: key, peer: somePeer(2).bytes, addresses: [address.bytes], sequence: 1)
        member.signature = Ed25519.sign(member.signedBytes(genesis: genesis), seed: seed) ?? []
        var book = emptyBook()
        for number in 0..<6 as Range<UInt64> {
            _ = book.add(someContact(number, group: UInt32(number)), from: someGroup(UInt32(number)), now: 0)
            if number % 2 == 0 { book.reached(somePeer(number), now: 0) }
        }
        book.anchors = [someContact(1, group: 1)]
        let file = book.file(now: 5_000)
        var kept = PeerMemory(book: book)
        kept.bans.add(somePeer(9), until: 60_000, reason: "so")
        return [
            [0] + record, [1, 2] + Question.reach(port: 7_610).delimited.dropFirst(),
            [2] + kept.file(now: 5_000), [2] + kept.contents(now: 5_000),
            [3] + member.scale, [4] + file, [4] + file[18..<file.count - 32],
            [5] + (0..<384).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 14) }, [],
        ]
    }
}

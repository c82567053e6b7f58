import NodeCrypto
import NodeDomain
import NodePoet
import PoetCore
import Testing

@Suite("Registrations")
struct RegistrationTests {
    @Test("the chain's own challenge is served without being kept")
    func own() throws {
        var world = World(difficulty: 30)
        world.chain(0)
        let answer = try world.register(Registrant(1).submission(challenges[0]))
        #expect(answer == .success(Registered(round: 0, endsIn: 30_000)))
        #expect(world.actions == [.answer(call: 5, answer)])
    }

    @Test("another challenge is kept before it is answered, and becomes a member by its key's order")
    func others() throws {
        var world = World()
        world.chain(0)
        let registrants = (1...3).map { Registrant(UInt64($0)) }
        for registrant in registrants {
            world.actions = []
            let answer = try world.register(registrant.submission(.largest))
            #expect(
                world.actions == [
                    .keep(epoch: 0, node: registrant.key, challenge: .largest),
                    .answer(call: 5, answer),
                ])
        }
        let keys = (registrants.map(\.key) + [server]).sorted()
        let expected = try members(keys.map { $0 == server ? challenges[0] : .largest })
        #expect(world.handle(.time(leaves: 0), at: genesis + 10_000) == [.work(epoch: 0, expected)])
    }

    @Test("the same again is taken again, something else is not")
    func twice() throws {
        var world = World()
        world.chain(0)
        let registrant = Registrant(1)
        let first = try world.register(registrant.submission(.largest))
        world.actions = []
        #expect(try world.register(registrant.submission(.largest)) == first)
        #expect(world.actions.count == 1)
        #expect(try world.register(registrant.submission(.zero)) == .failure(.conflict))
    }

    @Test("no round that is open, or one that ends too late, takes nobody")
    func closed() throws {
        var world = World()
        #expect(try world.register(Registrant(1).submission(.largest)) == .failure(.closed))
        world.chain(0)
        var late = Registrant(1).submission(.largest)
        late.deadline = genesis + 29_999
        #expect(try world.register(late) == .failure(.late))
        late.deadline = genesis + 30_000
        #expect(throws: Never.self) { try world.register(late).get() }
        world.handle(.time(leaves: 0), at: genesis + 10_000)
        #expect(try world.register(Registrant(2).submission(.largest)) == .failure(.closed))
        world.chain(0, isProved: true)
        let next = try world.register(Registrant(2).submission(.largest))
        #expect(next == .success(Registered(round: 1, endsIn: 80_000)))
    }

    @Test("a foreign signature and a long prefix are refused")
    func forged() throws {
        var world = World()
        world.chain(0)
        var forged = Registrant(1).submission(.largest)
        forged.node = Registrant(2).key
        #expect(try world.register(forged) == .failure(.signature))
        let long = Registrant(1).submission(.largest, prefix: [UInt8](repeating: 1, count: 65))
        #expect(try world.register(long) == .failure(.prefix(65)))
        let longest = Registrant(1).submission(.largest, prefix: [UInt8](repeating: 1, count: 64))
        #expect(throws: Never.self) { try world.register(longest).get() }
    }

    @Test("a round has as many members as it may have")
    func full() throws {
        var world = World(mostMembers: 2)
        world.chain(0)
        for number in 1...2 as ClosedRange<UInt64> {
            _ = try world.register(Registrant(number).submission(.largest)).get()
        }
        #expect(try world.register(Registrant(3).submission(.largest)) == .failure(.full(2)))
        #expect(throws: Never.self) { try world.register(Registrant(3).submission(challenges[0])).get() }
    }

    @Test("work is asked for, of the last root or the one before")
    func work() throws {
        var world = World(difficulty: 8)
        world.chain(0)
        let registrant = Registrant(1)
        var submission = registrant.submission(.largest)
        #expect(try world.register(submission) == .failure(.workTerms))
        submission.workChallenge = Bytes32.zero.bytes
        submission.difficulty = 7
        #expect(try world.register(submission) == .failure(.workTerms))
        submission.difficulty = 8
        let work = SubmitWork(
            serverChallenge: submission.workChallenge, node: registrant.key,
            challenge: Bytes32.largest.bytes)
        let nonce = try #require(work.find(in: 0..<100_000, difficulty: 8))
        let bad = try #require((0..<1000 as Range<UInt64>).first { !work.holds(nonce: $0, difficulty: 8) })
        submission.nonce = bad
        #expect(try world.register(submission) == .failure(.work))
        submission.nonce = nonce
        #expect(throws: Never.self) { try world.register(submission).get() }
    }

    @Test("a certificate takes the place of work")
    func certificate() throws {
        let seed = Bytes32(5, 5, 5, 5)
        var rules = AdmissionRules()
        rules.certifier = Ed25519.publicKey(seed: seed)
        var world = World()
        world.rounds = Rounds(server: server, terms: terms, rules: rules)
        world.chain(0)
        let registrant = Registrant(1)
        var submission = registrant.submission(.largest)
        #expect(try world.register(submission) == .failure(.workTerms))
        let data = PoetCertificate(node: registrant.key, expiry: genesis / 1000).scale
        submission.certificate = .init(data: data, signature: try #require(Ed25519.sign(data, seed: seed)))
        #expect(throws: Never.self) { try world.register(submission).get() }
        var other = Registrant(2).submission(.largest)
        other.certificate = submission.certificate
        #expect(try world.register(other) == .failure(.certificate))
    }

    @Test("every refusal says something of its own")
    func texts() {
        let all: [SubmissionRefusal] = [
            .closed, .late, .prefix(65), .signature, .workTerms, .work, .certificate, .conflict, .full(1),
        ]
        #expect(Set(all.map(\.description)).count == all.count)
    }
}

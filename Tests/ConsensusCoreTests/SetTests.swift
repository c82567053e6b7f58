import ConsensusCore
import NodeDomain
import Testing

private func key(_ number: UInt64) -> Bytes32 { Bytes32(0, 0, 0, number) }

private func set(_ powers: [Int64]) throws -> ValidatorSet {
    try ValidatorSet(powers.enumerated().map { Validator(key: key(UInt64($0) + 1), power: $1) })
}

@Suite("Sets of members")
struct SetTests {
    @Test("members stand by power from the highest, then by address; each is found by key and place")
    func order() throws {
        let set = try set([1, 5, 3, 3, 5, 1, 3])
        for (one, next) in zip(set.members, set.members.dropFirst()) {
            #expect(one.power > next.power || (one.power == next.power && one.address < next.address))
        }
        for (place, member) in set.members.enumerated() {
            #expect(set.place(of: member.key) == place)
            #expect(set.member(at: place) == member)
        }
        #expect(set.place(of: key(99)) == nil)
        #expect(set.member(at: 7) == nil && set.member(at: -1) == nil)
        #expect(set.totalPower == 21)
        #expect(try ValidatorSet(set.members.reversed()) == set)
    }

    @Test("an address is the first twenty bytes of the key's SHA-256")
    func address() {
        #expect(
            Validator(key: .zero, power: 1).address.description == "66687aadf862bd776c8fc18b8e9f8e20089714"
                + "85")
        let bytes = (0..<20).map { UInt8($0 * 13) }
        #expect(ValidatorAddress(bytes)?.bytes == bytes)
        #expect(ValidatorAddress(bytes.dropLast()) == nil && ValidatorAddress(bytes + [0]) == nil)
    }

    @Test("what makes no set is refused, at each limit")
    func refused() throws {
        let one = Validator(key: key(1), power: 1)
        #expect(throws: ValidatorSetFault.empty) { try ValidatorSet([]) }
        #expect(throws: ValidatorSetFault.twice(one.key)) { try ValidatorSet([one, one]) }
        for power in [0, -1, .min] as [Int64] {
            #expect(throws: ValidatorSetFault.power(one.key)) {
                try ValidatorSet([Validator(key: one.key, power: power)])
            }
        }
        let most = ValidatorSet.mostPower
        #expect(try set([most - 1, 1]).totalPower == most)
        #expect(throws: ValidatorSetFault.totalPower) { try set([most, 1]) }
        #expect(throws: ValidatorSetFault.totalPower) { try set([.max]) }
        #expect(try set([Int64](repeating: 1, count: 1024)).count == 1024)
        #expect(throws: ValidatorSetFault.tooMany(1025)) { try set([Int64](repeating: 1, count: 1025)) }
    }

    @Test("more than two thirds decide, more than one third holds someone honest")
    func thresholds() throws {
        for (total, quorum, honest) in [
            (1, 1, 1), (3, 3, 2), (4, 3, 2), (6, 5, 3), (7, 5, 3), (400, 267, 134),
        ] {
            let set = try set([Int64(total)])
            #expect(set.isQuorum(Int64(quorum)) && !set.isQuorum(Int64(quorum) - 1))
            #expect(set.hasHonest(Int64(honest)) && !set.hasHonest(Int64(honest) - 1))
        }
        let most = try set([ValidatorSet.mostPower])
        #expect(most.isQuorum(.max) && most.hasHonest(.max) && !most.isQuorum(.min) && !most.isQuorum(0))
    }

    @Test("a bitmap's places")
    func bitmap() {
        for count in [0, 1, 8, 9, 400, 1024] {
            var members = MemberBitmap(count: count)
            for place in stride(from: 0, to: count, by: 2) {
                let (first, again) = (members.insert(place), members.insert(place))
                #expect(first && !again)
            }
            let beyond = members.insert(count) || members.insert(-1)
            #expect(!beyond)
            #expect(!members.contains(count) && !members.contains(-1))
            #expect(members.places == Array(stride(from: 0, to: count, by: 2)))
            #expect(members.members == members.places.count)
            #expect(MemberBitmap(count: count, bytes: members.bytes) == members)
            #expect(MemberBitmap(count: count, bytes: members.bytes + [0]) == nil)
        }
        #expect(MemberBitmap(count: 9, bytes: [0, 2]) == nil)
        #expect(MemberBitmap(count: 9, bytes: [0, 1])?.places == [8])
        #expect(MemberBitmap(count: -1, bytes: []) == nil && MemberBitmap(count: -1).count == 0)
    }
}

@Suite("Certificates")
struct CertificateTests {
    private func fault(_ certificate: Certificate, _ committee: Committee) -> CertificateFault? {
        do {
            try committee.set.verify(certificate, chain: "test-0", by: ed25519)
            return nil
        } catch {
            return error
        }
    }

    @Test("more than two thirds of power, each signature valid")
    func quorum() throws {
        let committee = try Committee([3, 2, 2, 1, 1])
        let header = committee.header(height: 9, time: 100)
        for kind in VoteKind.allCases {
            #expect(fault(try committee.certificate(kind, for: header), committee) == nil)
            #expect(fault(try committee.certificate(kind, for: header, by: [0, 1, 2]), committee) == nil)
            #expect(
                fault(try committee.certificate(kind, for: header, by: [0, 1, 3]), committee)
                    == .power(6, of: 9))
            #expect(
                fault(try committee.certificate(kind, for: header, by: []), committee) == .power(0, of: 9))
        }
    }

    @Test("each kind of false certificate is refused for what it is")
    func refused() throws {
        let committee = try Committee([1, 1, 1, 1])
        let good = try committee.certificate(for: committee.header(height: 9, time: 100), by: [0, 2, 3])
        #expect(fault(good, committee) == nil)
        var wrong = good
        wrong.members = MemberBitmap(count: 5)
        #expect(fault(wrong, committee) == .members(5, of: 4))
        wrong = good
        wrong.signatures.append(wrong.signatures[0])
        #expect(fault(wrong, committee) == .signatures(4, of: 3))
        wrong.signatures.removeLast(2)
        #expect(fault(wrong, committee) == .signatures(2, of: 3))
        // A member cannot count twice: its signature stands for one place only.
        wrong = good
        wrong.signatures[2] = wrong.signatures[1]
        #expect(fault(wrong, committee) == .signature(3))
        for change in 0..<6 {
            wrong = good
            switch change {
            case 0: wrong.height += 1
            case 1: wrong.round += 1
            case 2: wrong.kind = .prevote
            case 3: wrong.target.time.nanoseconds += 1
            case 4: wrong.target.block.partsTotal += 1
            default: wrong.signatures[0][63] ^= 1
            }
            #expect(fault(wrong, committee) == .signature(0))
        }
        #expect(throws: CertificateFault.signature(0)) {
            try committee.set.verify(good, chain: "test-1", by: ed25519)
        }
    }

    @Test("its votes are those of its members")
    func votes() throws {
        let committee = try Committee([1, 1, 1, 1])
        let header = committee.header(height: 9, time: 100)
        let certificate = try committee.certificate(for: header, round: 3, by: [1, 2, 3])
        #expect(certificate.votes.map(\.member) == [1, 2, 3])
        #expect(certificate.votes.map(\.signature) == certificate.signatures)
        #expect(certificate.votes.allSatisfy { $0.round == 3 && $0.target == certificate.target })
    }
}

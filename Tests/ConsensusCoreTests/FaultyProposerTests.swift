import ConsensusCore
import NodeDomain
import NodeEncoding
import Testing

/// A fault of a proposal, and what nodes say of it; nil: they vote for no block without a word.
struct PlantedFault: Sendable, CustomStringConvertible {
    let name: String
    let word: String?
    let plant: @Sendable (inout FaultyOffer) -> Void

    init(_ name: String, _ word: String?, _ plant: @escaping @Sendable (inout FaultyOffer) -> Void) {
        (self.name, self.word, self.plant) = (name, word, plant)
    }

    var description: String { name }
}

@Suite("Consensus: faults of a proposer")
struct FaultyProposerTests {
    private static let other = sampleKey("other")

    private static let headers: [PlantedFault] = [
        PlantedFault("another chain", "one of test-1") { $0.block.header.chain = "test-1" },
        PlantedFault("another height", "one of height 3") { $0.block.header.height = 3 },
        PlantedFault("a version of blocks that nobody knows", "has version 2") {
            $0.block.header.blockVersion = 2
        },
        PlantedFault("a version of rules that nobody knows", "its state 7") {
            $0.block.header.appVersion = 7
        },
        PlantedFault("another parent", "does not follow") {
            $0.block.header.lastBlock = sampleTarget("other").block
        },
        PlantedFault("no parent", "does not follow") { $0.block.header.lastBlock = nil },
        PlantedFault("a millisecond too early", "is before") {
            $0.block.header.time = Timestamp(milliseconds: $0.block.header.time.milliseconds - 1)
        },
        PlantedFault("from the future", nil) {
            $0.block.header.time = Timestamp(milliseconds: $0.block.header.time.milliseconds + 606)
        },
        PlantedFault("another validators hash", "validators hash") { $0.block.header.validatorsHash = other },
        PlantedFault("another next validators hash", "next validators hash") {
            $0.block.header.nextValidatorsHash = other
        },
        PlantedFault("another hash of parameters", "hash of parameters") {
            $0.block.header.consensusHash = other
        },
        PlantedFault("another app hash", "app hash") { $0.block.header.appHash = other },
        PlantedFault("another hash of results", "hash of results") {
            $0.block.header.lastResultsHash = other
        },
        PlantedFault("somebody else's name", nil) { offer in
            let address = offer.context.validators.members.map(\.address).first {
                $0 != offer.block.header.proposer
            }
            offer.block.header.proposer = address ?? offer.block.header.proposer
        },
        PlantedFault("a stranger's name", "whoever made the block") {
            $0.block.header.proposer = Validator(key: other, power: 1).address
        },
    ]

    private static let certificates: [PlantedFault] = [
        PlantedFault("no commit of the block before", "does not prove the commit") {
            $0.block.lastCommit = nil
        },
        PlantedFault("a commit of two of four", "does not prove the commit") { $0.spoilCommit(by: [0, 1]) },
        PlantedFault("a commit of prevotes", "does not prove the commit") { $0.spoilCommit(kind: .prevote) },
        PlantedFault("a commit of another height", "does not prove the commit") { $0.spoilCommit(height: 2) },
        PlantedFault("a commit of another block", "does not prove the commit") {
            $0.spoilCommit(target: sampleTarget("other"))
        },
        PlantedFault("a commit with a foreign signature", "does not prove the commit") {
            $0.block.lastCommit?.signatures[1][5] ^= 1
        },
        PlantedFault("a polka that is not there", nil) { $0.polRound = 0 },
    ]

    private static let bodies: [PlantedFault] = [
        PlantedFault("a body that is not the header's", nil) {
            $0.isWhole = false
            $0.block.header.lastCommitHash = Certificate.hash(of: $0.block.lastCommit)
        },
        PlantedFault("another time in the proposal", nil) {
            $0.time = Timestamp(milliseconds: $0.block.header.time.milliseconds + 1)
        },
        PlantedFault("parts of another block", nil) { $0.reference = sampleTarget("other").block },
        PlantedFault("a body over its limit", nil) {
            $0.block.transactions = [[UInt8]](repeating: [UInt8](repeating: 1, count: 1 << 16), count: 16)
        },
        PlantedFault("more parts than blocks have", nil) {
            $0.reference = BlockReference(
                hash: sampleKey("large"), partsTotal: UInt32(BlockLimit.parts + 1),
                partsHash: sampleKey("parts"))
        },
        PlantedFault("signed by somebody else", "did not sign") { offer in
            let key = offer.context.validators.members.map(\.key).first { $0 != offer.signer }
            offer.signer = key ?? other
        },
        PlantedFault("signed by a stranger", "did not sign") { $0.signer = other },
        PlantedFault("what the ledger refuses", nil) { $0.isAccepted = false },
    ]

    @Test("the good offer is voted for by everybody")
    func good() throws {
        let (prevotes, words) = try FaultyOffer().judged()
        #expect(prevotes.count == 3)
        #expect(prevotes.allSatisfy { $0 != nil })
        #expect(words == [])
    }

    @Test("each fault gets votes for no block from everybody", arguments: headers + certificates + bodies)
    func planted(_ fault: PlantedFault) throws {
        var offer = try FaultyOffer()
        fault.plant(&offer)
        let (prevotes, words) = try offer.judged()
        #expect(prevotes == [nil, nil, nil])
        if let word = fault.word {
            #expect(words.count == 3)
            #expect(words.allSatisfy { $0.contains(word) }, "\(words)")
        }
    }

    @Test("a polka of two of four carries no proposal")
    func forgedPolka() throws {
        var offer = try FaultyOffer()
        offer.block.header.dataHash = offer.block.dataHash
        let target = VotedBlock(
            block: try #require(BlockParts(offer.block)).reference, time: offer.block.header.time)
        offer.polRound = 0
        offer.polka = FaultyOffer.certificate(.prevote, 2, target, offer.context.validators, by: [0, 1])
        let (prevotes, _) = try offer.judged()
        #expect(prevotes == [nil, nil, nil])
    }
}

extension FaultyOffer {
    fileprivate mutating func spoilCommit(
        kind: VoteKind = .precommit, height: UInt64 = 1, target: VotedBlock? = nil,
        by places: [Int] = [0, 1, 2, 3]
    ) {
        guard let good = context.lastCommit else { return }
        block.lastCommit = Self.certificate(
            kind, height, target ?? good.target, context.validators, by: places)
    }
}

import NodeDomain
import NodeEncoding
import VmCore

/// Values whose fields can be told apart in their bytes.
enum ChainSamples {
    static func id(_ byte: UInt8) -> Bytes32 {
        let word = UInt64(byte) &* 0x0101_0101_0101_0101
        return Bytes32(word, word, word, word)
    }

    static func signature(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 64) }

    /// 24 bytes of an account: 4 zeros and 20 times a byte.
    static func account(_ byte: UInt8) -> Address { Address(ofHash: id(byte)) }

    static let activation = Activation(
        epoch: 300, operator: id(3), vrfKey: id(4), votes: true,
        plots: [
            PlotProof(
                identity: id(1), units: 4, proof: PostProof(nonce: 70, indices: [1, 2, 3], pow: 1 << 40),
                binding: PlotBinding(commitmentATX: id(9), coinbase: account(7), signature: signature(10))),
            PlotProof(
                identity: id(2), units: 64, proof: PostProof(nonce: 3, indices: [], pow: 5), binding: nil),
        ], signature: signature(5))

    static let poetProof = PoetProof(
        epoch: 7, index: 2, path: [id(1), id(2)], root: id(3), leaves: [id(4), id(5)], nodes: [id(6)],
        leafCount: 2)

    static let malfeasance = Malfeasance(
        step: .precommit, height: 1000, round: 1, operator: id(8),
        first: SignedBlock(block: nil, polRound: 0, seconds: 0, nanoseconds: 0, signature: signature(1)),
        second: SignedBlock(
            block: BlockReference(hash: id(2), partsTotal: 3, partsHash: id(4)), polRound: 0,
            seconds: 1_700_000_000, nanoseconds: 5, signature: signature(6)))

    static let items: [BlockItem] = [
        .system(SystemRecord(proof: [UInt8](repeating: 0xab, count: 80))), .malfeasance(malfeasance),
        .poetProof(poetProof), .activation(activation),
    ]

    static let epoch: EpochRecord = {
        var record = EpochRecord(challenge: id(6))
        record.startHeight = 121
        record.startTime = 1_700_000_000_000
        record.accumulated = 1 << 100
        record.carry = 5
        record.weight = 96
        record.opening = EpochOpening(post: id(7), height: 100)
        record.earned = 1_000_000_000
        record.settled = 3
        return record
    }()

    static let pot: PotRecord = {
        var record = PotRecord(beacon: id(1))
        record.height = 1
        record.time = 1_700_000_000_000
        record.layer = 4
        record.epoch = 2
        record.drawEpoch = 1
        record.seatPot = 99
        record.commits = 3
        record.presence = [3, 0]
        record.genesis = 1_000_000_000_000_000_000
        record.minted = 77
        record.burnt = 5
        record.dueEpoch = 1
        record.early = RowCursor(epoch: 2, after: id(2))
        record.expiryEpoch = 1
        record.oldestTerm = 12
        record.oldestFrozen = 1
        return record
    }()
}

/// A byte in hexadecimal, so many times.
func run(_ byte: String, _ count: Int) -> String { String(repeating: byte, count: count) }

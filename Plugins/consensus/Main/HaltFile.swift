internal import ConsensusCore
internal import Foundation
internal import NodeDomain
internal import NodeEncoding

/// `halt.json`: where the chain stands still, and who does not vote.
struct HaltFile: Codable {
    struct Member: Codable {
        let `operator`: String
        /// Empty: the ledger did not say it.
        let vrfKey: String
        let seats: Int64
        /// The last round of the height in which it voted, of those whose votes are kept.
        let round: UInt32?
        let prevoted: Bool
        let precommitted: Bool
    }

    let format: Int
    let chain: String
    let revision: UInt32
    let height: UInt64
    let headerHash: String?
    let appHash: String
    let timeMs: UInt64
    let certificate: String?
    let round: UInt32
    let writtenMs: UInt64
    let seats: Int64
    let seatsHeard: Int64
    let seatsLacking: Int64
    let members: [Member]
    /// Operators of whom nothing was heard.
    let missing: [String]

    init(_ report: HaltReport, _ chain: ChainName, vrfKeys: [Bytes32: Bytes32], now: UInt64) {
        format = 1
        self.chain = chain.name
        revision = chain.revision
        height = report.height
        headerHash = report.hash?.description
        appHash = report.appHash.description
        timeMs = report.time.milliseconds
        certificate = report.commit.map { Hexadecimal.text(of: $0.wire) }
        round = report.round
        writtenMs = now
        seats = report.totalPower
        seatsHeard = report.heardPower
        seatsLacking = report.lackingPower
        members = report.members.map {
            Member(
                operator: $0.key.description, vrfKey: vrfKeys[$0.key]?.description ?? "", seats: $0.power,
                round: $0.round, prevoted: $0.hasPrevoted, precommitted: $0.hasPrecommitted)
        }
        missing = report.missing.map(\.key.description)
    }

    /// Writes it, whole or not at all.
    func write(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }
}

internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import SignerCore

/// A high-water mark as a file: JSON, for people and other programs.
struct MarkFile: Codable {
    private static let form = "spacenode signer mark 1"
    private static let mostBytes = 4096

    let format: String
    let `operator`: String
    let chain: String?
    let revision: UInt32?
    let height: UInt64
    let round: UInt32
    let step: String
    let isFinal: Bool

    private enum CodingKeys: String, CodingKey {
        case format, `operator`, chain, revision, height, round, step
        case isFinal = "final"
    }

    /// The file of a mark.
    init(_ mark: HighWaterMark) {
        format = Self.form
        `operator` = "\(mark.key)"
        chain = mark.chain?.name
        revision = mark.chain?.revision
        height = mark.point.height
        round = mark.point.round
        step = mark.point.step.name
        isFinal = mark.isFinal
    }

    /// Reads a file.
    static func read(_ path: String) throws -> HighWaterMark {
        guard let bytes = try Files.read(path, limit: mostBytes) else {
            throw CommandFault("there is no \(path): `spacenode signer export` on the old machine writes one")
        }
        guard let file = try? JSONDecoder().decode(MarkFile.self, from: Data(bytes)), let mark = file.mark
        else {
            throw CommandFault("\(path) is no mark of a signer: `spacenode signer export` writes one")
        }
        return mark
    }

    private var mark: HighWaterMark? {
        guard format == Self.form, let key = Bytes32(hexadecimal: `operator`),
            let step = SigningStep.allCases.first(where: { $0.name == self.step })
        else { return nil }
        var chain: ChainRevision?
        if let name = self.chain {
            guard let known = ChainRevision(name: name, revision: revision ?? 0) else { return nil }
            chain = known
        }
        return HighWaterMark(
            key: key, chain: chain, point: SigningPoint(height: height, round: round, step: step),
            isFinal: isFinal)
    }
}

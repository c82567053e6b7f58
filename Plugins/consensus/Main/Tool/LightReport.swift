internal import ConsensusCore
internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain

/// What `light verify` says.
struct LightReport: Encodable {
    struct Head: Encodable {
        let chain: String
        let height: UInt64
        let time: String
        let headerHash: String
        let setHash: String
        let nextSetHash: String
        let appHash: String
    }

    struct Record: Encodable {
        let key: String
        let isPresent: Bool
        let valid: Bool
    }

    let trustedHeight: UInt64
    let trustedHeaderHash: String
    let trustedSetHash: String
    /// Whether the trusted head is the file's own word.
    let trustIsFromFile: Bool
    let blocks: Int
    var head: Head?
    var record: Record?
    var reason: String?
    var valid: Bool

    init(_ checkpoint: LightCheckpoint, blocks: Int, isFromFile: Bool) {
        trustedHeight = checkpoint.height
        trustedHeaderHash = checkpoint.hash.description
        trustedSetHash = checkpoint.setHash.description
        trustIsFromFile = isFromFile
        self.blocks = blocks
        valid = false
    }

    /// The head that was reached.
    mutating func take(_ header: BlockHeader) {
        valid = true
        let date = Date(timeIntervalSince1970: Double(header.time.seconds))
        head = Head(
            chain: header.chain, height: header.height, time: ISO8601DateFormatter().string(from: date),
            headerHash: header.hash.description, setHash: header.validatorsHash.description,
            nextSetHash: header.nextValidatorsHash.description, appHash: header.appHash.description)
    }

    /// A record, held against the state that the head certifies.
    mutating func take(_ file: RecordFile, of header: BlockHeader) {
        let holds = file.proof.verify(root: header.appHash, preimage: file.key, value: file.value)
        record = Record(
            key: Hexadecimal.text(of: file.key), isPresent: file.value != nil, valid: holds)
        guard !holds else { return }
        valid = false
        reason =
            "the record's proof does not hold for app hash \(header.appHash): take a proof of the state after height \(max(1, header.height) - 1)"
    }

    func print(asJSON json: Bool) throws {
        if json { return try printJSON(self) }
        let trust = "height \(trustedHeight), header \(trustedHeaderHash), set \(trustedSetHash)"
        say("trusted  \(trust)\(trustIsFromFile ? "\n         on the word of the file: compare it" : "")")
        if let head {
            say("head     height \(head.height) of \(head.chain), \(head.time), after \(blocks) blocks")
            say("header   \(head.headerHash)")
            say("app hash \(head.appHash), the state after height \(max(1, head.height) - 1)")
            say("next set \(head.nextSetHash)")
        }
        if let record, record.valid {
            say("record   \(record.isPresent ? "is in the state" : "is not in the state, which is proved")")
        }
        say(valid ? "verified" : "does not verify: \(reason ?? "")")
    }
}

package import NodeDomain

/// What CometBFT hashes of headers and sets: the leaves of their trees.
package enum HeaderLeaves {
    /// The fourteen fields of a header, each as its own message.
    package static func of(_ header: BlockHeader) -> [[UInt8]] {
        var version = ProtobufWriter()
        version.varint(1, header.blockVersion)
        version.varint(2, header.appVersion)
        var chain = ProtobufWriter()
        chain.bytes(1, header.chain.utf8)
        var height = ProtobufWriter()
        height.varint(1, header.height)
        let hashes = [
            header.lastCommitHash, header.dataHash, header.validatorsHash, header.nextValidatorsHash,
            header.consensusHash, header.appHash, header.lastResultsHash, header.evidenceHash,
        ]
        var leaves = [version.bytes, chain.bytes, height.bytes, SignBytes.timestamp(header.time)]
        leaves.append(header.lastBlock.map(SignBytes.canonical) ?? noBlock)
        for hash in hashes { leaves.append(hash == .zero ? [] : wrapped(hash.bytes)) }
        leaves.append(wrapped(header.proposer.bytes))
        return leaves
    }

    /// `SimpleValidator`: what a set's hash covers of a member.
    package static func validator(key: Bytes32, power: Int64) -> [UInt8] {
        var writer = ProtobufWriter()
        // `PublicKey` with an Ed25519 key is a message whose first field is the key.
        writer.message(1, wrapped(key.bytes))
        writer.signed(2, power)
        return writer.bytes
    }

    /// `BlockID` of nothing: its part set header is written even when it is empty.
    private static var noBlock: [UInt8] {
        var writer = ProtobufWriter()
        writer.message(2, [])
        return writer.bytes
    }

    /// `google.protobuf.BytesValue`.
    private static func wrapped(_ bytes: [UInt8]) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.bytes(1, bytes)
        return writer.bytes
    }
}

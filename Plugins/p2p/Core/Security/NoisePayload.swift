internal import NodeCrypto
package import NodeDomain

/// What libp2p sends inside of Noise: the identity's key, its signature of the static key, and what else may be
/// negotiated early.
package struct NoisePayload: Hashable, Sendable {
    /// Muxers of a side that are read.
    package static let mostMuxers = 16
    /// Bytes of a muxer's name.
    package static let longestMuxer = 128
    private static let signed = Array("noise-libp2p-static-key:".utf8)
    private static let fieldLimit = 1_024

    /// A key's message.
    package var identityKey: [UInt8]
    /// The identity's, of the static key.
    package var signature: [UInt8]
    /// In order of preference; empty when the side says nothing of them.
    package var muxers: [String]

    /// Of these.
    package init(identityKey: [UInt8], signature: [UInt8], muxers: [String]) {
        self.identityKey = identityKey
        self.signature = signature
        self.muxers = muxers
    }

    /// Of our identity and static key; nil when the identity does not sign.
    package init?(of identity: PeerIdentity, staticKey: Bytes32, muxers: [String]) {
        guard let signature = identity.sign(Self.message(for: staticKey)) else { return nil }
        self.init(identityKey: identity.id.keyMessage, signature: signature, muxers: muxers)
    }

    /// What an identity signs.
    package static func message(for staticKey: Bytes32) -> [UInt8] { signed + staticKey.bytes }

    /// The message.
    package var bytes: [UInt8] {
        var writer = FieldWriter()
        writer.bytes(1, identityKey)
        writer.bytes(2, signature)
        if !muxers.isEmpty {
            writer.message(4) { extensions in
                for muxer in muxers { extensions.text(2, muxer) }
            }
        }
        return writer.bytes
    }

    /// Reads a message: key and signature come once; fields that are not known are passed over.
    /// - Throws: `WireFault` when it is none.
    package init(bytes: [UInt8]) throws(WireFault) {
        var (key, signature): ([UInt8]?, [UInt8]?) = (nil, nil)
        var muxers: [String] = []
        var reader = FieldReader(bytes)
        while let field = try reader.next() {
            switch field.number {
            case 1 where key == nil: key = try field.bytes(limit: Self.fieldLimit)
            case 2 where signature == nil: signature = try field.bytes(limit: Self.fieldLimit)
            case 1, 2: throw .invalid(offset: field.offset, what: "field \(field.number) comes twice")
            case 4: muxers += try Self.muxers(try field.slice(limit: Self.fieldLimit))
            default: break
            }
        }
        guard let key, let signature else {
            throw .invalid(offset: bytes.count, what: "the identity's key or its signature is not there")
        }
        self.init(identityKey: key, signature: signature, muxers: Array(muxers.prefix(Self.mostMuxers)))
    }

    private static func muxers(_ bytes: ArraySlice<UInt8>) throws(WireFault) -> [String] {
        var muxers: [String] = []
        var reader = FieldReader(bytes, fields: 64)
        while let field = try reader.next() {
            if field.number == 2 { muxers.append(try field.text(limit: longestMuxer)) }
        }
        return muxers
    }

    /// Who it is, if the identity signed the static key.
    /// - Throws: `NoiseFault` when it did not, or is no key that is taken.
    package func verified(staticKey: Bytes32) throws(NoiseFault) -> PeerID {
        let peer: PeerID
        do { peer = try PeerID(keyMessage: identityKey) } catch { throw .identity(error) }
        // Under a key of small order there are signatures that anybody can make.
        guard VRF.isKey(peer.publicKey),
            Ed25519.verify(signature, of: Self.message(for: staticKey), by: peer.publicKey)
        else { throw .signature }
        return peer
    }
}

internal import NodeCrypto

/// Why bytes are no signed record of a peer.
package enum PeerRecordFault: Error, Hashable, Sendable {
    /// They are against the rules.
    case wire(WireFault)
    /// The key is none that is taken.
    case key(PeerIDFault)
    /// It is an envelope of something else.
    case kind
    /// The record is of somebody else than who signed it.
    case otherPeer
    /// The signature does not hold.
    case signature
}

/// A peer's addresses under its signature: a routing record in an envelope (libp2p's RFC 2 and 3).
///
/// Anybody may pass it on. Of two of one peer the one with the higher number counts.
package struct SignedPeerRecord: Hashable, Sendable {
    /// Bytes that it may have.
    package static let largest = 4_096
    /// Addresses that it may have, those that are not taken among them.
    package static let mostAddresses = 32
    private static let domain = Array("libp2p-peer-record".utf8)
    private static let kind: [UInt8] = [0x03, 0x01]

    /// Whose addresses they are.
    package let peer: PeerID
    /// Rises with each record of the peer.
    package let number: UInt64
    /// Those of kinds that are taken, as the peer says.
    package let addresses: [Multiaddress]
    /// The envelope, as the peer signed it.
    package let bytes: [UInt8]

    /// Our own.
    ///
    /// - Parameter addresses: at most 32.
    /// - Returns: nil when there are more, or the identity does not sign.
    package init?(of identity: PeerIdentity, number: UInt64, addresses: [Multiaddress]) {
        guard addresses.count <= Self.mostAddresses else { return nil }
        var record = FieldWriter()
        record.bytes(1, identity.id.bytes)
        record.number(2, number)
        for address in addresses { record.message(3) { $0.bytes(1, address.bytes) } }
        guard let signature = identity.sign(Self.message(record.bytes)) else { return nil }
        var envelope = FieldWriter()
        envelope.bytes(1, identity.id.keyMessage)
        envelope.bytes(2, Self.kind)
        envelope.bytes(3, record.bytes)
        envelope.bytes(5, signature)
        guard envelope.bytes.count <= Self.largest else { return nil }
        (peer, self.number, self.addresses) = (identity.id, number, addresses)
        bytes = envelope.bytes
    }

    /// Reads an envelope and checks its signature.
    /// - Throws: `PeerRecordFault` when it is none, or does not hold.
    package init(bytes: [UInt8]) throws(PeerRecordFault) {
        let envelope: Envelope
        do { envelope = try Envelope(bytes) } catch { throw .wire(error) }
        guard envelope.kind.elementsEqual(Self.kind) else { throw .kind }
        let key: PeerID
        do { key = try PeerID(keyMessage: envelope.key) } catch { throw .key(error) }
        guard VRF.isKey(key.publicKey),
            Ed25519.verify(envelope.signature, of: Self.message(envelope.payload), by: key.publicKey)
        else { throw .signature }
        let record: Record
        do { record = try Record(envelope.payload) } catch { throw .wire(error) }
        guard record.peer.elementsEqual(key.bytes) else { throw .otherPeer }
        (peer, number, addresses) = (key, record.number, record.addresses)
        self.bytes = bytes
    }

    /// What is signed: three byte strings, each behind its length.
    private static func message(_ payload: some Collection<UInt8>) -> [UInt8] {
        Varint.bytes(UInt64(domain.count)) + domain + Varint.bytes(UInt64(kind.count)) + kind
            + Varint.bytes(UInt64(payload.count)) + payload
    }

    private struct Envelope {
        var (key, kind, payload): (ArraySlice<UInt8>, ArraySlice<UInt8>, ArraySlice<UInt8>) = ([], [], [])
        var signature: [UInt8] = []

        init(_ bytes: [UInt8]) throws(WireFault) {
            guard bytes.count <= largest else { throw .tooLarge(UInt64(bytes.count), limit: largest) }
            var reader = FieldReader(bytes, fields: 64)
            while let field = try reader.next() {
                switch field.number {
                case 1: key = try field.slice(limit: largest)
                case 2: kind = try field.slice(limit: largest)
                case 3: payload = try field.slice(limit: largest)
                case 5: signature = try field.bytes(limit: Ed25519.signatureBytes)
                default: break
                }
            }
        }
    }

    private struct Record {
        var peer: ArraySlice<UInt8> = []
        var number: UInt64 = 0
        var addresses: [Multiaddress] = []

        init(_ bytes: ArraySlice<UInt8>) throws(WireFault) {
            var reader = FieldReader(bytes, fields: 4 + mostAddresses)
            var count = 0
            while let field = try reader.next() {
                switch field.number {
                case 1: peer = try field.slice(limit: largest)
                case 2: number = try field.integer()
                case 3:
                    count += 1
                    guard count <= mostAddresses else { throw .tooLarge(UInt64(count), limit: mostAddresses) }
                    try add(field)
                default: break
                }
            }
        }

        private mutating func add(_ field: WireField) throws(WireFault) {
            var reader = FieldReader(try field.slice(limit: largest), fields: 16)
            while let inner = try reader.next() {
                guard inner.number == 1 else { continue }
                let bytes = try inner.slice(limit: largest)
                if let address = try? Multiaddress(bytes: bytes) { addresses.append(address) }
            }
        }
    }
}

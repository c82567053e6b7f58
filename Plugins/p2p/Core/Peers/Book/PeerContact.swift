/// Who a peer is and where it is reached.
package struct PeerContact: Hashable, Sendable {
    /// Its key.
    package let peer: PeerID
    /// Where, the first before the others; without the peer's name in them.
    package let addresses: [Multiaddress]
    /// What it signed of them; empty: nothing, so nobody else is told of it.
    package let record: [UInt8]
    /// Of two records the higher counts.
    package let number: UInt64

    /// Of these.
    package init(peer: PeerID, addresses: [Multiaddress], record: [UInt8] = [], number: UInt64 = 0) {
        self.peer = peer
        self.addresses = addresses.map { Multiaddress($0.host, port: $0.port) }
        self.record = record
        self.number = number
    }

    /// What a signed record says; nil: nothing of use, or the record is too long to keep.
    ///
    /// Not taken from strangers are names, ports 0, addresses of other peers and, unless allowed, such that the
    /// Internet does not reach.
    package init?(_ record: SignedPeerRecord, allowsLocal: Bool) {
        guard record.bytes.count <= PeerBookParameters.largestRecord else { return nil }
        let addresses = record.addresses.filter { address in
            if address.port == 0 || (address.peer != nil && address.peer != record.peer) { return false }
            switch address.host {
            case .ip4, .ip6: return allowsLocal || address.host.isGlobal
            case .dns4, .dns6: return false
            }
        }
        guard !addresses.isEmpty else { return nil }
        self.init(
            peer: record.peer, addresses: Array(addresses.prefix(PeerBookParameters.mostAddresses)),
            record: record.bytes, number: record.number)
    }

    /// The part of the network that the first address is in.
    package var group: NetworkGroup {
        addresses.first.map { NetworkGroup($0.host, .large) } ?? .named
    }
}

/// Where a member of a committee is reached, as it publishes it itself for a term.
package struct ValidatorRecord: Hashable, Sendable {
    /// Most addresses of one member.
    package static let mostAddresses = 4
    /// Most bytes of an address.
    package static let longestAddress = 128
    /// Most bytes of a peer id.
    package static let longestPeer = 64

    /// The term it is for.
    package var term: UInt64
    /// Consensus key of the member, which signs.
    package var `operator`: Bytes32
    /// Its peer id, in bytes.
    package var peer: [UInt8]
    /// Addresses in binary form, each not empty.
    package var addresses: [[UInt8]]
    /// Of several records of a term the highest counts.
    package var sequence: UInt64
    /// 64 bytes of the operator; empty before it is signed.
    package var signature: [UInt8]

    /// A record of these fields.
    package init(
        term: UInt64, operator: Bytes32, peer: [UInt8], addresses: [[UInt8]], sequence: UInt64,
        signature: [UInt8] = []
    ) {
        self.term = term
        self.operator = `operator`
        self.peer = peer
        self.addresses = addresses
        self.sequence = sequence
        self.signature = signature
    }

    /// Whether all parts are within their limits.
    package var isWellFormed: Bool {
        (1...ValidatorRecord.longestPeer).contains(peer.count)
            && addresses.count <= ValidatorRecord.mostAddresses
            && addresses.allSatisfy { (1...ValidatorRecord.longestAddress).contains($0.count) }
    }
}

/// A member of a committee that a recovery names.
package struct RecoverySeat: Hashable, Sendable {
    /// Its consensus key.
    package var `operator`: Bytes32
    /// The key that it proves the beacon with.
    package var vrfKey: Bytes32
    /// Its seats.
    package var power: UInt64

    /// A member of these fields.
    package init(operator: Bytes32, vrfKey: Bytes32, power: UInt64) {
        self.operator = `operator`
        self.vrfKey = vrfKey
        self.power = power
    }
}

/// What operators agree on when a chain stands still for ever: it goes on behind a height with another committee (spec: chain, §7).
package struct Recovery: Hashable, Sendable {
    /// Most seats of a member.
    package static let mostPower: UInt64 = 1 << 32

    /// Name of the network.
    package var chain: String
    /// The last height that was decided before.
    package var height: UInt64
    /// Root of the state after it.
    package var appHash: Bytes32
    /// Of the chain from then on, 1 or more.
    package var revision: UInt32
    /// Who decides from then on, by rising keys.
    package var seats: [RecoverySeat]

    /// A recovery of these fields.
    package init(
        chain: String, height: UInt64, appHash: Bytes32, revision: UInt32, seats: [RecoverySeat]
    ) {
        self.chain = chain
        self.height = height
        self.appHash = appHash
        self.revision = revision
        self.seats = seats
    }
}

package import NodeDomain
package import NodePoet

/// One round: who registered, and how far its work is.
package struct Round: Hashable, Sendable {
    /// How far a round is.
    package enum Phase: Hashable, Sendable {
        /// It takes registrations.
        case open
        /// Its work is done on these members, and more.
        case working(Membership)
        /// The work ended, and the proof is made.
        case proving(Membership)
        /// It is proved.
        case proved(Membership, WorkProof)
        /// There will be no proof, because of this.
        case given(up: String)
    }

    /// The epoch whose number it has.
    package let epoch: UInt32
    /// The chain's challenge, which is its first member; nil: there is no chain, or it is not known yet.
    package internal(set) var challenge: Bytes32?
    /// Challenges by the key that registered them.
    package internal(set) var registered: [Bytes32: Bytes32]
    /// How far it is.
    package internal(set) var phase: Phase

    /// A round of these, as it was stored.
    package init(
        epoch: UInt32, challenge: Bytes32?, registered: [Bytes32: Bytes32] = [:], phase: Phase = .open
    ) {
        self.epoch = epoch
        self.challenge = challenge
        self.registered = registered
        self.phase = phase
    }

    /// Members in the order of their keys, the chain's own under the server's; nil: there are none.
    package func members(server: Bytes32) -> Membership? {
        var all = registered
        if let challenge { all[server] = challenge }
        return Membership(all.sorted { $0.key < $1.key }.map(\.value))
    }

    /// Whether it takes registrations.
    package var isOpen: Bool { phase == .open }

    /// Whether its work goes on.
    package var isWorking: Bool {
        if case .working = phase { return true }
        return false
    }

    /// Whether nothing more will become of it.
    package var isOver: Bool {
        switch phase {
        case .proved, .given: true
        case .open, .working, .proving: false
        }
    }

    /// The proof for the chain; nil: there is none, or the chain's challenge is not among the members.
    package var chainProof: PoetProof? {
        guard case .proved(let members, let work) = phase, let challenge,
            let member = members.path(of: challenge)
        else { return nil }
        return PoetProof(epoch: epoch, member: member, work: work)
    }
}

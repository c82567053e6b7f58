internal import NodeCrypto
package import NodeDomain
internal import NodeEncoding

/// Where members of a committee are, as they sign it, and which of them a member keeps connections to.
package struct CommitteeBook: Sendable {
    /// What becomes of a record.
    package enum Verdict: Hashable, Sendable {
        /// It is new and goes on to others.
        case accept
        /// It is old, too early, or of nobody who has a seat as far as is known.
        case ignore
        /// It is false, and who passed it on should have seen that.
        case reject(String)
    }

    private struct Member: Sendable {
        var sequence: UInt64
        /// Nil: it is of the term before, and holds until it says where it is in this one.
        var heard: UInt64?
        var contact: PeerContact?
    }

    private struct Term: Sendable {
        var seats: Set<Bytes32>
        var members: [Bytes32: Member] = [:]
    }

    /// Connections to other members that a member keeps.
    package static let links = 12
    /// Terms that are known: this and the next.
    static let mostTerms = 2
    /// Milliseconds between two records of a member; they come every ten minutes.
    static let pause = Milliseconds.minute

    private let own: PeerID
    private let genesis: [UInt8]
    private let allowsLocal: Bool
    private var terms: [UInt64: Term] = [:]

    /// Nobody has a seat yet.
    /// - Parameters:
    ///   - own: this node.
    ///   - genesis: 20 bytes that keep networks apart.
    ///   - allowsLocal: whether addresses are taken that only a lab reaches.
    package init(own: PeerID, genesis: [UInt8], allowsLocal: Bool = false) {
        (self.own, self.genesis, self.allowsLocal) = (own, genesis, allowsLocal)
    }

    /// Who has a seat in a term; of more than two terms the earliest is forgotten.
    package mutating func seat(_ operators: Set<Bytes32>, term: UInt64) {
        var entry = terms[term] ?? Term(seats: [], members: former(before: term))
        entry.seats = operators
        entry.members = entry.members.filter { operators.contains($0.key) }
        terms[term] = entry
        while terms.count > Self.mostTerms, let first = terms.keys.min() { terms[first] = nil }
    }

    /// Where members of the newest earlier term were: most of them have seats again, and are still there.
    private func former(before term: UInt64) -> [Bytes32: Member] {
        guard let last = terms.keys.filter({ $0 < term }).max(), let members = terms[last]?.members else {
            return [:]
        }
        return members.mapValues { Member(sequence: $0.sequence, heard: nil, contact: $0.contact) }
    }

    /// Takes a record that anybody passed on; the signature is only checked when it could count.
    package mutating func take(_ bytes: [UInt8], now: UInt64) -> Verdict {
        let record: ValidatorRecord
        do { record = try ValidatorRecord(bytes: bytes) } catch { return .reject("\(error)") }
        guard var term = terms[record.term], term.seats.contains(record.operator) else { return .ignore }
        if let known = term.members[record.operator] {
            guard record.sequence > known.sequence,
                known.heard.map({ Milliseconds.since($0, now: now) >= Self.pause }) ?? true
            else { return .ignore }
        }
        let message = record.signedBytes(genesis: genesis)
        guard Ed25519.verify(record.signature, of: message, by: record.operator) else {
            return .reject("the signature of a member's record does not hold")
        }
        term.members[record.operator] = Member(
            sequence: record.sequence, heard: now, contact: contact(record))
        terms[record.term] = term
        return .accept
    }

    private func contact(_ record: ValidatorRecord) -> PeerContact? {
        guard let peer = try? PeerID(bytes: record.peer), peer != own else { return nil }
        let addresses = record.addresses.compactMap { try? Multiaddress(bytes: $0) }.filter { address in
            if address.port == 0 || (address.peer != nil && address.peer != peer) { return false }
            switch address.host {
            case .ip4, .ip6: return allowsLocal || address.host.isGlobal
            case .dns4, .dns6: return false
            }
        }
        return addresses.isEmpty ? nil : PeerContact(peer: peer, addresses: addresses)
    }

    /// Those that this node, if it is a member, keeps connections to in a term.
    ///
    /// The twelve with the lowest SHA-256(own id, term in 8 bytes, operator): nobody can choose to be among them.
    package func links(term: UInt64) -> [PeerContact] {
        guard let members = terms[term]?.members else { return [] }
        let start = own.bytes + withUnsafeBytes(of: term.littleEndian) { Array($0) }
        let ranked = members.compactMap { key, member in
            member.contact.map { (rank: Bytes32(SHA2.sha256(start + key.bytes)) ?? .largest, contact: $0) }
        }
        var links: [PeerContact] = []
        for (_, contact) in ranked.sorted(by: { $0.rank < $1.rank }) where links.count < Self.links {
            if !links.contains(where: { $0.peer == contact.peer }) { links.append(contact) }
        }
        return links
    }

    /// Whether a peer says, under the key of a seat, that it is a member's.
    package func isMember(_ peer: PeerID, term: UInt64) -> Bool {
        terms[term]?.members.values.contains { $0.contact?.peer == peer } ?? false
    }
}

package import NodeDomain
internal import NodeEncoding

/// Whether a signature is one of a message by a key; the simulator has its own.
package typealias SignatureCheck = (_ signature: [UInt8], _ message: [UInt8], _ key: Bytes32) -> Bool

/// Why a certificate proves nothing.
package enum CertificateFault: Error, Hashable, Sendable {
    /// Its bitmap is over another number of members than the set has.
    case members(Int, of: Int)
    /// It has more or fewer signatures than members.
    case signatures(Int, of: Int)
    /// Its members have too little power.
    case power(Int64, of: Int64)
    /// The signature of the member at a place is not one of its vote.
    case signature(Int)
}

extension CertificateFault: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .members(let count, let size):
            "the certificate is over \(count) members, its set has \(size): it is of another height"
        case .signatures(let count, let members):
            "the certificate has \(count) signatures of \(members) members: one of each is needed"
        case .power(let power, let total):
            "its members have \(power) of \(total) power, which does not suffice"
        case .signature(let place): "the signature of member \(place) is not one of its vote"
        }
    }
}

extension ValidatorSet {
    /// Checks that a certificate proves its votes: more than two thirds of this set's power, each signature valid.
    ///
    /// - Throws: `CertificateFault`, found without a signature checked wherever that can be.
    package func verify(
        _ certificate: Certificate, chain: String, by check: SignatureCheck
    ) throws(CertificateFault) {
        let power = try signedPower(of: certificate)
        guard isQuorum(power) else { throw .power(power, of: totalPower) }
        let message = certificate.signBytes(chain: chain)
        for (place, signature) in zip(certificate.members.places, certificate.signatures)
        where !check(signature, message, members[place].key) { throw .signature(place) }
    }

    /// Power of a certificate's members, when its bitmap and its signatures are those of this set.
    func signedPower(of certificate: Certificate) throws(CertificateFault) -> Int64 {
        guard certificate.members.count == count else {
            throw .members(certificate.members.count, of: count)
        }
        guard certificate.signatures.count == certificate.members.members else {
            throw .signatures(certificate.signatures.count, of: certificate.members.members)
        }
        return power(of: certificate.members)
    }
}

extension Certificate {
    /// What each of its members signed.
    package func signBytes(chain: String) -> [UInt8] {
        SignBytes.vote(
            type: kind.rawValue, height: height, round: round, block: target.block, time: target.time,
            chain: chain)
    }
}

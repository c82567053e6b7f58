package import NodeDomain

/// What a signer does at its start, by what it finds.
package enum SignerStart: Hashable, Sendable {
    /// Serve with these keys, and this record.
    case serve(SigningRecord)
    /// Make keys first: nobody has any, and on this network that is no harm.
    case makeKeys
    /// Serve nothing until there are keys.
    case wait(String)
    /// End, and say why.
    case refuse(String)

    /// Decides.
    /// - Parameters:
    ///   - consensus: public key of the consensus key's file; nil: there is none.
    ///   - hasVrf: whether there is a VRF key's file.
    ///   - isBrokenOff: whether the making of keys began and did not end: then a VRF key alone has never been used.
    ///   - record: bytes of the record's file; nil: there is none.
    ///   - isOwn: whether the network begins with this node, as devnet does: then nobody has keys of it elsewhere.
    package init(consensus: Bytes32?, hasVrf: Bool, isBrokenOff: Bool, record: [UInt8]?, isOwn: Bool) {
        guard let consensus else {
            if hasVrf, !isBrokenOff {
                self = .refuse(
                    "there is a VRF key but no consensus key: put back your copy of keys/consensus.key")
            } else if isOwn {
                self = .makeKeys
            } else {
                self = .wait("there are no keys: `spacenode signer init` makes them, once for ever")
            }
            return
        }
        guard hasVrf else {
            self = .refuse("there is a consensus key but no VRF key: put back your copy of keys/vrf.key")
            return
        }
        do throws(RecordFault) {
            let last = try RecordStore.record(of: consensus, from: record)
            self = last.isRetired ? .refuse(SigningRefusal.retired.description) : .serve(last)
        } catch {
            self = .refuse(
                "the record of what \(consensus) has signed cannot be used: \(error). Without it the key might sign twice: `spacenode signer import` makes it anew from a mark, or from the chain's height"
            )
        }
    }
}

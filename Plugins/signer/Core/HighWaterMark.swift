package import NodeDomain

/// How far a consensus key has signed, to take along to another machine.
package struct HighWaterMark: Hashable, Sendable {
    /// Heights that must lie between the last one known and the first that is signed, when the mark may be old.
    package static let distance: UInt64 = 1_000

    /// The public key.
    package var key: Bytes32
    /// The chain it signs for; nil: it has signed nothing.
    package var chain: ChainRevision?
    /// Nothing up to it will be signed.
    package var point: SigningPoint
    /// It was the last word of a signer that signs no more with this key.
    package var isFinal: Bool

    /// A mark of these fields.
    package init(key: Bytes32, chain: ChainRevision?, point: SigningPoint, isFinal: Bool) {
        self.key = key
        self.chain = chain
        self.point = point
        self.isFinal = isFinal
    }

    /// The mark of a record; only a retired record's is final.
    package init(_ record: SigningRecord) {
        self.init(key: record.key, chain: record.chain, point: record.point, isFinal: record.isRetired)
    }

    /// The record it makes where there is none.
    ///
    /// - Parameter assumedHeight: nothing up to it is signed; needed unless the mark is final.
    /// - Throws: `ImportRefusal` that says why not.
    package func record(assumedHeight: UInt64?) throws(ImportRefusal) -> SigningRecord {
        guard point.isValid, chain != nil || point == .start else { throw .form }
        var point = point
        if let assumedHeight {
            let (least, overflows) = point.height.addingReportingOverflow(Self.distance)
            guard !overflows, assumedHeight >= least, assumedHeight <= SigningPoint.highest else {
                throw .tooLow(assumed: assumedHeight, known: point.height)
            }
            point = .end(ofHeight: assumedHeight)
        } else if !isFinal {
            throw .mayBeOld(known: point.height)
        }
        guard chain != nil || point == .start else { throw .noChain }
        return SigningRecord(key: key, chain: chain, point: point, signed: nil, isRetired: false)
    }
}

extension SigningRecord {
    /// The record after a mark was imported: never lower than before.
    ///
    /// Under a higher revision the height that was signed last begins anew: it was never decided, the new chain decides it from its first
    /// round on, and a signature for one revision means nothing in another. Without that, members who had come to different rounds could
    /// not vote together.
    ///
    /// A retired record is put to use again by the mark of the signer that had the key since: it must be final, or name a height.
    /// - Throws: `ImportRefusal` that says why not.
    package func importing(_ mark: HighWaterMark, assumedHeight: UInt64?) throws(ImportRefusal)
        -> SigningRecord
    {
        guard mark.key == key else { throw .otherKey(mark.key, own: key) }
        guard mark.point.isValid, mark.chain != nil || mark.point == .start else { throw .form }
        if let chain, let other = mark.chain {
            guard chain.name == other.name, other.revision >= chain.revision else {
                throw .otherChain(other, own: chain)
            }
            // A recovery begins above what was decided: heights never go down.
            if other.revision > chain.revision, mark.point.height < point.height {
                throw .lowerHeight(mark.point.height, own: point.height)
            }
        }
        let needsRecord = isRetired || assumedHeight != nil
        let raised = try needsRecord ? mark.record(assumedHeight: assumedHeight).point : mark.point
        let next = mark.chain ?? chain
        if let chain, let next, next.revision > chain.revision, assumedHeight == nil {
            let height = max(mark.point.height, point.height)
            return SigningRecord(
                key: key, chain: next, point: height <= 1 ? .start : .end(ofHeight: height - 1), signed: nil,
                isRetired: false)
        }
        if raised <= point, next == chain {
            return SigningRecord(key: key, chain: next, point: point, signed: signed, isRetired: false)
        }
        return SigningRecord(
            key: key, chain: next, point: max(raised, point), signed: nil, isRetired: false)
    }
}

/// Why a mark is not imported.
package enum ImportRefusal: Error, Hashable, Sendable {
    /// Its fields do not belong together.
    case form
    /// It is another key's.
    case otherKey(Bytes32, own: Bytes32)
    /// It is of another chain, or of a lower revision.
    case otherChain(ChainRevision, own: ChainRevision)
    /// A higher revision that begins below what was signed.
    case lowerHeight(UInt64, own: UInt64)
    /// The key may have signed more since.
    case mayBeOld(known: UInt64)
    /// The height that was named is too near.
    case tooLow(assumed: UInt64, known: UInt64)
    /// A height was named, but no chain.
    case noChain
}

extension ImportRefusal: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        let distance = HighWaterMark.distance
        return switch self {
        case .form: "this is no mark of a signer: `spacenode signer export` writes one"
        case .otherKey(let key, let own): "the mark is of key \(key), this signer holds \(own)"
        case .otherChain(let other, let own):
            "the mark is for \(other), this key signs for \(own): a chain's revision never goes down, and another chain needs another key"
        case .lowerHeight(let height, let own):
            "the mark of the new revision is at height \(height), but this key has signed at \(own): heights never go down"
        case .mayBeOld(let known):
            "the mark says height \(known), but it is no final one, so the key may have signed more since: give --assume-height with the chain's height now and \(distance) more"
        case .tooLow(let assumed, let known):
            "--assume-height \(assumed) is too near to \(known), the last height known: give the chain's height now and \(distance) more"
        case .noChain: "a height needs a chain: give --chain with it"
        }
    }
}

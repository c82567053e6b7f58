internal import NodeDomain

/// What happens to a consensus key.
package enum KeyEvent: Hashable, Sendable {
    /// Somebody wants a proposal or a vote signed.
    case request(SigningRequest)
    /// The signature of what was to be signed; nil: there is none.
    case signed([UInt8]?)
    /// All steps were carried out.
    case stored
    /// A step failed.
    case storeFailed(String)
}

/// What is to be done.
package enum KeyAction: Hashable, Sendable {
    /// Sign these bytes, tell nobody, and hand the signature back.
    case sign([UInt8])
    /// Carry the steps out in order.
    case store([DiskStep])
    /// Give the signature to whoever asked.
    case answer([UInt8])
    /// Say no.
    case refuse(SigningRefusal)
}

/// A consensus key's decisions: a signature leaves only after its record is on the disk.
package struct ConsensusKey: Hashable, Sendable {
    /// How often it did what.
    package struct Counts: Hashable, Sendable {
        /// New signatures.
        package var signed: UInt64
        /// Signatures that were given again.
        package var repeated: UInt64
        /// Refusals.
        package var refused: UInt64

        /// Numbers of each.
        package init(signed: UInt64 = 0, repeated: UInt64 = 0, refused: UInt64 = 0) {
            self.signed = signed
            self.repeated = repeated
            self.refused = refused
        }
    }

    private enum Phase: Hashable {
        case idle
        case signing(PendingSignature)
        case storing(SigningRecord)
    }

    /// What is on the disk.
    package private(set) var record: SigningRecord
    /// Since the start.
    package private(set) var counts = Counts()
    /// The last one; nil: none since the start.
    package private(set) var lastRefusal: SigningRefusal?
    /// Why it signs nothing any more; nil: it does.
    package private(set) var fault: SigningRefusal?
    private var phase = Phase.idle

    /// A key whose record was read from the disk, or has just been put there.
    package init(_ record: SigningRecord) {
        self.record = record
    }

    /// Takes an event.
    package mutating func handle(_ event: KeyEvent) -> [KeyAction] {
        switch (event, phase) {
        case (.request(let request), .idle): return take(request)
        case (.request, _): return refuse(.busy)
        case (.signed(let signature), .signing(let pending)):
            guard let signature else { return fail("there is no signature: libsodium does not work") }
            let next = pending.record(with: signature)
            phase = .storing(next)
            return [.store(RecordStore.steps(storing: next))]
        case (.stored, .storing(let next)):
            record = next
            phase = .idle
            counts.signed += 1
            guard let signed = next.signed else { return [] }
            return [.answer(signed.signature)]
        case (.storeFailed(let what), .storing): return fail(what)
        case (.signed, _), (.stored, _), (.storeFailed, _): return []
        }
    }

    /// Judges the proof of a height's beacon; nil: it may be given.
    package func refusal(ofBeaconFor chain: String, height: UInt64) -> SigningRefusal? {
        guard (1...SigningPoint.highest).contains(height) else {
            return .form("heights are 1 to \(SigningPoint.highest)")
        }
        if record.isRetired { return .retired }
        if let own = record.chain, own.name != chain {
            guard let asked = ChainRevision(name: chain, revision: own.revision) else {
                return .form("a chain's name has 1 to \(ChainRevision.longestName) bytes of printable ASCII")
            }
            return .otherChain(asked: asked, own: own)
        }
        return height < record.point.height ? .pastHeight(asked: height, last: record.point.height) : nil
    }

    /// Counts a refusal that was made elsewhere.
    package mutating func count(_ refusal: SigningRefusal) {
        counts.refused += 1
        lastRefusal = refusal
    }

    private mutating func take(_ request: SigningRequest) -> [KeyAction] {
        if let fault { return refuse(fault) }
        switch record.decide(request) {
        case .sign(let pending):
            phase = .signing(pending)
            return [.sign(pending.bytes)]
        case .saved(let signature):
            counts.repeated += 1
            return [.answer(signature)]
        case .refused(let refusal): return refuse(refusal)
        }
    }

    private mutating func refuse(_ refusal: SigningRefusal) -> [KeyAction] {
        count(refusal)
        return [.refuse(refusal)]
    }

    /// After a failed step the disk may hold the old record or the new one, and a second attempt may lie: only a start reads it anew.
    private mutating func fail(_ what: String) -> [KeyAction] {
        phase = .idle
        let refusal = SigningRefusal.broken(what)
        fault = refusal
        return refuse(refusal)
    }
}

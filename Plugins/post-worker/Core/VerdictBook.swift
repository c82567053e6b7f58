internal import NodeCrypto
package import NodeDomain

/// What is known of proofs that were judged, and how many are being judged: both bounded.
package struct VerdictBook: Sendable {
    /// What the verifier said.
    package struct Verdict: Hashable, Sendable {
        /// Why not; nil: valid.
        package let refusal: ProofRefusal?

        /// A verdict.
        package init(_ refusal: ProofRefusal?) {
            self.refusal = refusal
        }
    }

    /// What to do with a request.
    package enum Answer: Hashable, Sendable {
        /// It was judged before.
        case known(Verdict)
        /// Judge it, then `finish`.
        case judge
        /// There are too many.
        case busy
    }

    private let cacheLimit: Int
    private let queueLimit: Int
    private var verdicts: [Bytes32: (verdict: Verdict, used: UInt64)] = [:]
    private var uses: UInt64 = 0
    private var underWay = 0

    /// Nothing known; so many verdicts are kept, so many requests wait or are judged at a time.
    package init(cache: Int, queue: Int) {
        cacheLimit = max(cache, 0)
        queueLimit = max(queue, 1)
    }

    /// Name of a request: equal bytes are equal requests.
    package static func key(of request: [UInt8]) -> Bytes32 { BLAKE3.hash(request) }

    /// A request comes.
    package mutating func ask(_ key: Bytes32) -> Answer {
        if let known = verdicts[key]?.verdict {
            uses += 1
            verdicts[key]?.used = uses
            return .known(known)
        }
        guard underWay < queueLimit else { return .busy }
        underWay += 1
        return .judge
    }

    /// It was judged; nil: it could not be.
    package mutating func finish(_ key: Bytes32, _ verdict: Verdict?) {
        underWay -= 1
        guard let verdict, cacheLimit > 0 else { return }
        uses += 1
        verdicts[key] = (verdict, uses)
        guard verdicts.count > cacheLimit else { return }
        // An eighth at a time, so that looking for the oldest costs little for each.
        let old = verdicts.sorted { $0.value.used < $1.value.used }.prefix(max(cacheLimit / 8, 1))
        for (key, _) in old { verdicts[key] = nil }
    }

    /// How many verdicts are kept.
    package var count: Int { verdicts.count }
}

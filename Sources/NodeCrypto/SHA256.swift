internal import CSHA256
package import NodeDomain

/// SHA-256 by the processor, with the instructions named.
///
/// For work where each hash waits for the one before; elsewhere `SHA2` does.
package enum SHA256: String, CaseIterable, Sendable {
    /// The SHA extensions of x86-64.
    case extensions
    /// Plain C: runs everywhere.
    case portable

    /// Whether processor and system can run it.
    package var isAvailable: Bool {
        switch self {
        case .extensions: SHA256.hasExtensions
        case .portable: true
        }
    }

    /// The fastest that this machine can run.
    package static let expected: SHA256 = hasExtensions ? .extensions : .portable

    private static let hasExtensions = node_sha256_has_ni() != 0

    /// The hash of some bytes.
    package func hash(_ bytes: [UInt8]) -> Bytes32 { bytes.withUnsafeBufferPointer { hash($0) } }

    /// The hash of some bytes of memory.
    package func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> Bytes32 {
        SHA256.value(
            runnable == .extensions
                ? node_sha256_ni(bytes.baseAddress, bytes.count)
                : node_sha256_portable(bytes.baseAddress, bytes.count))
    }

    /// The hash of a hash of a hash, so many times.
    package func chain(_ start: Bytes32, times: UInt32) -> Bytes32 {
        let digest = SHA256.digest(start)
        return SHA256.value(
            runnable == .extensions
                ? node_sha256_chain_ni(digest, times) : node_sha256_chain_portable(digest, times))
    }

    /// The same for several that do not depend on each other: two take hardly longer than one.
    package func chains(_ starts: [Bytes32], times: UInt32) -> [Bytes32] {
        var digests = starts.map(SHA256.digest)
        let isExtended = runnable == .extensions
        digests.withUnsafeMutableBufferPointer { digests in
            guard let first = digests.baseAddress else { return }
            if isExtended {
                node_sha256_chains_ni(first, digests.count, times)
            } else {
                node_sha256_chains_portable(first, digests.count, times)
            }
        }
        return digests.map(SHA256.value)
    }

    /// Runs what no hash by the extensions can be faster than, so many times; for measuring.
    ///
    /// - Returns: a word that means nothing; nil where there are no extensions.
    package static func runLatency(times: UInt32) -> UInt64? {
        hasExtensions ? node_sha256_latency_ni(times) : nil
    }

    /// A path that was named and is not there is replaced: an instruction that the processor lacks would end
    /// the process.
    private var runnable: SHA256 { isAvailable ? self : .portable }

    private static func digest(_ value: Bytes32) -> node_sha256_digest {
        node_sha256_digest(word: (value.word0, value.word1, value.word2, value.word3))
    }

    private static func value(_ digest: node_sha256_digest) -> Bytes32 {
        Bytes32(digest.word.0, digest.word.1, digest.word.2, digest.word.3)
    }
}

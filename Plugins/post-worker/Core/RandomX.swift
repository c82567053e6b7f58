internal import CRandomX
package import NodeDomain

/// Why RandomX could not be set up.
package enum RandomXFault: Error, Equatable, Sendable {
    /// No memory for the cache of 256 MiB.
    case cache
    /// No memory for a machine, or the system forbids pages that are written and then executed.
    case machine
}

extension RandomXFault: CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .cache: "no memory for RandomX's cache of 256 MiB: free some"
        case .machine: "RandomX could not make a machine: free memory, or allow this program to compile code"
        }
    }
}

/// The memory that RandomX machines share in light mode: 256 MiB, made once from a fixed key.
package final class RandomXCache: @unchecked Sendable {
    // Unchecked: the memory is written by the initialiser alone, and machines only read it.
    fileprivate let handle: OpaquePointer
    fileprivate let flags: randomx_flags

    /// The key of all k2pow hashes, which never changes.
    package static let key = "spacemesh-randomx-cache-key"

    /// Allocates and fills the cache: about half a second.
    ///
    /// - Parameters:
    ///   - key: another key, for tests of the library.
    ///   - allocated: runs between allocation and filling, when memory advice costs nothing.
    /// - Throws: `RandomXFault.cache` without memory.
    package init(
        key: String = RandomXCache.key, allocated: () -> Void = {}
    ) throws(RandomXFault) {
        flags = randomx_get_flags()
        guard let handle = randomx_alloc_cache(flags) else { throw .cache }
        self.handle = handle
        allocated()
        var key = key
        key.withUTF8 { randomx_init_cache(handle, $0.baseAddress, $0.count) }
    }

    deinit {
        randomx_release_cache(handle)
    }
}

/// A RandomX machine: hashes, for one thread at a time, in 2 MiB of its own.
package struct RandomXMachine: ~Copyable {
    private let handle: OpaquePointer
    private let cache: RandomXCache

    /// A machine in light mode.
    ///
    /// - Throws: `RandomXFault.machine` when there is none to be had.
    package init(_ cache: RandomXCache) throws(RandomXFault) {
        guard let handle = randomx_create_vm(cache.flags, cache.handle, nil) else { throw .machine }
        self.handle = handle
        self.cache = cache
    }

    deinit {
        randomx_destroy_vm(handle)
    }

    /// The hash of some bytes.
    package mutating func hash(_ input: [UInt8]) -> Bytes32 {
        var output = InlineArray<32, UInt8>(repeating: 0)
        input.withUnsafeBytes { bytes in
            var span = output.mutableSpan
            span.withUnsafeMutableBufferPointer {
                randomx_calculate_hash(handle, bytes.baseAddress, bytes.count, $0.baseAddress)
            }
        }
        return Bytes32((0..<32).map { output[$0] }) ?? .largest
    }
}

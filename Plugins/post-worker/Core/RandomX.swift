internal import CRandomX
package import NodeDomain

/// Why RandomX could not be set up.
package enum RandomXFault: Error, Equatable, Sendable {
    /// No memory for the cache of 256 MiB.
    case cache
    /// No memory for the data set of 2,080 MiB.
    case dataset
    /// No memory for a machine, or the system forbids pages that are written and then executed.
    case machine
}

extension RandomXFault: CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .cache: "no memory for RandomX's cache of 256 MiB: free some"
        case .dataset: "no memory for RandomX's data set of 2080 MiB: free some, or do without (light mode)"
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

/// RandomX's data set: 2,080 MiB made from the cache, with which a hash takes a fraction of the time.
package final class RandomXDataset: @unchecked Sendable {
    // Unchecked: each part is written by one thread before any machine reads it.
    /// Memory that it takes.
    package static let bytes: UInt64 = 2080 << 20
    /// Hashes without it that cost as much as filling it: each of them computes 16,384 of its 34 million items.
    package static let costInHashes = 2080.0

    fileprivate let handle: OpaquePointer
    fileprivate let cache: RandomXCache

    /// Allocates it.
    ///
    /// - Throws: `RandomXFault.dataset` without memory.
    package init(_ cache: RandomXCache, allocated: () -> Void = {}) throws(RandomXFault) {
        guard let handle = randomx_alloc_dataset(cache.flags) else { throw .dataset }
        self.handle = handle
        self.cache = cache
        allocated()
    }

    deinit {
        randomx_release_dataset(handle)
    }

    /// Fills one of so many parts; threads may fill different ones at the same time.
    package func fill(part: Int, of parts: Int) {
        let items = UInt64(randomx_dataset_item_count())
        let (part, parts) = (UInt64(max(part, 0)), UInt64(max(parts, 1)))
        let (first, end) = (items * part / parts, items * (part + 1) / parts)
        guard end <= items else { return }
        randomx_init_dataset(handle, cache.handle, UInt(first), UInt(end - first))
    }

    /// Whether it pays: for so many hashes as are expected, with so much memory free.
    ///
    /// A quarter of the memory is left to others.
    package static func pays(hashes: Double, freeBytes: UInt64) -> Bool {
        hashes > 1.5 * costInHashes && freeBytes / 4 * 3 >= bytes
    }
}

/// A RandomX machine: hashes, for one thread at a time, in 2 MiB of its own.
package struct RandomXMachine: ~Copyable {
    private let handle: OpaquePointer
    private let cache: RandomXCache
    private let dataset: RandomXDataset?

    /// A machine in light mode.
    ///
    /// - Throws: `RandomXFault.machine` when there is none to be had.
    package init(_ cache: RandomXCache) throws(RandomXFault) {
        guard let handle = randomx_create_vm(cache.flags, cache.handle, nil) else { throw .machine }
        self.handle = handle
        self.cache = cache
        dataset = nil
    }

    /// A machine in fast mode, on a data set all parts of which are filled.
    ///
    /// - Throws: `RandomXFault.machine` when there is none to be had.
    package init(_ dataset: RandomXDataset) throws(RandomXFault) {
        let flags = randomx_flags(dataset.cache.flags.rawValue | RANDOMX_FLAG_FULL_MEM.rawValue)
        guard let handle = randomx_create_vm(flags, nil, dataset.handle) else { throw .machine }
        self.handle = handle
        cache = dataset.cache
        self.dataset = dataset
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

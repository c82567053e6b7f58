internal import CRandomX
package import NodeDomain

/// Why RandomX could not be set up.
package enum RandomXFault: Error, Equatable, Sendable {
    /// No memory for the cache of 256 MiB.
    case cache
    /// No memory for the data set of 2 GiB.
    case dataSet
    /// No memory for a machine, or the system forbids pages that are written and then executed.
    case machine
}

extension RandomXFault: CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .cache: "no memory for RandomX's cache of 256 MiB: free some"
        case .dataSet: "no memory for RandomX's data set of 2 GiB: free some, or hash in light mode"
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

/// The memory that RandomX machines share in fast mode: 2 GiB, made once from the cache, item by item.
package final class RandomXDataSet: @unchecked Sendable {
    // Unchecked: each item is written by one thread, and machines only read when all are written.
    fileprivate let handle: OpaquePointer
    fileprivate let cache: RandomXCache

    /// Items of 64 bytes.
    package static var items: UInt { randomx_dataset_item_count() }

    /// Allocates it; `fill` all items before the first machine.
    ///
    /// - Parameter allocated: runs after the allocation, when memory advice costs nothing.
    /// - Throws: `RandomXFault.dataSet` without memory.
    package init(_ cache: RandomXCache, allocated: () -> Void = {}) throws(RandomXFault) {
        guard let handle = randomx_alloc_dataset(RANDOMX_FLAG_DEFAULT) else { throw .dataSet }
        self.handle = handle
        self.cache = cache
        allocated()
    }

    /// One of so many parts of the items.
    package static func part(_ part: Int, of parts: Int) -> Range<UInt> {
        let (part, parts) = (UInt(max(part, 0)), UInt(max(parts, 1)))
        return items * min(part, parts) / parts..<items * min(part + 1, parts) / parts
    }

    /// Makes some items; ranges of different threads must not overlap.
    package func fill(_ items: Range<UInt>) {
        let items = items.clamped(to: 0..<RandomXDataSet.items)
        randomx_init_dataset(handle, cache.handle, items.lowerBound, UInt(items.count))
    }

    deinit {
        randomx_release_dataset(handle)
    }
}

/// A RandomX machine: hashes, for one thread at a time, in 2 MiB of its own.
package struct RandomXMachine: ~Copyable {
    private let handle: OpaquePointer
    /// The cache, or the data set.
    private let memory: AnyObject

    /// A machine in light mode.
    ///
    /// - Throws: `RandomXFault.machine` when there is none to be had.
    package init(_ cache: RandomXCache) throws(RandomXFault) {
        guard let handle = randomx_create_vm(cache.flags, cache.handle, nil) else { throw .machine }
        self.handle = handle
        memory = cache
    }

    /// A machine in fast mode: the same hashes in about a tenth of the time.
    ///
    /// - Throws: `RandomXFault.machine` when there is none to be had.
    package init(_ dataSet: RandomXDataSet) throws(RandomXFault) {
        let flags = randomx_flags(rawValue: dataSet.cache.flags.rawValue | RANDOMX_FLAG_FULL_MEM.rawValue)
        guard let handle = randomx_create_vm(flags, nil, dataSet.handle) else { throw .machine }
        self.handle = handle
        memory = dataSet
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

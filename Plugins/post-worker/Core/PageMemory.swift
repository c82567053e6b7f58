internal import CPostKernels

/// Memory that begins at a page, for reading past the system's cache; it asks for huge pages.
package final class PageMemory: @unchecked Sendable {
    // Unchecked: whoever holds it hands it to one thread at a time.
    /// The memory.
    package let bytes: UnsafeMutableRawBufferPointer

    /// So many bytes; nil when the system has none.
    package init?(bytes count: Int) {
        guard let memory = post_memory_map(count) else { return nil }
        bytes = UnsafeMutableRawBufferPointer(start: memory, count: count)
    }

    deinit {
        post_memory_unmap(bytes.baseAddress, bytes.count)
    }
}

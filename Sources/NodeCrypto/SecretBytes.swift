internal import CSodium

/// Bytes that nobody else may see: kept out of swap and core dumps, and wiped when nobody needs them.
///
/// `@unchecked Sendable`: the memory is written in `init` and wiped in `deinit` alone.
package final class SecretBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// So many bytes, which `fill` writes.
    package init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let start = sodium_init() < 0 ? nil : sodium_malloc(max(count, 1))
        guard let start else {
            // Only when the system gives no memory at all.
            preconditionFailure("no memory for \(count) secret bytes")
        }
        memory = UnsafeMutableRawBufferPointer(start: start, count: count)
        fill(memory)
    }

    /// Takes bytes over; the array itself is wiped.
    package convenience init(taking bytes: inout [UInt8]) {
        self.init(count: bytes.count) { [bytes] memory in memory.copyBytes(from: bytes) }
        Secrets.wipe(&bytes)
    }

    deinit {
        sodium_free(memory.baseAddress)
    }

    /// How many bytes there are.
    package var count: Int { memory.count }

    /// Lends the bytes.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(memory))
    }
}

/// What is done with secrets.
package enum Secrets {
    /// Overwrites bytes.
    package static func wipe(_ bytes: inout [UInt8]) {
        let count = bytes.count
        bytes.withUnsafeMutableBytes { sodium_memzero($0.baseAddress, count) }
    }

    /// Fills memory with bytes that nobody can guess.
    package static func fill(_ memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress else { return }
        randombytes_buf(start, memory.count)
    }

    /// Bytes that nobody can guess.
    package static func random(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }
}

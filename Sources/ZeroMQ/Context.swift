internal import CZeroMQ

/// A libzmq context: its I/O threads and inproc names.
///
/// One a process (libzmq #4242).
///
/// `@unchecked Sendable`: libzmq contexts are thread-safe by contract, and `handle` never changes.
package final class Context: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// Starts a context.
    /// - Parameter ioThreads: threads that move bytes; one serves about a gigabyte a second.
    /// - Throws: `ZeroMQError` when no more contexts or descriptors can be had.
    package init(ioThreads: Int32 = 1) throws(ZeroMQError) {
        guard let handle = zmq_ctx_new() else { throw ZeroMQError("zmq_ctx_new") }
        self.handle = handle
        zmq_ctx_set(handle, ZMQ_IO_THREADS, ioThreads)
        zmq_ctx_set(handle, ZMQ_MAX_SOCKETS, 4096)
    }

    deinit {
        // Waits for sockets to close; they hold this object, so none is left.
        zmq_ctx_term(handle)
    }
}

internal import CZeroMQ

/// A fixed set of sockets and descriptors to sleep on.
///
/// It sleeps on libzmq's own descriptors: `zmq_poll` asks every socket before and after, some ten system calls a
/// wake-up more. In return it announces a frame once, and not at all when a call on the socket has noticed the frame:
/// before `wait` may sleep, each socket must have been read until nothing was there, and not been sent on since.
package struct Poller: ~Copyable {
    private let items: UnsafeMutableBufferPointer<pollfd>
    private var used = 0

    /// Room for `capacity` entries.
    package init(capacity: Int) {
        items = .allocate(capacity: capacity)
        items.initialize(repeating: pollfd())
    }

    deinit {
        items.deallocate()
    }

    /// Watches a socket for input.
    ///
    /// The socket must outlive the poller.
    /// - Returns: the entry's number, for `isReadable`.
    package mutating func add(_ socket: borrowing Socket) throws(ZeroMQError) -> Int {
        add(descriptor: try socket.descriptor())
    }

    /// Watches a file descriptor for input.
    /// - Returns: the entry's number, for `isReadable`.
    package mutating func add(descriptor: Int32) -> Int {
        precondition(used < items.count, "more entries than the poller was made for")
        items[used] = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        used += 1
        return used - 1
    }

    /// Waits until something may have happened to an entry or the time is over.
    /// - Parameter timeoutMilliseconds: 0 does not wait, −1 waits for ever.
    /// - Returns: whether anything is readable; false also after a signal.
    @discardableResult
    package mutating func wait(timeoutMilliseconds: Int) throws(ZeroMQError) -> Bool {
        let ready = poll(items.baseAddress, nfds_t(used), Int32(clamping: timeoutMilliseconds))
        if ready >= 0 { return ready > 0 }
        for index in 0..<used { items[index].revents = 0 }
        if zmq_errno() == EINTR { return false }
        throw ZeroMQError("poll")
    }

    /// Whether the entry was readable at the last `wait`; a socket then has news, not always a frame.
    @inline(__always)
    package func isReadable(_ entry: Int) -> Bool {
        items[entry].revents != 0
    }
}

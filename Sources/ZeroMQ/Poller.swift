internal import CZeroMQ

/// A fixed set of sockets and descriptors to wait on.
///
/// Descriptors are level-triggered; sockets follow libzmq's rules, so read each until nothing is there.
package struct Poller: ~Copyable {
    private let items: UnsafeMutableBufferPointer<zmq_pollitem_t>
    private var used = 0

    /// Room for `capacity` entries.
    package init(capacity: Int) {
        items = .allocate(capacity: capacity)
        items.initialize(repeating: zmq_pollitem_t())
    }

    deinit {
        items.deallocate()
    }

    /// Watches a socket for input.
    ///
    /// The socket must outlive the poller.
    /// - Returns: the entry's number, for `isReadable`.
    package mutating func add(_ socket: borrowing Socket) -> Int {
        add(zmq_pollitem_t(socket: socket.handle, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0))
    }

    /// Watches a file descriptor for input.
    /// - Returns: the entry's number, for `isReadable`.
    package mutating func add(descriptor: Int32) -> Int {
        add(zmq_pollitem_t(socket: nil, fd: descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
    }

    private mutating func add(_ item: zmq_pollitem_t) -> Int {
        precondition(used < items.count, "more entries than the poller was made for")
        items[used] = item
        used += 1
        return used - 1
    }

    /// Waits until an entry is readable or the time is over.
    /// - Parameter timeoutMilliseconds: 0 does not wait, −1 waits for ever.
    /// - Returns: whether anything is readable; false also after a signal.
    @discardableResult
    package mutating func wait(timeoutMilliseconds: Int) throws(ZeroMQError) -> Bool {
        let ready = zmq_poll(items.baseAddress, Int32(used), timeoutMilliseconds)
        if ready >= 0 { return ready > 0 }
        for index in 0..<used { items[index].revents = 0 }
        if zmq_errno() == EINTR { return false }
        throw ZeroMQError("zmq_poll")
    }

    /// Whether the entry was readable at the last `wait`.
    @inline(__always)
    package func isReadable(_ entry: Int) -> Bool {
        items[entry].revents != 0
    }
}

internal import CZeroMQ

/// Numbered frames that live outside Swift's object world, so that routing one allocates nothing.
///
/// A slot is taken by `receive`, and freed by `send` or `discard`. Grows by doubling when frames are held.
package struct MessageSlab: ~Copyable {
    private var slots: UnsafeMutablePointer<zmq_msg_t>
    private var capacity: Int
    private var free: [Int32]
    private let copy: UnsafeMutablePointer<zmq_msg_t>
    private let routingID: UnsafeMutablePointer<zmq_msg_t>

    /// Room for `capacity` frames to begin with.
    package init(capacity: Int) {
        self.capacity = capacity
        slots = .allocate(capacity: capacity)
        free = (0..<Int32(capacity)).reversed()
        copy = .allocate(capacity: 1)
        routingID = .allocate(capacity: 1)
        for slot in 0..<capacity { zmq_msg_init(slots + slot) }
        zmq_msg_init(copy)
        zmq_msg_init(routingID)
    }

    deinit {
        for slot in 0..<capacity { zmq_msg_close(slots + slot) }
        zmq_msg_close(copy)
        zmq_msg_close(routingID)
        slots.deallocate()
        copy.deallocate()
        routingID.deallocate()
    }

    /// Frames held now.
    package var held: Int { capacity - free.count }

    /// One frame received from a ROUTER socket.
    package struct Arrival {
        /// The frame's slot.
        package let slot: Int32
        /// Last four bytes of the routing id that libzmq gave the connection.
        package let peer: UInt32
        /// Whether it was a single frame after the routing id; false: the rest was thrown away.
        package let isWhole: Bool
    }

    /// Takes the next message of a ROUTER socket.
    /// - Returns: nil when nothing is there now.
    package mutating func receive(_ socket: borrowing Socket) throws(ZeroMQError) -> Arrival? {
        if free.isEmpty { grow() }
        guard try socket.receive(into: routingID) else { return nil }
        let peer = peerNumber()
        let slot = free.removeLast()
        let body = slots + Int(slot)
        guard zmq_msg_more(routingID) != 0, try socket.receive(into: body) else {
            free.append(slot)
            return Arrival(slot: -1, peer: peer, isWhole: false)
        }
        if zmq_msg_more(body) == 0 { return Arrival(slot: slot, peer: peer, isWhole: true) }
        while zmq_msg_more(body) != 0, try socket.receive(into: body) {}
        return Arrival(slot: slot, peer: peer, isWhole: false)
    }

    /// The bytes of a held frame; valid until it is sent or discarded.
    @inline(__always)
    package func bytes(_ slot: Int32) -> UnsafeRawBufferPointer {
        let message = slots + Int(slot)
        return UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message))
    }

    /// A property of the connection that the frame came by, such as `User-Id`.
    ///
    /// The name is static text: a `String` would be copied to the heap for C, once a frame.
    package func property(_ slot: Int32, _ name: StaticString) -> String? {
        let bytes = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        guard let value = zmq_msg_gets(slots + Int(slot), bytes) else { return nil }
        return String(cString: value)
    }

    /// Sends a held frame to a peer of a ROUTER socket without copying it, and frees the slot.
    /// - Parameter keeping: send a reference-counted copy and keep the slot.
    @inline(__always)
    package mutating func send(
        _ slot: Int32, to peer: UInt32, on socket: borrowing Socket, keeping: Bool = false
    ) throws(ZeroMQError) -> SendOutcome {
        let outcome = try sendRoutingID(peer, on: socket)
        guard case .sent = outcome else {
            if !keeping { discard(slot) }
            return outcome
        }
        if keeping {
            zmq_msg_copy(copy, slots + Int(slot))
            let result = try socket.send(copy, more: false)
            if case .sent = result { return result }
            zmq_msg_close(copy)
            zmq_msg_init(copy)
            return result
        }
        let result = try socket.send(slots + Int(slot), more: false)
        if case .sent = result { free.append(slot) } else { discard(slot) }
        return result
    }

    /// Sends a copy of `bytes` to a peer of a ROUTER socket.
    package mutating func send(
        bytes: UnsafeRawBufferPointer, to peer: UInt32, on socket: borrowing Socket
    ) throws(ZeroMQError) -> SendOutcome {
        let outcome = try sendRoutingID(peer, on: socket)
        guard case .sent = outcome else { return outcome }
        var message = Message(bytes)
        return try socket.send(&message)
    }

    /// Lets a held frame go.
    @inline(__always)
    package mutating func discard(_ slot: Int32) {
        guard slot >= 0 else { return }
        zmq_msg_close(slots + Int(slot))
        zmq_msg_init(slots + Int(slot))
        free.append(slot)
    }

    private func sendRoutingID(_ peer: UInt32, on socket: borrowing Socket) throws(ZeroMQError) -> SendOutcome
    {
        zmq_msg_init_size(routingID, 5)
        guard let bytes = zmq_msg_data(routingID) else { return .unreachable }
        bytes.storeBytes(of: 0, as: UInt8.self)
        bytes.storeBytes(of: peer, toByteOffset: 1, as: UInt32.self)
        return try socket.send(routingID, more: true)
    }

    /// libzmq's own ids are a zero byte and four more; ours alone are in use, so other shapes are peer 0.
    private func peerNumber() -> UInt32 {
        guard zmq_msg_size(routingID) == 5, let bytes = zmq_msg_data(routingID) else { return 0 }
        return bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: capacity * 2)
        // zmq_msg_t may be moved byte for byte: libzmq's own zmq_msg_move does so.
        larger.moveInitialize(from: slots, count: capacity)
        for slot in capacity..<capacity * 2 { zmq_msg_init(larger + slot) }
        slots.deallocate()
        slots = larger
        free.reserveCapacity(capacity * 2)
        free.append(contentsOf: (Int32(capacity)..<Int32(capacity * 2)).reversed())
        capacity *= 2
    }
}

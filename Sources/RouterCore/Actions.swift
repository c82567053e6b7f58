/// The two sockets of a session (docs/protocol/bus.md §1).
package enum Lane: UInt8, Sendable {
    case control, data
}

/// One thing that the router's process must do.
///
/// Plain bytes, so that a list of them allocates nothing.
package struct Action: Equatable, Sendable {
    /// What to do.
    package enum Kind: UInt8, Sendable {
        /// Send the held frame `slot` on the data lane and let it go.
        case forward
        /// Send a copy of the held frame `slot` on the data lane and keep it.
        case forwardCopy
        /// Let the held frame `slot` go.
        case discard
        /// Send `count` bytes at `offset` of the outbox.
        case send
    }

    package let kind: Kind
    package let lane: Lane
    /// Connection, as the process numbers it.
    package let peer: UInt32
    package let slot: Int32
    package let offset: Int
    package let count: Int
}

/// Something for the log: who, what, why.
package struct AuditEvent: Sendable {
    /// How bad it is.
    package enum Level: Sendable { case info, warning }

    package let level: Level
    package let text: String
    package let session: String
}

/// What one call of the core asks for, in order.
///
/// Reused, so that steady traffic allocates nothing.
package struct Outbox: ~Copyable {
    package private(set) var actions: [Action] = []
    package private(set) var audits: [AuditEvent] = []
    private var bytes: UnsafeMutableRawBufferPointer
    private var used = 0

    init() {
        bytes = .allocate(byteCount: 64 << 10, alignment: 16)
        actions.reserveCapacity(4096)
    }

    deinit {
        bytes.deallocate()
    }

    /// The bytes of a `send` action.
    package func bytes(of action: Action) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[action.offset..<action.offset + action.count])
    }

    /// Forgets everything; called when the actions were carried out.
    package mutating func clear() {
        actions.removeAll(keepingCapacity: true)
        if !audits.isEmpty { audits.removeAll() }
        used = 0
    }

    @inline(__always)
    mutating func forward(_ slot: Int32, to peer: UInt32, copy: Bool = false) {
        actions.append(
            Action(
                kind: copy ? .forwardCopy : .forward, lane: .data, peer: peer, slot: slot, offset: 0, count: 0
            ))
    }

    mutating func discard(_ slot: Int32) {
        actions.append(Action(kind: .discard, lane: .data, peer: 0, slot: slot, offset: 0, count: 0))
    }

    mutating func audit(_ level: AuditEvent.Level, _ text: String, session: String = "") {
        // A flood of refusals must not become a flood of log lines.
        if audits.count < 32 { audits.append(AuditEvent(level: level, text: text, session: session)) }
    }

    /// Reserves `count` bytes for a frame to `peer`, which the caller fills.
    mutating func send(count: Int, to peer: UInt32, lane: Lane) -> UnsafeMutableRawBufferPointer {
        if used + count > bytes.count { grow(to: used + count) }
        let offset = used
        used += count
        actions.append(Action(kind: .send, lane: lane, peer: peer, slot: -1, offset: offset, count: count))
        return UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    private mutating func grow(to needed: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(needed, bytes.count * 2), alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[0..<used]))
        bytes.deallocate()
        bytes = larger
    }
}

internal import NIOCore
internal import P2PCore

/// One TCP connection: bytes from the socket into `Connection`, and what it says to the socket and the owner.
///
/// Who calls us speaks first, so that a stranger who says nothing costs a socket and no keys. Its time runs all
/// the same.
///
/// All of it is used on the event loop alone.
final class PeerChannel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let peer: PeerHandle
    /// The address called, or the one that the call came from.
    let address: Multiaddress
    let isOutbound: Bool
    private(set) var isSecured = false
    private(set) var isOver = false
    private(set) var traffic = PeerTraffic()

    private let owner: TransportLoop
    /// Once there is something to say or to answer.
    private var connection: Connection?
    /// When TCP was connected, or is to be.
    private var since: UInt64
    private var context: ChannelHandlerContext?
    /// Events that came while another was being dealt with: its bytes must leave first, for they are numbered.
    private var waiting: [ConnectionEvent] = []
    private var isFeeding = false
    /// Until TCP is connected, a call of ours is the dialler's.
    private var hasBegun = false
    /// What the events so far want sent, as one write.
    private var outgoing = ByteBuffer()
    /// Bytes that the kernel has not taken.
    private var unsent = 0
    private var isCongested = false

    init(_ peer: PeerHandle, at address: Multiaddress, isOutbound: Bool, owner: TransportLoop) {
        self.peer = peer
        self.address = address
        self.isOutbound = isOutbound
        self.owner = owner
        since = owner.now
    }

    /// When it wants to be told the time; nil: nothing waits for it.
    var nextDeadline: UInt64? {
        guard !isOver else { return nil }
        guard let connection else { return Milliseconds.sum(since, owner.settings.limits.handshake) }
        return connection.nextDeadline
    }

    /// Time has passed a deadline.
    func tick() {
        if connection == nil { end(.fault(.lateHandshake)) } else { feed(.tick) }
    }

    /// Begins the handshake, whose time has run since TCP was connected.
    private func begin() {
        guard !isOver, connection == nil else { return }
        guard let made = owner.connection(for: self) else { return end(.fault(.wanted(.internalError))) }
        connection = made
        feed(.started, now: since)
    }

    /// Something happens to the connection.
    func feed(_ event: ConnectionEvent) {
        feed(event, now: owner.now)
    }

    private func feed(_ event: ConnectionEvent, now: UInt64) {
        guard !isOver, connection != nil else { return }
        waiting.append(event)
        guard !isFeeding else { return }
        isFeeding = true
        while !waiting.isEmpty, !isOver {
            let batch = waiting
            waiting = []
            for event in batch where !isOver {
                for action in connection?.handle(event, now: now) ?? [] { perform(action) }
            }
        }
        isFeeding = false
        waiting = []
        flush()
    }

    /// Ends it, whatever it says.
    func end(_ reason: CloseReason) {
        guard !isOver else { return }
        isOver = true
        waiting = []
        flush()
        owner.ended(self, reason)
        leave()
    }

    private func perform(_ action: ConnectionAction) {
        switch action {
        case .send(let bytes): outgoing.writeBytes(bytes)
        case .secured(let id):
            isSecured = true
            owner.secured(self, id)
        case .close(let fault): end(.fault(fault))
        default: owner.tell(.connection(peer, action))
        }
    }

    // MARK: - The socket's side

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    /// The last of all, also when the socket was never connected.
    func handlerRemoved(context: ChannelHandlerContext) {
        if hasBegun || !isOutbound { end(.fault(.ended)) }
        owner.left(self)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        hasBegun = true
        since = owner.now
        owner.began(self)
        if isOutbound { begin() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        traffic.received += UInt64(buffer.readableBytes)
        owner.count(received: buffer.readableBytes)
        // What comes after the end is read and forgotten, so that the kernel does not answer it with a reset.
        guard !isOver else { return }
        begin()
        feed(.received(Array(buffer.readableBytesView)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        feed(.ended)
        end(.fault(.ended))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isCongested = !context.channel.isWritable
        guard isCongested != self.isCongested else { return }
        self.isCongested = isCongested
        if isSecured, !isOver { owner.tell(.congested(peer, isCongested)) }
    }

    private func flush() {
        guard outgoing.readableBytes > 0, let context else { return }
        let bytes = outgoing
        let count = bytes.readableBytes
        // Before the write, which may fail at once and come back here.
        outgoing = ByteBuffer()
        unsent += count
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] result in
            unsent -= count
            guard case .success = result else { return }
            traffic.sent += UInt64(count)
            owner.count(sent: count)
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
        // Reading goes on even so: were both sides to stop, nothing would move any more.
        if unsent > owner.settings.unsent { end(.unread) }
    }

    /// Closes the socket: at once when it leads to a stranger, else when the last bytes are through or it has had
    /// its time.
    private func leave() {
        guard let context else { return }
        guard isSecured, context.channel.isActive, unsent <= owner.settings.unsent else {
            context.close(promise: nil)
            return
        }
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .milliseconds(Int64(clamping: owner.settings.farewell))) {
            channel.close(promise: nil)
        }
    }
}

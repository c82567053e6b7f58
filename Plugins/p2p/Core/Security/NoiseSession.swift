internal import NodeCrypto
internal import NodeDomain

/// One side of libp2p's `/noise`: the handshake, the check of who is there, then sealed messages.
///
/// Each message stands behind its length in two bytes, big-endian.
package struct NoiseSession: Sendable {
    /// Its name.
    package static let name = "/noise"
    /// Bytes of a message of the handshake that are read; with an Ed25519 identity it has some 250.
    package static let largestHandshake = 4_096
    /// Bytes of one sealed message without its tag.
    package static let largestPlain = 65_519

    /// What a message leads to.
    package enum Step: Hashable, Sendable {
        /// Send this, and wait.
        case reply([UInt8])
        /// The other side is who it says; what is to be sent first may be nothing.
        case established(PeerID, muxers: [String], reply: [UInt8])
        /// Bytes that the other side sealed, perhaps none.
        case plain([UInt8])
    }

    private enum State: Sendable {
        case handshake(NoiseHandshake)
        case open(send: NoiseCipher, receive: NoiseCipher)
        case failed
    }

    private let isInitiator: Bool
    private let identity: PeerIdentity
    private let expected: PeerID?
    private let staticKey: Bytes32
    private let muxers: [String]
    private var state: State

    /// Before its first message.
    ///
    /// - Parameters:
    ///   - expected: who must be there; nil: anybody.
    ///   - prologue: bytes that both sides must have alike.
    ///   - muxers: those that we have, in order of preference.
    package init(
        isInitiator: Bool, identity: PeerIdentity, expected: PeerID?, prologue: [UInt8], keys: KeyPairs,
        muxers: [String]
    ) {
        self.isInitiator = isInitiator
        self.identity = identity
        self.expected = expected
        self.muxers = muxers
        staticKey = keys.fixed.publicKey
        state = .handshake(NoiseHandshake(isInitiator: isInitiator, prologue: prologue, keys: keys))
    }

    /// The first message, which the initiator sends; it says nothing of the identity, for it is in clear.
    /// - Throws: `NoiseFault` when it was sent already.
    package mutating func start() throws(NoiseFault) -> [UInt8] {
        guard isInitiator, case .handshake(var handshake) = state else { return [] }
        let message = try handshake.write([])
        state = .handshake(handshake)
        return try Self.framed(message)
    }

    /// Reads the next message of a queue.
    /// - Returns: nil until all of it is there.
    /// - Throws: `NoiseFault`; nothing more can be read then.
    package mutating func next(_ queue: inout ByteQueue) throws(NoiseFault) -> Step? {
        guard queue.count >= 2 else { return nil }
        let start = queue.waiting.startIndex
        let length = Int(queue.waiting[start]) << 8 | Int(queue.waiting[start + 1])
        if case .handshake = state, length > Self.largestHandshake { throw .length(length) }
        guard queue.count >= 2 + length else { return nil }
        queue.drop(2)
        let message = queue.take(length)
        switch state {
        case .handshake(let handshake):
            state = .failed
            return try read(message, handshake)
        case .open(let send, var receive):
            guard let plain = receive.open(message) else {
                state = .failed
                throw message.count < ChaChaPoly.tagBytes ? .length(message.count) : .forged
            }
            state = .open(send: send, receive: receive)
            return .plain(plain)
        case .failed: throw .forged
        }
    }

    /// Seals bytes, in as many messages as it takes.
    /// - Throws: `NoiseFault` before the handshake is over, and when a counter is at its end.
    package mutating func seal(_ bytes: [UInt8]) throws(NoiseFault) -> [UInt8] {
        guard case .open(var send, let receive) = state else { throw .ours }
        var sealed: [UInt8] = []
        sealed.reserveCapacity(bytes.count + 18 * (1 + bytes.count / Self.largestPlain))
        for start in stride(from: 0, to: bytes.count, by: Self.largestPlain) {
            let end = min(bytes.count, start + Self.largestPlain)
            let part = start == 0 && end == bytes.count ? bytes : Array(bytes[start..<end])
            guard let message = send.seal(part) else { throw .ours }
            sealed += try Self.framed(message)
        }
        state = .open(send: send, receive: receive)
        return sealed
    }

    // MARK: - Handshake

    private mutating func read(
        _ message: [UInt8], _ before: NoiseHandshake
    ) throws(NoiseFault) -> Step {
        var handshake = before
        let payload = try handshake.read(message)
        guard let otherKey = handshake.otherStatic else {
            // The first message: nothing that matters is in clear.
            guard payload.isEmpty else { throw .length(message.count) }
            let reply = try handshake.write(ownPayload())
            state = .handshake(handshake)
            return .reply(try Self.framed(reply))
        }
        let other = try check(payload, otherKey)
        let reply = isInitiator ? try Self.framed(try handshake.write(ownPayload())) : []
        let (send, receive) = handshake.split()
        state = .open(send: send, receive: receive)
        return .established(other.peer, muxers: other.muxers, reply: reply)
    }

    /// Who is there is known before anything of ours is told.
    private func check(
        _ payload: [UInt8], _ key: Bytes32
    ) throws(NoiseFault) -> (peer: PeerID, muxers: [String]) {
        let said: NoisePayload
        do { said = try NoisePayload(bytes: payload) } catch { throw .payload(error) }
        let peer = try said.verified(staticKey: key)
        guard peer != identity.id else { throw .ourselves }
        if let expected, expected != peer { throw .otherPeer(peer) }
        return (peer, said.muxers)
    }

    private func ownPayload() throws(NoiseFault) -> [UInt8] {
        guard let payload = NoisePayload(of: identity, staticKey: staticKey, muxers: muxers) else {
            throw .ours
        }
        return payload.bytes
    }

    private static func framed(_ message: [UInt8]) throws(NoiseFault) -> [UInt8] {
        guard let length = UInt16(exactly: message.count) else { throw .ours }
        return [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)] + message
    }
}

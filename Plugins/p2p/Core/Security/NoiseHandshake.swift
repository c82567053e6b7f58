internal import NodeCrypto
package import NodeDomain

/// The handshake XX of the Noise framework, revision 34: three messages, after which both sides know each other's
/// static key.
///
/// `→ e`, `← e ee s es`, `→ s se`. Each side writes and reads in turn; out of turn nothing is written or read.
package struct NoiseHandshake: Sendable {
    /// X25519, ChaCha20-Poly1305, SHA-256.
    package static let protocolName = "Noise_XX_25519_ChaChaPoly_SHA256"
    /// Messages of it.
    package static let messages = 3

    private enum Token {
        case e, s, ee, es, se
    }

    private static let pattern: [[Token]] = [[.e], [.e, .ee, .s, .es], [.s, .se]]

    private let isInitiator: Bool
    private let keys: KeyPairs
    private var transcript = NoiseTranscript(protocolName: protocolName)
    private var step = 0
    private var otherEphemeral: Bytes32?
    /// The other side's static key, once it has come.
    package private(set) var otherStatic: Bytes32?

    /// Before its first message.
    package init(isInitiator: Bool, prologue: [UInt8], keys: KeyPairs) {
        self.isInitiator = isInitiator
        self.keys = keys
        transcript.mix(prologue)
    }

    /// Whether all messages were written and read.
    package var isFinished: Bool { step == Self.messages }

    /// Covers the whole handshake.
    package var hash: [UInt8] { transcript.hash }

    private var isOurTurn: Bool { !isFinished && (step.isMultiple(of: 2) == isInitiator) }

    /// The next message with a payload of ours.
    /// - Throws: `NoiseFault` out of turn, or when the other side's key is of low order.
    package mutating func write(_ payload: [UInt8]) throws(NoiseFault) -> [UInt8] {
        guard isOurTurn else { throw .ours }
        var message: [UInt8] = []
        for token in Self.pattern[step] {
            switch token {
            case .e:
                message += keys.ephemeral.publicKey.bytes
                transcript.mix(keys.ephemeral.publicKey.bytes)
            case .s:
                guard let sealed = transcript.seal(keys.fixed.publicKey.bytes) else { throw .ours }
                message += sealed
            case .ee, .es, .se: try agree(token)
            }
        }
        guard let sealed = transcript.seal(payload) else { throw .ours }
        step += 1
        return message + sealed
    }

    /// The payload of the other side's next message.
    /// - Throws: `NoiseFault`; the handshake is of no use then.
    package mutating func read(_ message: [UInt8]) throws(NoiseFault) -> [UInt8] {
        guard !isOurTurn, !isFinished else { throw .length(message.count) }
        var rest = message[...]
        for token in Self.pattern[step] {
            switch token {
            case .e:
                let key = try take(&rest, Bytes32.count, of: message)
                otherEphemeral = Bytes32(key)
                transcript.mix(key)
            case .s:
                let sealed = try take(&rest, Bytes32.count + transcript.overhead, of: message)
                guard let key = transcript.open(sealed) else { throw .forged }
                otherStatic = Bytes32(key)
            case .ee, .es, .se: try agree(token)
            }
        }
        guard rest.count >= transcript.overhead else { throw .length(message.count) }
        guard let payload = transcript.open(Array(rest)) else { throw .forged }
        step += 1
        return payload
    }

    /// The ciphers for what we send and what we receive.
    package func split() -> (send: NoiseCipher, receive: NoiseCipher) {
        let (first, second) = transcript.split()
        return isInitiator ? (first, second) : (second, first)
    }

    private mutating func agree(_ token: Token) throws(NoiseFault) {
        // The first letter is the initiator's key, the second the responder's.
        let isOurStatic = token == .es ? !isInitiator : token == .se && isInitiator
        let isOtherStatic = token == .es ? isInitiator : token == .se && !isInitiator
        let own = isOurStatic ? keys.fixed : keys.ephemeral
        guard let other = isOtherStatic ? otherStatic : otherEphemeral,
            let secret = own.shared(with: other)
        else { throw .weakKey }
        transcript.mixKey(secret)
    }

    private func take(
        _ rest: inout ArraySlice<UInt8>, _ count: Int, of message: [UInt8]
    ) throws(NoiseFault) -> [UInt8] {
        guard rest.count >= count else { throw .length(message.count) }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

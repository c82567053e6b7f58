/// Why a negotiation of a protocol failed.
package enum MultistreamFault: Error, Hashable, Sendable {
    /// A message is against the rules.
    case wire(WireFault)
    /// The other side does not begin with `/multistream/1.0.0`.
    case header
    /// The other side answers something that was not asked.
    case answer
    /// The other side asks for more protocols than may be asked for.
    case tooMany
}

/// multistream-select 1.0: two sides agree on a protocol of a stream.
///
/// A message is a length as a varint, a text and a newline, which the length counts. Both sides begin at once with
/// the protocol's own name. The list of protocols (`ls`) is refused like any protocol that is not had.
package struct Multistream: Sendable {
    /// What both sides begin with.
    package static let header = "/multistream/1.0.0"
    /// Says that a protocol is not had.
    package static let notAvailable = "na"
    /// Bytes of a message, with its newline.
    package static let largest = 1_024
    /// Protocols that the other side may ask for on one stream.
    package static let mostQuestions = 16

    /// How it ended.
    package enum Outcome: Hashable, Sendable {
        /// On this protocol; what follows in the queue is its.
        case agreed(String)
        /// On none.
        case refused
    }

    private enum Side: Sendable {
        /// Asks for these, the first of them now.
        case asking([String])
        /// Has these, and has been asked so many times.
        case asked([String], Int)
    }

    private var side: Side
    private var sawHeader = false

    /// We ask for the first of some protocols that the other side has.
    package init(asking protocols: [String]) {
        side = .asking(protocols)
    }

    /// The other side asks for one of those that we have.
    package init(having protocols: [String]) {
        side = .asked(protocols, 0)
    }

    /// What is sent first: the header, and the first question with it.
    package func start() -> [UInt8] {
        guard case .asking(let protocols) = side, let first = protocols.first else {
            return Self.message(Self.header)
        }
        return Self.message(Self.header) + Self.message(first)
    }

    /// Reads the next message, and says what to send and how it ended, if it did.
    ///
    /// - Returns: nil until a whole message is there.
    /// - Throws: `MultistreamFault`; nothing more is to be read then.
    package mutating func read(
        _ queue: inout ByteQueue
    ) throws(MultistreamFault) -> (send: [UInt8], outcome: Outcome?)? {
        guard let text = try Self.next(&queue) else { return nil }
        guard sawHeader else {
            guard text == Self.header else { throw .header }
            sawHeader = true
            return ([], nil)
        }
        var send: [UInt8] = []
        let outcome = try take(text, &send)
        return (send, outcome)
    }

    private mutating func take(
        _ text: String, _ send: inout [UInt8]
    ) throws(MultistreamFault) -> Outcome? {
        switch side {
        case .asking(let protocols):
            guard let first = protocols.first else { return .refused }
            if text == first { return .agreed(first) }
            guard text == Self.notAvailable else { throw .answer }
            let rest = Array(protocols.dropFirst())
            side = .asking(rest)
            guard let next = rest.first else { return .refused }
            send += Self.message(next)
        case .asked(let protocols, let count):
            if protocols.contains(text) {
                send += Self.message(text)
                return .agreed(text)
            }
            guard count < Self.mostQuestions else { throw .tooMany }
            side = .asked(protocols, count + 1)
            send += Self.message(Self.notAvailable)
        }
        return nil
    }

    /// A text as a message.
    package static func message(_ text: String) -> [UInt8] {
        Varint.bytes(UInt64(text.utf8.count + 1)) + Array(text.utf8) + [0x0a]
    }

    /// The next message's text; nil until all of it is there.
    package static func next(_ queue: inout ByteQueue) throws(MultistreamFault) -> String? {
        let length: (value: UInt64, count: Int)?
        do { length = try Varint.read(queue.waiting, offset: 0) } catch { throw .wire(error) }
        guard let (value, count) = length else { return nil }
        guard value <= UInt64(largest) else { throw .wire(.tooLarge(value, limit: largest)) }
        guard queue.count >= count + Int(value) else { return nil }
        queue.drop(count)
        let line = queue.take(Int(value))
        guard line.last == 0x0a, let text = String(validating: line.dropLast(), as: UTF8.self) else {
            throw .wire(.invalid(offset: 0, what: "a message does not end in a newline, or is no text"))
        }
        return text
    }
}

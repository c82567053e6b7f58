/// Frames that wait until a stream takes them: the most important class first, within a class in their order.
///
/// Bounded in bytes: what does not fit drops the oldest of the least important class, which may be the newcomer's own.
package struct FrameQueue: Sendable {
    /// A frame that waits.
    private struct Frame: Sendable {
        var bytes: [UInt8]
        let message: MessageID?
    }

    private let limit: Int
    private var frames: [[Frame]]
    /// What is left of a frame of which a part was sent: nothing may come between.
    private var rest: ArraySlice<UInt8> = []
    /// Bytes that wait.
    package private(set) var bytes = 0
    /// Frames that were dropped, by class.
    package private(set) var dropped: [UInt64]

    /// Of at most so many bytes.
    package init(limit: Int) {
        self.limit = limit
        frames = MessageClass.allCases.map { _ in [] }
        dropped = MessageClass.allCases.map { _ in 0 }
    }

    /// Whether nothing waits.
    package var isEmpty: Bool { bytes == 0 }

    /// Adds a frame.
    /// - Returns: messages of frames that were dropped for it, with their bytes.
    package mutating func add(
        _ frame: [UInt8], _ messageClass: MessageClass, message: MessageID? = nil
    ) -> [(MessageID, Int)] {
        frames[Int(messageClass.rawValue)].append(Frame(bytes: frame, message: message))
        bytes += frame.count
        var gone: [(MessageID, Int)] = []
        while bytes > limit, let place = frames.lastIndex(where: { !$0.isEmpty }) {
            let frame = frames[place].removeFirst()
            bytes -= frame.bytes.count
            dropped[place] += 1
            if let message = frame.message { gone.append((message, frame.bytes.count)) }
        }
        return gone
    }

    /// Takes a message's frame away, if none of it was sent.
    /// - Returns: its bytes; nil: it is not there any more.
    package mutating func withdraw(_ message: MessageID) -> Int? {
        for place in frames.indices {
            guard let found = frames[place].firstIndex(where: { $0.message == message }) else { continue }
            let frame = frames[place].remove(at: found)
            bytes -= frame.bytes.count
            return frame.bytes.count
        }
        return nil
    }

    /// Up to so many bytes to send now.
    package mutating func take(_ most: Int) -> [UInt8] {
        var taken: [UInt8] = []
        while taken.count < most {
            if rest.isEmpty {
                guard let place = frames.firstIndex(where: { !$0.isEmpty }) else { break }
                rest = frames[place].removeFirst().bytes[...]
            }
            let part = rest.prefix(most - taken.count)
            taken.append(contentsOf: part)
            rest = rest.dropFirst(part.count)
        }
        bytes -= taken.count
        return taken
    }
}

/// Frames that wait until a stream takes them: the most important class first, within a class in their order.
///
/// Bounded in bytes: what does not fit drops the oldest of the least important class, which may be the newcomer's own.
package struct FrameQueue: Sendable {
    /// A frame that waits.
    private struct Frame: Sendable {
        var bytes: [UInt8]
        let message: MessageID?
    }

    /// Of one class, the first at `head`.
    private struct Lane: Sendable {
        var frames: [Frame?] = []
        var head = 0
        /// Frames that are not withdrawn.
        var count = 0
        var bytes = 0
        var dropped: UInt64 = 0

        mutating func takeFirst() -> Frame? {
            while head < frames.count {
                let frame = frames[head]
                frames[head] = nil
                head += 1
                guard let frame else { continue }
                count -= 1
                bytes -= frame.bytes.count
                shrink()
                return frame
            }
            shrink()
            return nil
        }

        /// The front is given back when it is more than half, so a frame is moved once on average.
        private mutating func shrink() {
            guard head > 32, head * 2 > frames.count else { return }
            frames.removeFirst(head)
            head = 0
        }
    }

    private let limit: Int
    private var lanes = MessageClass.allCases.map { _ in Lane() }
    /// What is left of a frame of which a part was sent: nothing may come between.
    private var rest: ArraySlice<UInt8> = []
    private var restClass = MessageClass.control
    /// Bytes that wait.
    package private(set) var bytes = 0

    /// Of at most so many bytes.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Whether nothing waits.
    package var isEmpty: Bool { bytes == 0 }

    /// Frames that were dropped, by class.
    package var dropped: [UInt64] { lanes.map(\.dropped) }

    /// The least important class of which a whole frame waits; nil: of none.
    package var least: MessageClass? {
        lanes.lastIndex { $0.count > 0 }.flatMap { MessageClass(rawValue: UInt8(truncatingIfNeeded: $0)) }
    }

    /// Adds a frame.
    /// - Returns: messages of frames that were dropped for it, with their bytes.
    package mutating func add(
        _ frame: [UInt8], _ messageClass: MessageClass, message: MessageID? = nil
    ) -> [(MessageID, Int)] {
        let place = Int(messageClass.rawValue)
        lanes[place].frames.append(Frame(bytes: frame, message: message))
        lanes[place].count += 1
        lanes[place].bytes += frame.count
        bytes += frame.count
        var gone: [(MessageID, Int)] = []
        while bytes > limit, least != nil {
            if let dropped = drop() { gone.append(dropped) }
        }
        return gone
    }

    /// Drops the oldest frame of the least important class.
    /// - Returns: its message, if it has one, with its bytes.
    package mutating func drop() -> (MessageID, Int)? {
        guard let least, let frame = lanes[Int(least.rawValue)].takeFirst() else { return nil }
        lanes[Int(least.rawValue)].dropped += 1
        bytes -= frame.bytes.count
        return frame.message.map { ($0, frame.bytes.count) }
    }

    /// Takes a message's frame away, if none of it was sent.
    /// - Returns: its bytes; nil: it is not there any more.
    package mutating func withdraw(_ message: MessageID) -> Int? {
        for place in lanes.indices {
            let lane = lanes[place]
            guard let found = lane.frames[lane.head...].firstIndex(where: { $0?.message == message }),
                let count = lane.frames[found]?.bytes.count
            else { continue }
            lanes[place].frames[found] = nil
            lanes[place].count -= 1
            lanes[place].bytes -= count
            bytes -= count
            return count
        }
        return nil
    }

    /// Up to so many bytes to send now, of one frame after the other.
    /// - Parameters:
    ///   - most: that the stream takes.
    ///   - allowance: bytes of a class that may be sent, besides those that this call has taken already; a class
    ///     that has none waits, and less important ones have none either.
    /// - Returns: the bytes, and how many of them are of each class.
    package mutating func take(
        _ most: Int, allowance: (MessageClass) -> Int = { _ in .max }
    ) -> (bytes: [UInt8], shares: [(MessageClass, Int)]) {
        var taken: [UInt8] = []
        var shares: [(MessageClass, Int)] = []
        while taken.count < most {
            if rest.isEmpty {
                guard let place = lanes.firstIndex(where: { $0.count > 0 }),
                    let next = MessageClass(rawValue: UInt8(truncatingIfNeeded: place)),
                    allowance(next) > taken.count, let frame = lanes[place].takeFirst()
                else { break }
                (rest, restClass) = (frame.bytes[...], next)
            }
            // What waits behind a frame that was begun lends it its rank, as it is held up by it.
            let waiting = lanes.firstIndex { $0.count > 0 } ?? MessageClass.allCases.count
            let rank = waiting < Int(restClass.rawValue) ? MessageClass.allCases[waiting] : restClass
            let room = min(most, allowance(rank)) - taken.count
            guard room > 0 else { break }
            let part = rest.prefix(room)
            taken.append(contentsOf: part)
            shares.append((restClass, part.count))
            rest = rest.dropFirst(part.count)
        }
        bytes -= taken.count
        return (taken, shares)
    }
}

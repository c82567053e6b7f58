internal import NodeProtocol

/// One end of a stream.
///
/// Touched on the bus thread alone.
///
/// `@unchecked Sendable`: handed to handlers, which run on the executor of that thread.
final class StreamState: @unchecked Sendable {
    let key: RequestKey
    let info: MethodInfo
    let isOpener: Bool
    let generation: UInt64
    /// Longest silence, in milliseconds: a little over what the router allows, whose word comes first.
    let silenceMilliseconds: UInt64
    /// When a frame or credit went or came last.
    var lastMoved: UInt64
    // What comes in.
    var items: [(payload: [UInt8], bytes: Int)] = []
    var taken = 0
    var received: UInt64 = 0
    var consumed: UInt64 = 0
    var allowed: UInt64 = 0
    var reader: UnsafeContinuation<Void, Never>?
    // What goes out.
    var outAllowed: UInt64 = 0
    var outSent: UInt64 = 0
    var writer: UnsafeContinuation<Void, Never>?
    // How it ended.
    var reply: [UInt8] = []
    var error: BusError?
    var hasEnded = false
    /// Items that the router says it passed on before it ended the stream.
    var endsAfter: UInt64?
    /// The opener has sent all (upload).
    var inputEnded = false

    private static let graceMilliseconds: UInt64 = 2000

    /// - Parameter ttlMilliseconds: of the opening; 0: the contract's.
    init(
        key: RequestKey, info: MethodInfo, isOpener: Bool, generation: UInt64, ttlMilliseconds: UInt32,
        now: UInt64
    ) {
        self.key = key
        self.info = info
        self.isOpener = isOpener
        self.generation = generation
        let allowed = ttlMilliseconds == 0 ? info.ttlMilliseconds : ttlMilliseconds
        silenceMilliseconds = UInt64(allowed) + Self.graceMilliseconds
        lastMoved = now
    }

    /// Whether it broke off.
    var isOver: Bool { hasEnded && error != nil }

    /// Ends it; the first end counts.
    func end(_ error: BusError?) {
        guard !hasEnded else { return }
        hasEnded = true
        self.error = error
        wake()
    }

    func wake() {
        let waiting = (reader, writer)
        reader = nil
        writer = nil
        waiting.0?.resume()
        waiting.1?.resume()
    }

    /// The oldest item not yet taken.
    func takeItem() -> (payload: [UInt8], bytes: Int)? {
        guard taken < items.count else { return nil }
        let item = items[taken]
        taken += 1
        if taken == items.count {
            items.removeAll(keepingCapacity: true)
            taken = 0
        }
        consumed += 1
        return item
    }
}

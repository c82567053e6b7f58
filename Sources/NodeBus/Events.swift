internal import NodeProtocol

/// What came with an event.
package struct EventContext: Sendable, Hashable {
    package let publisher: UInt64
    package let epoch: UInt32
    package let role: BusRole
    package let key: [UInt8]
    package let seq: UInt64
    /// Number among all that the publisher's session began, 0: not stated.
    package let id: UInt64

    /// Names the event in what it makes us send.
    package var cause: Cause { Cause(source: publisher, id: id) }
}

/// Events of one topic that this subscriber will not get.
package struct EventGap: Sendable, Hashable {
    package let publisher: UInt64
    package let epoch: UInt32
    package let key: [UInt8]
    package let numbers: ClosedRange<UInt64>
    /// Whether the router named it; false: numbers were missing without a word, which is a bug somewhere.
    package let isReported: Bool
}

/// The publisher began anew: what came before is incomplete.
///
/// Take a snapshot, then follow.
package struct EventResync: Sendable, Hashable {
    package let publisher: UInt64
    /// The publisher's session from here on, 0: it has none now.
    package let epoch: UInt32
    package let key: [UInt8]
}

/// What a subscription gives, in order.
package enum EventElement<Event: Sendable>: Sendable {
    case event(Event, EventContext)
    case gap(EventGap)
    case resync(EventResync)
}

/// One element on its way to the consumer.
enum RawElement {
    case event(payload: [UInt8], EventContext, bytes: Int)
    case gap(EventGap)
    case resync(EventResync)
}

/// Type and key that we publish under.
struct PublishedTopic: Hashable {
    let type: UInt32
    let key: [UInt8]
}

/// A topic of somebody, as we have seen it.
struct TopicPosition: Hashable {
    let publisher: UInt64
    let type: UInt32
    let key: [UInt8]
}

/// How far we have come in a topic.
struct SeenPosition {
    var epoch: UInt32
    var seq: UInt64
}

/// One subscription.
///
/// Touched on the bus thread alone.
///
/// `@unchecked Sendable`: its consumer reaches it through the engine's executor only.
final class SubscriptionState: @unchecked Sendable {
    let id: UInt64
    let info: MethodInfo
    let key: [UInt8]
    // Bounded by the credit that we granted: an element is processed when it is taken.
    var elements: [RawElement] = []
    var taken = 0
    var waiter: UnsafeContinuation<Void, Never>?
    var confirmation: UnsafeContinuation<BusError?, Never>?
    var hasEnded = false
    var error: BusError?
    var generation: UInt64 = 0

    init(id: UInt64, info: MethodInfo, key: [UInt8]) {
        self.id = id
        self.info = info
        self.key = key
    }

    func add(_ element: RawElement) {
        elements.append(element)
        wake()
    }

    func wake() {
        let waiting = waiter
        waiter = nil
        waiting?.resume()
    }

    func end(_ error: BusError?) {
        guard !hasEnded else { return }
        hasEnded = true
        self.error = error
        confirmation?.resume(returning: error)
        confirmation = nil
        wake()
    }

    func take() -> RawElement? {
        guard taken < elements.count else { return nil }
        let element = elements[taken]
        taken += 1
        if taken == elements.count {
            elements.removeAll(keepingCapacity: true)
            taken = 0
        }
        return element
    }
}

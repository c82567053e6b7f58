internal import BusWire
/// A topic key of at most 32 bytes, held without allocation.
struct TopicName: Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    private(set) var count: UInt8 = 0

    init() {}

    /// - Precondition: at most 32 bytes; `FrameHeader` has checked it.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0, bytes.count <= maxTopicKeyBytes else { return }
        count = UInt8(bytes.count)
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    var bytes: [UInt8] {
        withUnsafeBytes(of: words) { [UInt8]($0.prefix(Int(count))) }
    }

    @inline(__always)
    static func == (left: TopicName, right: TopicName) -> Bool {
        left.count == right.count && left.words == right.words
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        hasher.combine(words.0)
        if count > 8 { hasher.combine(words.1) }
        if count > 16 { hasher.combine(words.2) }
        if count > 24 { hasher.combine(words.3) }
    }
}

/// Publisher, type and key: what a sequence of events is numbered by.
struct TopicKey: Hashable {
    let publisher: Int32
    let type: UInt32
    let name: TopicName
}

/// One subscriber of one topic.
struct TopicSubscriber {
    let session: Int32
    /// First event withheld and not yet reported, 0: none.
    var gapFrom: UInt64
}

/// The events of one publisher session under one type and key.
struct Topic {
    var isLive = false
    var generation: UInt32 = 0
    var key = TopicKey(publisher: -1, type: 0, name: TopicName())
    var lastSeq: UInt64 = 0
    var subscribers: [TopicSubscriber] = []
}

/// One wish of one session.
struct Subscription: Equatable {
    let session: Int32
    let name: TopicName

    func fits(_ topic: TopicName) -> Bool {
        name.count == 0 || name == topic
    }
}

/// Where a subscriber had come to in an earlier session.
struct SubscriberPosition {
    let publisher: UInt64
    let epoch: UInt32
    let name: TopicName
    let seq: UInt64
}

/// All topics and subscriptions.
struct TopicTable {
    var topics: [Topic] = []
    private var free: [Int32] = []
    private var places: [TopicKey: Int32] = [:]
    private(set) var subscriptions: [UInt32: [Subscription]] = [:]

    @inline(__always)
    func find(_ key: TopicKey) -> Int32? {
        places[key]
    }

    /// Adds a topic with the subscribers that want it.
    mutating func add(_ key: TopicKey) -> Int32 {
        let place = free.popLast() ?? Int32(topics.count)
        if place == topics.count { topics.append(Topic()) }
        topics[Int(place)].isLive = true
        topics[Int(place)].generation &+= 1
        topics[Int(place)].key = key
        topics[Int(place)].lastSeq = 0
        topics[Int(place)].subscribers.removeAll(keepingCapacity: true)
        for wish in subscriptions[key.type] ?? [] where wish.fits(key.name) {
            addSubscriber(wish.session, to: place)
        }
        places[key] = place
        return place
    }

    /// - Returns: whether the session was not a subscriber of the topic yet.
    @discardableResult
    mutating func addSubscriber(_ session: Int32, to place: Int32) -> Bool {
        guard !topics[Int(place)].subscribers.contains(where: { $0.session == session }) else { return false }
        topics[Int(place)].subscribers.append(TopicSubscriber(session: session, gapFrom: 0))
        return true
    }

    mutating func remove(_ place: Int32) {
        places[topics[Int(place)].key] = nil
        topics[Int(place)].isLive = false
        topics[Int(place)].subscribers.removeAll()
        free.append(place)
    }

    /// - Returns: false when the session had the same wish already.
    mutating func subscribe(_ wish: Subscription, type: UInt32) -> Bool {
        if subscriptions[type]?.contains(wish) == true { return false }
        subscriptions[type, default: []].append(wish)
        return true
    }

    /// - Returns: whether the session had that wish.
    mutating func unsubscribe(_ wish: Subscription, type: UInt32) -> Bool {
        guard let place = subscriptions[type]?.firstIndex(of: wish) else { return false }
        subscriptions[type]?.remove(at: place)
        let others = subscriptions[type]?.filter { $0.session == wish.session } ?? []
        for index in topics.indices where topics[index].isLive && topics[index].key.type == type {
            let name = topics[index].key.name
            if wish.fits(name), !others.contains(where: { $0.fits(name) }) {
                topics[index].subscribers.removeAll { $0.session == wish.session }
            }
        }
        return true
    }

    /// Forgets a session as a subscriber.
    mutating func forget(subscriber session: Int32) {
        for type in subscriptions.keys {
            subscriptions[type]?.removeAll { $0.session == session }
        }
        for index in topics.indices where topics[index].isLive {
            topics[index].subscribers.removeAll { $0.session == session }
        }
    }

    /// Live topics of one type.
    func places(type: UInt32) -> [Int32] {
        topics.indices.filter { topics[$0].isLive && topics[$0].key.type == type }.map(Int32.init)
    }

    /// Live topics of one publisher.
    func places(publisher: Int32) -> [Int32] {
        topics.indices.filter { topics[$0].isLive && topics[$0].key.publisher == publisher }.map(Int32.init)
    }
}

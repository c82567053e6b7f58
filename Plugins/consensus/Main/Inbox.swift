internal import ConsensusCore
internal import Synchronization

/// What is thought of a message.
struct Opinion: Sendable {
    /// Whether it is new and good, so that others should have it.
    var isTaken = false
    /// What no honest peer sends; empty: nothing of that kind.
    var blame = ""
}

/// Somebody who waits for an opinion: it is given once, at the latest when nobody can give it any more.
final class Asker: Sendable {
    private let waiting: Mutex<CheckedContinuation<Opinion, Never>?>

    init(_ continuation: CheckedContinuation<Opinion, Never>) {
        waiting = Mutex(continuation)
    }

    func tell(_ opinion: Opinion) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: opinion)
    }

    deinit { tell(Opinion()) }
}

/// Events on their way to the core.
final class Inbox: Sendable {
    /// What happened.
    enum Word: Sendable {
        case core(ConsensusEvent)
        case catchUp([CatchUpEvent])
    }

    /// An event; an answer has the height that it belongs to, a peer's word its peer and whoever waits for an opinion.
    struct Entry: Sendable {
        let word: Word
        var height: UInt64?
        var peer: UInt64 = 0
        var asker: Asker?
        var isTick = false
    }

    private struct Waiting {
        /// Who waits for an opinion of what is still in the stream.
        var askers: [ObjectIdentifier: Asker] = [:]
        var hasTick = false
        var isOver = false
    }

    /// Messages of peers that wait at most; what is beyond is dropped, and comes again when it is missed.
    static let most = 4096

    let stream: AsyncStream<Entry>
    private let continuation: AsyncStream<Entry>.Continuation
    private let waiting = Mutex(Waiting())

    init() {
        (stream, continuation) = AsyncStream.makeStream(of: Entry.self)
    }

    /// Puts an answer or a timer behind the others.
    func put(_ event: ConsensusEvent, height: UInt64?) {
        continuation.yield(Entry(word: .core(event), height: height))
    }

    /// Puts what the node itself has to say of catching up behind the others.
    func put(_ event: CatchUpEvent) {
        continuation.yield(Entry(word: .catchUp([event])))
    }

    /// Time passes; a tick that waits still is as good as two.
    func tick() {
        let isNew = waiting.withLock { waiting in
            defer { waiting.hasTick = true }
            return !waiting.hasTick
        }
        if isNew { continuation.yield(Entry(word: .catchUp([.tick]), isTick: true)) }
    }

    /// Puts what a peer sent behind the others, and waits for what is thought of it.
    ///
    /// What is too much is dropped, and comes again when it is missed; an answer that was asked for is never too much.
    func opinion(of word: Word, from peer: UInt64) async -> Opinion {
        var isAnswer = false
        if case .catchUp = word { isAnswer = true }
        return await withCheckedContinuation { continuation in
            let asker = Asker(continuation)
            let isTaken = waiting.withLock { waiting in
                guard !waiting.isOver, isAnswer || waiting.askers.count < Self.most else { return false }
                waiting.askers[ObjectIdentifier(asker)] = asker
                return true
            }
            // Dropped, it gives its answer.
            guard isTaken else { return }
            self.continuation.yield(Entry(word: word, peer: peer, asker: asker))
        }
    }

    /// Nobody takes entries any more: who waits is told, so that the process can end.
    func end() {
        let askers = waiting.withLock { waiting in
            waiting.isOver = true
            defer { waiting.askers = [:] }
            return waiting.askers.values
        }
        continuation.finish()
        for asker in askers { asker.tell(Opinion()) }
    }

    /// An entry was taken from the stream.
    func wasTaken(_ entry: Entry) {
        waiting.withLock { waiting in
            if entry.isTick { waiting.hasTick = false }
            if let asker = entry.asker { waiting.askers[ObjectIdentifier(asker)] = nil }
        }
    }
}

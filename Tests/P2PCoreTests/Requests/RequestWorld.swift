import P2PCore

/// A node that asks and a node that answers, with a line between them, in virtual time.
struct RequestWorld {
    static let peer = PeerHandle(value: 7)

    private struct Pipe {
        var room = 256 << 10
        var isOpen = false
    }

    var client: Requests
    var server: Requests
    /// Bytes of the server's writes, with their moments.
    private(set) var writes: [(at: UInt64, bytes: Int)] = []
    /// What the client was told.
    private(set) var told: [RequestAction] = []
    /// What the server is to answer.
    private(set) var served: [(id: ServedID, question: Question, bytes: Int)] = []
    private(set) var unwanted: [ServedID] = []
    private(set) var blamed: [String] = []
    /// Whether the client reads what comes.
    var isReading = true
    /// What answers a question; nil: nobody does yet.
    var provider: ((Question) -> [[UInt8]])?
    private(set) var now: UInt64 = 1000
    private var pipes: [UInt32: Pipe] = [:]
    private var queue: [(at: UInt64, order: Int, isForClient: Bool, action: ConnectionAction)] = []
    private var order = 0

    init(rate: UInt64 = 1 << 20, burst: UInt64 = 1 << 16) {
        client = Requests(network: "0badcafe", budget: RequestBudget(rate: 1 << 20))
        server = Requests(network: "0badcafe", budget: RequestBudget(rate: rate, burst: burst))
    }

    mutating func ask(_ number: UInt64, _ question: Question) {
        give(.ask(RequestID(question.kind, number), Self.peer, question), isForClient: true)
    }

    mutating func give(_ event: RequestEvent, isForClient: Bool) {
        let actions = isForClient ? client.handle(event, now: now) : server.handle(event, now: now)
        for action in actions { take(action, isForClient) }
    }

    /// Lets time pass.
    mutating func run(_ span: UInt64) {
        let end = now + span
        while now < end {
            let next = queue.map(\.at).min() ?? .max
            let tick = (now / 100 + 1) * 100
            now = min(next, tick, end)
            while let place = queue.indices.filter({ queue[$0].at <= now })
                .min(by: { (queue[$0].at, queue[$0].order) < (queue[$1].at, queue[$1].order) })
            {
                let entry = queue.remove(at: place)
                give(.connection(Self.peer, entry.action), isForClient: entry.isForClient)
            }
            guard now == tick else { continue }
            give(.tick, isForClient: true)
            give(.tick, isForClient: false)
        }
    }

    /// Gives one side an action of its connection, as a hostile other side would cause it.
    mutating func inject(_ action: ConnectionAction, isForClient: Bool) {
        give(.connection(Self.peer, action), isForClient: isForClient)
    }

    private mutating func take(_ action: RequestAction, _ isOfClient: Bool) {
        switch action {
        case .connection(_, let event): carry(event, isOfClient)
        case .serve(let id, _, let question, let bytes):
            served.append((id, question, bytes))
            if let provider { give(.provide(id, provider(question), isLast: true), isForClient: false) }
        case .unwanted(let id): unwanted.append(id)
        case .blame(_, let text): blamed.append(text)
        case .items, .progressed, .ended, .failed: told.append(action)
        }
    }

    private mutating func carry(_ event: ConnectionEvent, _ isOfClient: Bool) {
        switch event {
        case .open(let stream, let protocols):
            pipes[stream.number] = Pipe(isOpen: true)
            let other = StreamHandle(inbound: stream.number)
            push(.opened(other, protocol: protocols[0], inbound: true), isForClient: false)
            push(.writable(other, 256 << 10), isForClient: false)
            push(.opened(stream, protocol: protocols[0], inbound: false), isForClient: true)
            push(.writable(stream, 256 << 10), isForClient: true)
        case .write(let stream, let bytes):
            if !isOfClient {
                writes.append((now, bytes.count))
                pipes[stream.number]?.room -= bytes.count
            }
            push(.data(other(stream), bytes), isForClient: !isOfClient)
        case .finish(let stream): push(.finished(other(stream)), isForClient: !isOfClient)
        case .reset(let stream): push(.reset(other(stream), .byPeer), isForClient: !isOfClient)
        case .consumed(let stream, let count):
            guard isOfClient, isReading, var pipe = pipes[stream.number] else { return }
            pipe.room += count
            pipes[stream.number] = pipe
            push(.writable(other(stream), pipe.room), isForClient: false)
        case .started, .received, .ended, .tick, .ping, .close: break
        }
    }

    private func other(_ stream: StreamHandle) -> StreamHandle {
        stream.isInbound ? StreamHandle(opening: stream.number) : StreamHandle(inbound: stream.number)
    }

    private mutating func push(_ action: ConnectionAction, isForClient: Bool) {
        queue.append((now + 20, order, isForClient, action))
        order += 1
    }

    // MARK: - What came

    var items: [[UInt8]] {
        told.flatMap { action -> [[UInt8]] in if case .items(_, let items) = action { items } else { [] } }
    }

    var failures: [RequestFailure] {
        told.compactMap { if case .failed(_, let failure) = $0 { failure } else { nil } }
    }

    var ended: Int { told.count { if case .ended = $0 { true } else { false } } }

    var progress: Int {
        told.reduce(0) { if case .progressed(_, let bytes) = $1 { $0 + bytes } else { $0 } }
    }
}

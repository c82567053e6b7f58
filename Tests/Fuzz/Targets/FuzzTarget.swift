/// What is fuzzed; each takes any bytes and must neither trap nor hang.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// `RouterCore`: frames of two plugins and a stranger, time, and lost connections.
    case router
    /// `BusEngine`: frames of a router, time, and lost connections.
    case sdk
    /// The header walk and the control messages, read by our walk, protobuf-c and swift-protobuf.
    case codec
    /// Requests of the ZeroMQ Authentication Protocol.
    case zap
    /// Items of blocks: activations, PoET proofs, evidence.
    case items
    /// Bytes of the state tree: nodes, keys, proofs and lists of stale nodes.
    case tree
    /// Bytes that should be a transaction: read, written again, admitted, executed.
    case transaction
    /// Records of accounts, with what they were spawned with.
    case account
    /// What members of a committee and light clients read: votes, proposals, certificates, parts, blocks, light blocks.
    case consensus
    /// The mempool's journal, and announcements of peers.
    case mempool
    /// Records of consensus' log, and logs that a crash left.
    case log
    /// Files of a signer, and records of where members are reached.
    case signer
    /// Registrations at a PoET, its answers, proofs and certificates, and files of its rounds.
    case poet
    /// What strangers send on a connection: negotiation, handshake, streams, identity, addresses.
    case transport
    /// What strangers and files say of peers: records, questions, the address book, the bans, members' records.
    case peers
    /// What peers send on streams of requests, to a node that asks and is asked.
    case requests

    /// Runs one input.
    package func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .router: RouterWorld.run(input)
        case .sdk: EngineWorld.run(input)
        case .codec: CodecWorld.run(input)
        case .zap: ZapWorld.run(input)
        case .items: ItemWorld.run(input)
        case .tree: TreeFuzzWorld.run(input)
        case .transaction: TransactionFuzzWorld.transaction(input)
        case .account: TransactionFuzzWorld.account(input)
        case .consensus: ConsensusFuzzWorld.run(input)
        case .mempool: MempoolFuzzWorld.run(input)
        case .log: LogFuzzWorld.run(input)
        case .signer: SignerWorld.run(input)
        case .poet: PoetFuzzWorld.run(input)
        case .transport: TransportFuzzWorld.run(input)
        case .peers: PeersFuzzWorld.run(input)
        case .requests: RequestFuzzWorld.run(input)
        }
    }

    /// Valid inputs to start from.
    package func seeds() -> [[UInt8]] {
        switch self {
        case .router: RouterSeeds.all()
        case .sdk: EngineSeeds.all()
        case .codec: CodecWorld.seeds()
        case .zap: ZapWorld.seeds()
        case .items: ItemWorld.seeds()
        case .tree: TreeFuzzWorld.seeds()
        case .transaction: TransactionFuzzWorld.transactionSeeds()
        case .account: TransactionFuzzWorld.accountSeeds()
        case .consensus: ConsensusFuzzWorld.seeds()
        case .mempool: MempoolFuzzWorld.seeds()
        case .log: LogFuzzWorld.seeds()
        case .signer: SignerWorld.seeds()
        case .poet: PoetFuzzWorld.seeds()
        case .transport: TransportFuzzWorld.seeds()
        case .peers: PeersFuzzWorld.seeds()
        case .requests: RequestFuzzWorld.seeds()
        }
    }
}

/// An input as a list of steps: an operation, a length of two bytes, that many bytes.
struct StepReader {
    private let input: UnsafeRawBufferPointer
    private var position = 0
    private var left: Int

    init(_ input: UnsafeRawBufferPointer, limit: Int = 64) {
        self.input = input
        left = limit
    }

    /// The next step; a length beyond the end takes what is there.
    mutating func next() -> (operation: UInt8, bytes: UnsafeRawBufferPointer)? {
        guard left > 0, position + 3 <= input.count else { return nil }
        left -= 1
        let operation = input[position]
        let length = Int(input[position + 1]) | Int(input[position + 2]) << 8
        let start = position + 3
        position = start + min(length, input.count - start)
        return (operation, UnsafeRawBufferPointer(rebasing: input[start..<position]))
    }
}

/// The steps of a seed.
struct StepWriter {
    private(set) var bytes: [UInt8] = []

    mutating func step(_ operation: UInt8, _ frame: [UInt8]) {
        bytes += [operation, UInt8(frame.count & 0xff), UInt8(frame.count >> 8 & 0xff)]
        bytes += frame.prefix(65_535)
    }

    /// A step whose two bytes are a number.
    mutating func step(_ operation: UInt8, number: UInt16) {
        step(operation, [UInt8(number & 0xff), UInt8(number >> 8)])
    }
}

/// The number in a step's first two bytes.
func number(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    bytes.prefix(2).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
}

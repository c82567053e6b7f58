internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodePoet
internal import PoetCore
internal import Synchronization

/// Does the work of one round on a thread of its own, and keeps what of it a proof needs.
final class RoundWorker: Sendable {
    /// What became of it.
    enum Outcome: Sendable {
        case proved(WorkProof)
        case stopped
        case failed(String)
    }

    private enum Wish: Int {
        case work, prove, stop
    }

    let epoch: UInt32
    private let statement: Bytes32
    private let folder: String
    private let interval: Double
    private let tell: @Sendable (String) -> Void
    private let wish = Atomic<Int>(Wish.work.rawValue)
    private let made = Atomic<UInt64>(0)
    private let isOver = Atomic<Bool>(false)
    private let isAbandoned = Atomic<Bool>(false)

    /// Work on a statement.
    ///
    /// - Parameters:
    ///   - folder: of the round.
    ///   - interval: seconds between two checkpoints.
    ///   - tell: says something to people.
    init(
        epoch: UInt32, statement: Bytes32, folder: String, interval: Double,
        tell: @escaping @Sendable (String) -> Void
    ) {
        self.epoch = epoch
        self.statement = statement
        self.folder = folder
        self.interval = interval
        self.tell = tell
    }

    /// Leaves that are made.
    var leaves: UInt64 { made.load(ordering: .relaxed) }

    /// Whether nothing more is written.
    var hasEnded: Bool { isOver.load(ordering: .acquiring) }

    /// Ends the work behind this subtree, and proves it.
    func prove() { wish.store(Wish.prove.rawValue, ordering: .relaxed) }

    /// Ends the work; what is kept stays, so that it can go on.
    func stop() { wish.store(Wish.stop.rawValue, ordering: .relaxed) }

    /// Ends the work, and drops the round's folder.
    func abandon() {
        isAbandoned.store(true, ordering: .relaxed)
        stop()
    }

    /// Begins, or goes on; `done` is called on the worker's thread.
    func start(_ done: @escaping @Sendable (Outcome) -> Void) {
        let thread = Thread { [self] in
            let outcome: Outcome
            do {
                outcome = try run()
            } catch {
                outcome = .failed("\(error)")
            }
            if isAbandoned.load(ordering: .relaxed) {
                try? FileManager.default.removeItem(atPath: folder)
            }
            isOver.store(true, ordering: .releasing)
            done(outcome)
        }
        thread.name = "work"
        thread.stackSize = 1 << 20
        thread.start()
    }

    // MARK: - The thread

    private func run() throws -> Outcome {
        let nodes = try AppendedFile("\(folder)/nodes")
        var work = try restored(nodes)
        made.store(work.leafCount, ordering: .relaxed)
        var (pending, last) = ([UInt8](), seconds())
        while wish.load(ordering: .relaxed) == Wish.work.rawValue {
            pending += work.work().bytes
            made.store(work.leafCount, ordering: .relaxed)
            guard seconds() - last >= interval else { continue }
            try checkpoint(work, nodes, &pending)
            last = seconds()
        }
        try checkpoint(work, nodes, &pending)
        guard wish.load(ordering: .relaxed) == Wish.prove.rawValue else { return .stopped }
        return .proved(try proof(of: work, nodes))
    }

    /// First the nodes, then how many of them count.
    private func checkpoint(
        _ work: SequentialWork, _ nodes: AppendedFile, _ pending: inout [UInt8]
    ) throws {
        try nodes.append(pending)
        pending = []
        try WholeFile.replace(
            "\(folder)/checkpoint", WorkCheckpoint(work, statement: statement).bytes)
    }

    /// The work up to the last checkpoint, with the nodes that belong to it and no others.
    private func restored(_ nodes: AppendedFile) throws -> SequentialWork {
        let fresh = SequentialWork(PoetLabels(statement: statement.bytes))
        guard let bytes = WholeFile.read("\(folder)/checkpoint") else {
            try nodes.cut(to: 0)
            return fresh
        }
        let file = WorkCheckpoint(bytes: bytes)
        guard let file, let work = file.work(on: statement) else {
            tell("the checkpoint of round \(epoch) is damaged: its work begins anew")
            try nodes.cut(to: 0)
            return fresh
        }
        var again = fresh
        try eachNode(nodes, count: file.subtrees) { again.restore($0) }
        guard WorkCheckpoint(again, statement: statement) == file else {
            tell("what is kept of round \(epoch) is damaged: its work begins anew. See to the disk")
            try nodes.cut(to: 0)
            return fresh
        }
        try nodes.cut(to: file.subtrees * UInt64(Bytes32.count))
        tell("round \(epoch) goes on behind leaf \(work.leafCount)")
        return work
    }

    private func proof(of work: SequentialWork, _ nodes: AppendedFile) throws -> WorkProof {
        guard var assembly = ProofAssembly(of: work) else {
            throw CommandFault("there is no work to prove")
        }
        try eachNode(nodes, count: work.upper.count) { assembly.take($0) }
        let proof = try assembly.finish()
        try proof.check(statement: statement)
        return proof
    }

    /// Reads nodes in order; a file that ends before leaves the rest out.
    private func eachNode(_ nodes: AppendedFile, count: UInt64, _ body: (Bytes32) -> Void) throws {
        var done: UInt64 = 0
        while done < count {
            let most = min(count - done, UInt64(Self.nodesAtOnce))
            let bytes = try nodes.read(
                at: done * UInt64(Bytes32.count), atMost: Int(most) * Bytes32.count)
            guard bytes.count >= Bytes32.count else { return }
            for place in stride(from: 0, through: bytes.count - Bytes32.count, by: Bytes32.count) {
                body(Bytes32(bytes[place..<place + Bytes32.count]) ?? .zero)
                done += 1
            }
        }
    }

    private static let nodesAtOnce = 1 << 15
}

/// Seconds of a clock that only goes forward.
func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Unix milliseconds.
func unixMilliseconds() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }

/// How fast this processor works.
enum WorkSpeed {
    /// Leaves a second of one thread, measured for so many seconds at least.
    static func leavesPerSecond(_ path: SHA256 = .expected, seconds span: Double) -> Double {
        var work = SequentialWork(PoetLabels(statement: Bytes32.largest.bytes, path: path), layer: 4)
        let start = seconds()
        repeat { _ = work.work() } while seconds() - start < span
        return Double(work.leafCount) / (seconds() - start)
    }
}

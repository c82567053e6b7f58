internal import Foundation
internal import Glibc
internal import Logging
internal import Synchronization
internal import ZeroMQ

/// The thread that owns a plugin's sockets, drives its engine and runs its Swift jobs.
///
/// `@unchecked Sendable`: `link` belongs to the thread itself; the rest never changes or is atomic.
final class BusThread: @unchecked Sendable {
    let engine: BusEngine
    let executor: BusExecutor
    private let pipe: WakePipe
    private let logger: Logger
    private let isClosing = Atomic<Bool>(false)
    private var link: ZeroMQLink?
    private var lastTick: UInt64 = 0

    /// A handler that keeps the thread longer than this is reported.
    private static let blockingMilliseconds: UInt64 = 50

    init(_ options: BusOptions, logger: Logger) {
        let pipe = WakePipe()
        self.pipe = pipe
        self.logger = logger
        executor = BusExecutor(wake: { pipe.wake() })
        engine = BusEngine(options: options, executor: executor, logger: logger)
    }

    func start() {
        let thread = Thread { [self] in main() }
        thread.name = "bus"
        thread.start()
    }

    /// Ends the thread; nothing may wait on its executor any more.
    func close() {
        isClosing.store(true, ordering: .releasing)
        pipe.wake()
    }

    private func main() {
        executor.adoptThread()
        let context: Context
        do {
            context = try Context()
            let link = try ZeroMQLink(engine.options, context: context)
            self.link = link
            engine.attach(link, now: monotonicMilliseconds())
        } catch {
            engine.stop(BusError(.routerLost, "no socket to \(engine.options.address): \(error)"))
        }
        while !engine.isStopped { step() }
        // Frees the sockets, and lets the last frames go.
        let last = link
        link = nil
        engine.link = nil
        withExtendedLifetime(last) {}
        serveJobs()
    }

    /// After the session: jobs still run, so that whoever asks gets an answer.
    private func serveJobs() {
        var poller = Poller(capacity: 1)
        _ = poller.add(descriptor: pipe.readEnd)
        while !isClosing.load(ordering: .acquiring) {
            executor.runJobs()
            _ = try? poller.wait(timeoutMilliseconds: executor.hasJobs ? 0 : 1000)
            pipe.drain()
        }
        executor.runJobs()
    }

    private func step() {
        guard let link else { return }
        var poller = Poller(capacity: 4)
        do {
            _ = try poller.add(link.control)
            _ = try poller.add(link.data)
            let monitor = try poller.add(link.monitor.socket)
            let wake = poller.add(descriptor: pipe.readEnd)
            while !engine.isStopped {
                let now = monotonicMilliseconds()
                if now >= lastTick + 10 {
                    lastTick = now
                    while let event = try link.nextEvent() { engine.handle(event, now: now) }
                    engine.tick(now: now)
                }
                runJobs()
                let hasControl = try drain(link.control, .control, now)
                // The poller's rule: nothing came, so nothing was sent since both sockets were found empty.
                if try drain(link.data, .data, now) || hasControl || executor.hasJobs { continue }
                try poller.wait(timeoutMilliseconds: engine.idleMilliseconds)
                if poller.isReadable(wake) { pipe.drain() }
                if poller.isReadable(monitor) { lastTick = 0 }
            }
        } catch {
            engine.stop(BusError(.routerLost, "bus sockets failed: \(error)"))
        }
    }

    private func runJobs() {
        guard executor.hasJobs else { return }
        let before = monotonicMilliseconds()
        executor.runJobs()
        let after = monotonicMilliseconds()
        if after >= before + Self.blockingMilliseconds {
            logger.warning(
                "a handler kept the bus thread: move blocking work to an executor of its own",
                metadata: ["milliseconds": "\(after - before)"])
        }
    }

    /// - Returns: whether anything came.
    private func drain(_ socket: borrowing Socket, _ lane: BusLane, _ now: UInt64) throws -> Bool {
        var message = Message()
        for taken in 0..<256 {
            guard try socket.receive(into: &message) else { return taken > 0 }
            message.withUnsafeBytes { engine.receive($0, lane: lane, now: now) }
        }
        return true
    }
}

/// Wakes a thread that polls.
final class WakePipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    func wake() {
        var byte: UInt8 = 1
        // A full pipe wakes as well.
        _ = write(writeEnd, &byte, 1)
    }

    func drain() {
        var bytes = (UInt64(0), UInt64(0))
        while read(readEnd, &bytes, 16) > 0 {}
    }
}

/// Milliseconds of a clock that never goes back.
func monotonicMilliseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
}

import ArgumentParser
import Foundation
import NodeBus
import NodeProtocol
import StorageClient
import StorageWire
import TestSupport

/// Writes batches of one shape as fast as it goes, several under way.
struct BenchWrite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-write", abstract: "Batches of 1,000 entries, in rising order of keys.")

    @Option var bus: String
    @Option var batches: Int = 256
    @Option var value: Int = 1024
    @Option var underWay: Int = 8
    @Flag var durable = false

    struct Report: Encodable {
        let seconds: Double
        let bytes: Int
        let mbPerSecond: Double
    }

    func run() async throws {
        let (batches, value, underWay, durable) = (batches, value, underWay, durable)
        let report = try await withStorage(bus, role: "vm") { bus in
            let made = try (0..<underWay).map { try Shape.request($0, value: value, durable: durable) }
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<underWay {
                    group.addTask {
                        var request = made[lane]
                        for number in stride(from: lane, to: batches, by: underWay) {
                            Shape.renumber(&request.batch, number)
                            _ = try await bus.call(StorageContract.write, request)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let seconds = seconds(ContinuousClock.now - start)
            let bytes = batches * Shape.entries * (Shape.keyBytes + value)
            return Report(seconds: seconds, bytes: bytes, mbPerSecond: Double(bytes) / seconds / 1e6)
        }
        try printLine(report)
    }
}

func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}

/// The entries of db_bench's fillbatch: 1,000 a batch, 16-byte keys in rising order, values that compress by half.
enum Shape {
    static let entries = 1000
    static let keyBytes = 16

    static func key(_ number: Int) -> [UInt8] {
        Pattern.big(UInt64(number)) + [UInt8](repeating: 0x30, count: 8)
    }

    static func value(_ number: Int, bytes: Int) -> [UInt8] {
        var state = UInt64(number) &* 0x9e37_79b9_7f4a_7c15 | 1
        let random = (0..<(bytes + 1) / 2).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        return Array((random + random).prefix(bytes))
    }

    static func request(_ number: Int, value bytes: Int, durable: Bool) throws
        -> Spacenode_Storage_V1_WriteRequest
    {
        var batch = StorageBatch()
        for place in 0..<entries {
            let number = number * entries + place
            try batch.put(.state, key(number), value(number, bytes: bytes))
        }
        var request = Spacenode_Storage_V1_WriteRequest()
        request.batch = Data(batch.bytes)
        request.durable = durable
        return request
    }

    /// Gives the batch the keys of another number in place: what is measured is not the making of values.
    static func renumber(_ batch: inout Data, _ number: Int) {
        let stride = batch.count / entries
        batch.withUnsafeMutableBytes { bytes in
            for place in 0..<entries {
                bytes.storeBytes(
                    of: UInt64(number * entries + place).bigEndian, toByteOffset: place * stride + 3,
                    as: UInt64.self)
            }
        }
    }
}

/// Reads the same keys by MultiGet and one by one.
struct BenchGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-get",
        abstract: "256 keys by one MultiGet, by Gets under way together, by Gets in a row.")

    @Option var bus: String
    @Option(help: "Entries written by bench-write.") var entries: Int
    @Option var rounds: Int = 40

    struct Report: Encodable {
        var multiGetUs: Double = 0
        var togetherUs: Double = 0
        var inARowUs: Double = 0
    }

    func run() async throws {
        let (entries, rounds) = (entries, rounds)
        let report = try await withStorage(bus, role: "vm") { bus in
            let storage = StorageClient(bus)
            var samples: [[Double]] = [[], [], []]
            for round in 0..<rounds {
                let keys = (0..<256).map { Shape.key((round * 7919 + $0 * 104_729) % entries) }
                // The first look warms the cache for all three ways alike.
                _ = try await storage.multiGet(.state, keys)
                samples[0].append(try await time { try await check(storage.multiGet(.state, keys)) })
                samples[1].append(try await time { try await together(storage, keys) })
                samples[2].append(
                    try await time { for key in keys { try await check([storage.get(.state, key)]) } })
            }
            let middle = samples.map { $0.sorted()[$0.count / 2] }
            return Report(multiGetUs: middle[0], togetherUs: middle[1], inARowUs: middle[2])
        }
        try printLine(report)
    }

    private func check(_ values: [[UInt8]?]) throws {
        if values.contains(nil) { throw ValidationError("a key that was written is not there") }
    }

    private func together(_ storage: StorageClient, _ keys: [[UInt8]]) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for key in keys { group.addTask { try await storage.get(.state, key) != nil } }
            for try await found in group where !found {
                throw ValidationError("a key that was written is not there")
            }
        }
    }

    private func time(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return seconds(ContinuousClock.now - start) * 1e6
    }
}

/// Reads a keyspace through and says how much memory that took of its own process.
struct BenchScan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-scan", abstract: "One scan over everything bench-write has written.")

    @Option var bus: String
    @Flag var reverse = false

    struct Report: Encodable {
        var entries = 0
        var bytes = 0
        var seconds = 0.0
        var mbPerSecond = 0.0
        var moments = 0
        var idleBytes = 0
        var peakBytes = 0
    }

    func run() async throws {
        let reverse = reverse
        let report = try await withStorage(bus, role: "vm") { bus in
            var range = StorageRange(.state)
            range.isReverse = reverse
            // The first item makes the idle figure one of a client that has its buffers.
            var report = Report()
            report.idleBytes = residentBytes()
            report.peakBytes = report.idleBytes
            var scan = StorageClient(bus).scan(range)
            let start = ContinuousClock.now
            while let entries = try await scan.nextEntries() {
                report.entries += entries.count
                report.bytes += entries.reduce(0) { $0 + $1.key.count + $1.value.count }
                report.peakBytes = max(report.peakBytes, residentBytes())
            }
            report.seconds = seconds(ContinuousClock.now - start)
            report.mbPerSecond = Double(report.bytes) / report.seconds / 1e6
            report.moments = scan.moments
            return report
        }
        try printLine(report)
    }
}

/// Resident memory of this process.
func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * 4096
}

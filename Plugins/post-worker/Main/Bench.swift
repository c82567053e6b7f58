internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization

/// Carries the measurements out.
struct Bench {
    let seconds: Double
    let scryptN: UInt32
    let nonces: Int
    let directory: String?
    let fast: Bool
    let wants: (String) -> Bool

    /// Bytes of labels that a scan goes over: far more than the caches hold.
    private static let scanBytes = 128 << 20

    func measure(_ part: BenchPart, threads: Int) throws -> [BenchRow] {
        switch part {
        case .labels: try labels(threads)
        case .scan: try scan(threads)
        case .file: try file(threads)
        case .work: try work(threads)
        case .verify: try BenchVerify(seconds: seconds, scryptN: scryptN, wants: wants).rows(threads)
        }
    }

    private func labels(_ threads: Int) throws -> [BenchRow] {
        try LabelProviders.available.filter { wants($0.name) }.map { provider in
            let workers = try (0..<threads).map { _ in try provider.makeWorker(scryptN: scryptN) }
            let batch = Double(workers[0].batch)
            let result = repeated(PerThread(workers)) { worker, round in
                _ = worker.labels(of: .zero, from: UInt64(round * worker.batch), count: worker.batch)
            }
            return row(.labels, provider.name, threads, "labels/s", result, batch)
        }
    }

    private func scan(_ threads: Int) throws -> [BenchRow] {
        let groups = (0..<nonces / 16).map { ScanGroup(number: UInt8($0), pow: UInt64($0)) }
        guard let difficulty = ProvingDifficulty(k1: 26, labels: 1 << 34) else { return [] }
        let pass = ScanPass(challenge: .largest, groups: groups, difficulty: difficulty)
        let memory = noise(Bench.scanBytes)
        return memory.withUnsafeBytes { labels in
            let shared = SharedBytes(labels)
            return ScanPath.available.filter { wants($0.rawValue) }.compactMap { path in
                let scanners = (0..<threads).compactMap { _ in LabelScanner(path, pass: pass) }
                guard scanners.count == threads else { return nil }
                // The portable path would need minutes for all.
                let bytes = path == .portable ? Bench.scanBytes / 64 : Bench.scanBytes
                let result = repeated(PerThread(scanners)) { scanner, _ in
                    var scanner = scanner
                    var hits: [ScanHit] = []
                    scanner.scan(
                        UnsafeRawBufferPointer(rebasing: shared.bytes[..<bytes]), from: 0, into: &hits)
                }
                let name = "GiB/s of \(nonces) nonces"
                return row(.scan, path.rawValue, threads, name, result, Double(bytes) / Double(1 << 30))
            }
        }
    }

    private func file(_ threads: Int) throws -> [BenchRow] {
        guard let directory else { return [] }
        let bench = BenchFile(directory: directory, nonces: nonces)
        return try ScanPath.available.filter { wants($0.rawValue) && $0 != .portable }
            .compactMap { try bench.row(threads: threads, path: $0) }
    }

    private func work(_ threads: Int) throws -> [BenchRow] {
        let cache = try RandomXCache(allocated: HugePages.advise)
        var rows = [
            hashes("RandomX light", try (0..<threads).map { _ in MachineBox(try RandomXMachine(cache)) })
        ]
        guard fast else { return rows }
        let dataSet = try RandomXDataSet(cache, allocated: HugePages.advise)
        note("filling RandomX's data set")
        let start = wallSeconds()
        onThreads(threads) { dataSet.fill(RandomXDataSet.part($0, of: threads)) }
        let took = wallSeconds() - start
        rows.append(
            BenchRow(
                part: .work, path: "RandomX data set", threads: threads, unit: "s to fill", value: took,
                cpu: took))
        var light = try RandomXMachine(cache)
        var quick = try RandomXMachine(dataSet)
        for number in 0..<8 where light.hash([UInt8(number)]) != quick.hash([UInt8(number)]) {
            throw CommandFault(
                "post: RandomX gives another hash in fast mode: this memory is not to be trusted"
            )
        }
        rows.append(
            hashes("RandomX fast", try (0..<threads).map { _ in MachineBox(try RandomXMachine(dataSet)) }))
        return rows
    }

    private func hashes(_ name: String, _ machines: [MachineBox]) -> BenchRow {
        let work = ProofWork(group: 0, challenge: .zero, identity: .zero)
        let result = repeated(PerThread(machines)) { box, round in
            _ = box.machine.hash(work.input(pow: UInt64(round)))
        }
        return row(.work, name, machines.count, "hashes/s", result, 1)
    }

    private func row(
        _ part: BenchPart, _ path: String, _ threads: Int, _ unit: String, _ result: BenchResult,
        _ each: Double
    ) -> BenchRow {
        BenchRow(
            part: part, path: path, threads: threads, unit: unit, value: result.wallRate * each,
            cpu: result.cpuRate * each)
    }

    /// Runs a body again and again on every worker, each on its thread, for the set time.
    private func repeated<Worker>(
        _ workers: PerThread<Worker>, _ body: @escaping @Sendable (Worker, Int) -> Void
    ) -> BenchResult {
        let total = Mutex(BenchResult())
        let seconds = seconds
        onThreads(workers.count) { number in
            let worker = workers[number]
            body(worker, 0)
            let (wall, cpu) = (wallSeconds(), threadSeconds())
            var rounds = 0
            repeat {
                rounds += 1
                body(worker, rounds)
            } while wallSeconds() - wall < seconds
            let took = (wall: wallSeconds() - wall, cpu: threadSeconds() - cpu)
            total.withLock { result in
                result.wallRate += Double(rounds) / took.wall
                result.cpuRate += Double(rounds) / took.cpu
            }
        }
        return total.withLock { $0 }
    }
}

/// Rounds a second, summed over threads.
struct BenchResult: Sendable {
    var wallRate = 0.0
    var cpuRate = 0.0
}

/// Bytes that threads only read.
struct SharedBytes: @unchecked Sendable {
    // Unchecked: nobody writes while the threads run, and they end before the memory does.
    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }
}

/// Bytes that look random.
func noise(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        var state: UInt64 = 1
        for place in buffer.indices {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            buffer[place] = UInt8(truncatingIfNeeded: state >> 56)
        }
        filled = count
    }
}

internal import Foundation
internal import NodeDomain
internal import NodeEncoding
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization

/// Measures the verification of a proof with 37 labels, beside the RandomX hash that is part of it.
struct BenchVerify {
    let seconds: Double
    let scryptN: UInt32
    let wants: (String) -> Bool

    /// Times of one thread, in seconds.
    fileprivate struct Times: Sendable {
        var work: [Double] = []
        var labels: [Double] = []
        var whole: [Double] = []
        var workCPU: [Double] = []
        var labelsCPU: [Double] = []
        var wholeCPU: [Double] = []
    }

    func rows(_ threads: Int) throws -> [BenchRow] {
        let cache = try RandomXCache(allocated: HugePages.advise)
        var rows: [BenchRow] = []
        for provider in LabelProviders.available where wants(provider.name) {
            let cases = try (0..<threads).map { _ in try VerifyCase(cache, provider, scryptN) }
            let shared = PerThread(cases)
            let all = Mutex(Times())
            let seconds = seconds
            onThreads(threads) { number in
                let times = BenchVerify.measure(shared[number], seconds)
                all.withLock { $0.add(times) }
            }
            let times = all.withLock { $0 }
            let figures: [(String, [Double], [Double])] = [
                ("RandomX hash", times.work, times.workCPU),
                ("37 labels, \(provider.name)", times.labels, times.labelsCPU),
                ("whole proof, \(provider.name)", times.whole, times.wholeCPU),
            ]
            for (path, wall, cpu) in figures {
                rows.append(
                    BenchRow(
                        part: .verify, path: path, threads: threads, unit: "ms (median)",
                        value: 1000 * median(wall), cpu: 1000 * median(cpu)))
            }
        }
        return rows
    }

    private static func measure(_ subject: VerifyCase, _ seconds: Double) -> Times {
        var times = Times()
        let end = wallSeconds() + seconds
        func timed(
            _ wall: WritableKeyPath<Times, [Double]>, _ cpu: WritableKeyPath<Times, [Double]>,
            _ body: () -> Void
        ) {
            let start = (wallSeconds(), threadSeconds())
            body()
            times[keyPath: wall].append(wallSeconds() - start.0)
            times[keyPath: cpu].append(threadSeconds() - start.1)
        }
        repeat {
            timed(\.work, \.workCPU) { subject.work() }
            timed(\.labels, \.labelsCPU) { subject.labels() }
            timed(\.whole, \.wholeCPU) { subject.whole() }
        } while wallSeconds() < end
        return times
    }

    private func median(_ list: [Double]) -> Double {
        list.isEmpty ? 0 : list.sorted()[list.count / 2]
    }
}

extension BenchVerify.Times {
    fileprivate mutating func add(_ other: Self) {
        work += other.work
        labels += other.labels
        whole += other.whole
        workCPU += other.workCPU
        labelsCPU += other.labelsCPU
        wholeCPU += other.wholeCPU
    }
}

/// A valid proof, so that a verifier looks at all of it.
///
/// K1 is one less than the plot's labels: all but one of them are expected to be good. The time depends on cost and
/// number of the labels alone.
private final class VerifyCase {
    private let plot: Plot
    private let proof: PostProof
    private let verifier: ProofVerifier
    private let worker: any LabelWorker
    private var machine: RandomXMachine
    private let indices = (0..<37).map { UInt64($0) }

    init(_ cache: RandomXCache, _ provider: any LabelProvider, _ scryptN: UInt32) throws {
        machine = try RandomXMachine(cache)
        worker = try provider.makeWorker(scryptN: scryptN)
        plot = try Plot(
            identity: Bytes32(1, 2, 3, 4), commitmentATX: .zero, units: 1, labelsPerUnit: 1 << 32,
            scryptN: scryptN)
        let bits = IndexPacking.bits(labels: plot.labels)
        proof = PostProof(nonce: 0, indices: IndexPacking.pack(indices, bits: bits), pow: 0)
        verifier = ProofVerifier(
            importing: .strict,
            rules: ProofRules(k1: UInt32.max, k2: 37, powDifficulty: .largest, units: 1...1))
        try verifier.verify(proof, of: plot, challenge: .zero, on: &machine, by: worker)
    }

    func work() {
        try? verifier.checkWork(proof, of: plot, challenge: .zero, on: &machine)
    }

    func labels() {
        try? verifier.checkLabels(proof, of: plot, challenge: .zero, indices: indices, by: worker)
    }

    func whole() {
        try? verifier.verify(proof, of: plot, challenge: .zero, on: &machine, by: worker)
    }
}

package import NodeDomain
package import PostWorkerCore

/// With how much memory RandomX is asked to hash.
package enum RandomXChoice: String, CaseIterable, Sendable {
    /// With the cache of 256 MiB alone.
    case light
    /// With the data set of 2,080 MiB besides, which takes a while to make and makes each hash many times cheaper.
    case fast
    /// Fast when it pays and there is memory.
    case automatic

    /// What it comes to, for so many hashes as are expected.
    package func mode(hashes: Double) -> WorkMode {
        switch self {
        case .light: .light
        case .fast: .fast
        case .automatic: WorkMode(expected: hashes, freeMemory: HugePages.freeBytes, isReady: false)
        }
    }
}

/// Finds proofs of work on several threads: the smallest pow of each group, so that the same input gives the same proof.
package final class WorkSearch: Sendable {
    /// RandomX's shared memory.
    package let cache: RandomXCache
    private let challenge: Bytes32
    private let identity: Bytes32
    /// That of the plot's size: a hash must be below it.
    package let difficulty: Bytes32
    private let machines: PerThread<MachineBox>
    private let control: WorkControl

    /// Pows that a thread tries before it looks whether another found one.
    private static let step: UInt64 = 4

    /// Fills RandomX's memory, which takes about half a second, unless it is given.
    ///
    /// - Parameters:
    ///   - difficulty: that of one unit.
    ///   - dataSet: hash in fast mode with it.
    /// - Throws: `RandomXFault` without memory.
    package init(
        challenge: Bytes32, identity: Bytes32, units: UInt32, difficulty: Bytes32, threads: Int = 1,
        control: WorkControl = WorkControl(), cache: RandomXCache? = nil,
        dataSet: RandomXDataSet? = nil
    ) throws(RandomXFault) {
        let cache = if let cache { cache } else { try RandomXCache(allocated: HugePages.advise) }
        self.cache = cache
        var machines: [MachineBox] = []
        for _ in 0..<max(threads, 1) {
            if let dataSet {
                machines.append(MachineBox(try RandomXMachine(dataSet)))
            } else {
                machines.append(MachineBox(try RandomXMachine(cache)))
            }
        }
        self.machines = PerThread(machines)
        self.challenge = challenge
        self.identity = identity
        self.difficulty = WorkDifficulty.scaled(difficulty, units: units)
        self.control = control
    }

    /// The same, with the memory of its own that is asked for: fast mode makes the data set first, on all threads.
    ///
    /// - Parameters:
    ///   - groups: how many groups will be searched, for the choice of memory.
    ///   - progress: called with the share of the data set that is made.
    package convenience init(
        challenge: Bytes32, identity: Bytes32, units: UInt32, difficulty: Bytes32, groups: Int,
        threads: Int, memory: RandomXChoice, control: WorkControl,
        progress: @escaping @Sendable (Double) -> Void
    ) throws {
        let scaled = WorkDifficulty.scaled(difficulty, units: units)
        let hashes = Double(groups) * WorkSearch.expected(below: scaled)
        let cache = try RandomXCache(allocated: HugePages.advise)
        var dataSet: RandomXDataSet?
        if memory.mode(hashes: hashes) == .fast {
            let made = try RandomXDataSet(cache, allocated: HugePages.advise)
            try WorkSearch.fill(made, threads: threads, control: control, progress)
            dataSet = made
        }
        try self.init(
            challenge: challenge, identity: identity, units: units, difficulty: difficulty, threads: threads,
            control: control, cache: cache, dataSet: dataSet)
    }

    /// Pieces that the data set is made in: between them it is asked whether to go on.
    private static let parts = 256

    /// Makes the data set on all threads; a stop leaves it unfinished, and no search begins then.
    private static func fill(
        _ dataSet: RandomXDataSet, threads: Int, control: WorkControl,
        _ progress: @escaping @Sendable (Double) -> Void
    ) throws {
        let taken = Monitor(0)
        try OrderedWork<Int, Void>(
            threads: threads,
            next: {
                guard control.admit(bytes: 0) else { return nil }
                return taken.with { number -> (Int, Int)? in
                    guard number < parts else { return nil }
                    defer { number += 1 }
                    return (number, number)
                }
            },
            work: { _, part in dataSet.fill(RandomXDataSet.part(part, of: parts)) },
            deliver: { part, _ in
                progress(Double(part + 1) / Double(parts))
                return true
            }
        ).run()
    }

    /// Groups with their proofs of work.
    ///
    /// - Parameter progress: called with the hashes of all groups so far, and how many are expected in all.
    /// - Returns: nil when the control ended the search, or a group has no pow at all.
    package func groups(
        _ numbers: Range<UInt32>, progress: @escaping @Sendable (UInt64, Double) -> Void
    ) throws -> [ScanGroup]? {
        var groups: [ScanGroup] = []
        var before: UInt64 = 0
        let expected = Double(numbers.count) * WorkSearch.expected(below: difficulty)
        for number in numbers {
            let group = UInt8(truncatingIfNeeded: number)
            let base = before
            guard let pow = try pow(of: group, progress: { progress(base + $0, expected) }) else {
                return nil
            }
            before += pow + 1
            groups.append(ScanGroup(number: group, pow: pow))
        }
        return groups
    }

    /// Hashes until one is below a difficulty, on average.
    package static func expected(below difficulty: Bytes32) -> Double {
        18_446_744_073_709_551_616.0 / max(Double(difficulty.word0) + Double(difficulty.word1) / 1.8e19, 1e-9)
    }

    /// The smallest proof of work of a group that is not below `start`.
    ///
    /// - Parameter progress: called with the pow below which all were tried.
    /// - Returns: nil when the control ended the search, or there is none.
    package func pow(
        of group: UInt8, from start: UInt64 = 0, progress: @escaping @Sendable (UInt64) -> Void
    ) throws -> UInt64? {
        let work = ProofWork(group: group, challenge: challenge, identity: identity)
        let (machines, difficulty, control) = (machines, difficulty, control)
        let taken = Monitor(0)
        let found = Monitor(UInt64?.none)
        try OrderedWork<Range<UInt64>, UInt64?>(
            threads: machines.count, ahead: 4 * machines.count,
            next: {
                guard control.admit(bytes: 0) else { return nil }
                let number = taken.with { number -> Int in
                    defer { number += 1 }
                    return number
                }
                let (first, overflow) = start.addingReportingOverflow(UInt64(number) * WorkSearch.step)
                guard !overflow, first < ProofWork.limit else { return nil }
                return (number, first..<first + WorkSearch.step)
            },
            work: { thread, pows in
                work.search(pows, below: difficulty, on: &machines[thread].machine)
            },
            deliver: { pows, pow in
                found.with { $0 = pow }
                progress(pows.upperBound)
                return pow == nil
            }
        ).run()
        return found.with { $0 }
    }
}

/// A machine that an array can hold.
package final class MachineBox {
    /// The machine.
    package var machine: RandomXMachine

    /// Takes a machine.
    package init(_ machine: consuming RandomXMachine) {
        self.machine = machine
    }
}

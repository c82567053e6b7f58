package import NodeDomain
package import PostWorkerCore

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

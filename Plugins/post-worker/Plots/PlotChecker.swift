internal import Foundation
internal import NodeDomain
package import PostWorkerCore

/// How far a check is.
package struct CheckProgress: Hashable, Sendable {
    /// Labels that were looked at.
    package let checked: UInt64
    /// Bad ones among them.
    package let bad: UInt64
    /// The share of all work that is done, 0 to 1.
    package let share: Double
}

/// What came of a check.
package struct CheckResult: Sendable {
    /// Labels that were looked at.
    package let checked: UInt64
    /// Those that are not what they should be.
    package let bad: BadLabels
    /// Whether all that was asked for was looked at.
    package let isFinished: Bool
}

/// Computes stored labels anew, all or some, and compares.
package struct PlotChecker: Sendable {
    private let directory: PlotDirectory
    private let files: [UInt64]
    private let sample: CheckSample
    private let threads: Int
    private let provider: any LabelProvider
    private let control: WorkControl

    /// A check of what is there, of some files or of all; labels that are not made yet are not missed.
    package init(
        _ directory: PlotDirectory, files: Range<UInt64>? = nil, sample: CheckSample = .all, threads: Int = 1,
        provider: any LabelProvider = LabelProviders.expected, control: WorkControl = WorkControl()
    ) {
        self.directory = directory
        self.files = directory.listing.files.filter { files?.contains($0) ?? true }
        self.sample = sample
        self.threads = max(threads, 1)
        self.provider = provider
        self.control = control
    }

    /// Labels of one file, by place, that are looked at together.
    private struct Job: Sendable {
        let file: UInt64
        let places: Range<UInt64>
    }

    /// What is still to do.
    private struct Rest {
        var number = 0
        var file = 0
        var stretch = 0
    }

    /// Looks at the labels; returns when that is done, or the control ended it.
    ///
    /// - Parameter progress: called on a thread of the work, one call at a time.
    /// - Throws: `LabelFault` without memory. A file that cannot be read counts as bad labels.
    package func run(
        progress: @escaping @Sendable (CheckProgress) -> Void = { _ in }
    ) throws -> CheckResult {
        let plot = directory.layout.plot
        let workers = PerThread(
            try (0..<threads).map { _ in try provider.makeWorker(scryptN: plot.scryptN) })
        let files = files
        let all = files.reduce(0) { $0 + sample.stretches(of: 0..<directory.listing.labels(in: $1)) }
        let rest = Monitor(Rest())
        let state = Monitor((jobs: 0, checked: UInt64(0), bad: BadLabels()))
        let (control, commitment) = (control, plot.commitment)
        try OrderedWork<Job, [LabelPlace: Bool]>(
            threads: threads, ahead: 16 * threads,
            next: {
                guard let next = rest.with({ self.next(&$0, files) }),
                    control.admit(bytes: next.job.places.count * Int(PlotLayout.labelBytes))
                else { return nil }
                return next
            },
            work: { compare($1, commitment: commitment, worker: workers[$0]) },
            deliver: { job, found in
                let now = state.with { state -> CheckProgress in
                    state.jobs += 1
                    state.checked += UInt64(job.places.count)
                    for (place, isReadable) in found.sorted(by: { $0.key.label < $1.key.label }) {
                        state.bad.add(place, isReadable: isReadable)
                    }
                    return CheckProgress(
                        checked: state.checked, bad: state.bad.count,
                        share: Double(state.jobs) / Double(max(all, 1)))
                }
                progress(now)
                return true
            }
        ).run()
        let (jobs, checked, bad) = state.with { $0 }
        return CheckResult(checked: checked, bad: bad, isFinished: jobs == all)
    }

    private func next(_ rest: inout Rest, _ files: [UInt64]) -> (number: Int, job: Job)? {
        while rest.file < files.count {
            let places = 0..<directory.listing.labels(in: files[rest.file])
            guard rest.stretch < sample.stretches(of: places) else {
                rest.file += 1
                rest.stretch = 0
                continue
            }
            let stretch = sample.stretch(rest.stretch, of: places)
            let batch = sample.batch(of: stretch, random: .random(in: 0...UInt64.max))
            defer {
                rest.stretch += 1
                rest.number += 1
            }
            return (rest.number, Job(file: files[rest.file], places: batch))
        }
        return nil
    }

    /// The bad labels of a job, and whether they could be read.
    private func compare(_ job: Job, commitment: Bytes32, worker: any LabelWorker) -> [LabelPlace: Bool] {
        let size = PlotLayout.labelBytes
        let path = "\(directory.path)/\(PlotLayout.name(of: job.file))"
        let range = job.places.lowerBound * size..<job.places.upperBound * size
        guard let stored = try? OpenFile(path, O_RDONLY).bytes(range) else {
            return Dictionary(
                uniqueKeysWithValues: job.places.map { (LabelPlace(file: job.file, label: $0), false) })
        }
        let first = directory.layout.labels(of: job.file).lowerBound + job.places.lowerBound
        let labels = worker.labels(of: commitment, from: first, count: job.places.count)
        var result: [LabelPlace: Bool] = [:]
        for (place, label) in labels.enumerated() {
            let part = stored[place * Int(size)..<(place + 1) * Int(size)]
            if !PlotProbe.matches(part, label) {
                result[LabelPlace(file: job.file, label: job.places.lowerBound + UInt64(place))] = true
            }
        }
        return result
    }
}

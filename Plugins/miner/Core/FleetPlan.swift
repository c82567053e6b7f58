package import NodeDomain

/// One identity's plot, and which worker holds which of its files.
package struct FleetPlan: Hashable, Sendable {
    /// Bytes that are stored of a label.
    package static let labelBytes: UInt64 = 16
    /// Most segments of one plan.
    package static let largestCount = 4096

    /// Public key of the identity.
    package let identity: Bytes32
    /// The commitment activation of the plot.
    package let commitmentATX: Bytes32
    /// Size in units.
    package let units: UInt32
    /// Labels of a unit.
    package let labelsPerUnit: UInt64
    /// Cost of a label.
    package let scryptN: UInt32
    /// Largest size of a file in bytes.
    package let maxFileSize: UInt64
    /// Who holds what.
    package let segments: [FleetSegment]

    /// A plan; `PlanCheck` says whether it holds together.
    package init(
        identity: Bytes32, commitmentATX: Bytes32, units: UInt32, labelsPerUnit: UInt64, scryptN: UInt32,
        maxFileSize: UInt64, segments: [FleetSegment]
    ) {
        self.identity = identity
        self.commitmentATX = commitmentATX
        self.units = units
        self.labelsPerUnit = labelsPerUnit
        self.scryptN = scryptN
        self.maxFileSize = maxFileSize
        self.segments = segments
    }

    /// All labels of the plot; 0 when there are none or too many to count.
    package var labels: UInt64 {
        let (labels, isTooLarge) = UInt64(units).multipliedReportingOverflow(by: labelsPerUnit)
        return isTooLarge ? 0 : labels
    }

    /// Labels of each file but the last; at least one.
    package var labelsPerFile: UInt64 { max(maxFileSize / FleetPlan.labelBytes, 1) }

    /// How many files the plot has.
    package var files: UInt64 { labels == 0 ? 0 : (labels - 1) / labelsPerFile + 1 }

    /// The labels of a run of files.
    package func labels(of run: Range<UInt64>) -> Range<UInt64> {
        let run = run.clamped(to: 0..<files)
        guard let last = run.last else { return 0..<0 }
        let first = run.lowerBound * labelsPerFile
        let start = last * labelsPerFile
        return first..<(start + min(labelsPerFile, labels - start))
    }

    /// The labels of a segment; none when there is no such segment.
    package func labels(ofSegment number: Int) -> Range<UInt64> {
        segments.indices.contains(number) ? labels(of: segments[number].files) : 0..<0
    }
}

/// A run of files in one directory of one worker.
package struct FleetSegment: Hashable, Sendable {
    /// Name of the worker on the bus.
    package let worker: String
    /// Directory there.
    package let directory: String
    /// Which files.
    package let files: Range<UInt64>

    /// A segment.
    package init(worker: String, directory: String, files: Range<UInt64>) {
        self.worker = worker
        self.directory = directory
        self.files = files
    }
}

/// What is wrong with a plan; the segment by its place, nil: the plan as a whole.
package struct PlanFault: Hashable, Sendable {
    /// Which entry of the list.
    package let segment: Int?
    /// What is wrong, and how to mend it.
    package let text: String
}

extension FleetPlan {
    /// Most files of a plot: each is a task, kept in memory and in the state file.
    package static let mostFiles: UInt64 = 1 << 20

    /// All that is wrong: files that nobody holds, that two hold, or that the plot does not have.
    package func faults() -> [PlanFault] {
        guard labels > 0 else {
            return [
                PlanFault(
                    segment: nil, text: "units times labels_per_unit is 0 or 2^64 and more: correct them")
            ]
        }
        guard (1...FleetPlan.largestCount).contains(segments.count) else {
            return [
                PlanFault(
                    segment: nil,
                    text: "there are \(segments.count) segments: give 1 to \(FleetPlan.largestCount)")
            ]
        }
        guard files <= FleetPlan.mostFiles else {
            return [
                PlanFault(
                    segment: nil,
                    text:
                        "the plot has \(files) files, \(FleetPlan.mostFiles) are allowed: raise max_file_size to that of the plot"
                )
            ]
        }
        return rangeFaults() + coverFaults()
    }

    private func rangeFaults() -> [PlanFault] {
        segments.enumerated().compactMap { number, segment in
            guard segment.files.isEmpty || segment.files.upperBound > files else { return nil }
            return PlanFault(
                segment: number,
                text:
                    "files \(FleetPlan.text(segment.files)) are not of this plot: it has files 0-\(files - 1)"
            )
        }
    }

    private func coverFaults() -> [PlanFault] {
        var faults: [PlanFault] = []
        var next: UInt64 = 0
        for (number, segment) in segments.enumerated().sorted(by: {
            $0.1.files.lowerBound < $1.1.files.lowerBound
        }
        ) {
            let run = segment.files.clamped(to: 0..<files)
            guard !run.isEmpty else { continue }
            if run.lowerBound < next {
                let twice = run.lowerBound..<min(next, run.upperBound)
                faults.append(
                    PlanFault(
                        segment: number,
                        text:
                            "files \(FleetPlan.text(twice)) stand in another segment too: give each file one place"
                    ))
            } else if run.lowerBound > next {
                faults.append(gap(next..<run.lowerBound))
            }
            next = max(next, run.upperBound)
        }
        if next < files { faults.append(gap(next..<files)) }
        return faults
    }

    private func gap(_ run: Range<UInt64>) -> PlanFault {
        PlanFault(segment: nil, text: "no segment has files \(FleetPlan.text(run)): add one that does")
    }

    /// A run as a plan writes it.
    package static func text(_ run: Range<UInt64>) -> String {
        guard let last = run.last else { return "none" }
        return last == run.lowerBound ? "\(last)" : "\(run.lowerBound)-\(last)"
    }
}

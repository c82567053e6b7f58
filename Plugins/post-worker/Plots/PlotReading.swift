internal import PostWorkerCore

/// Labels of one file in memory.
struct LabelBlock: Sendable {
    /// Which of the parts they belong to.
    let part: Int
    /// The file.
    let file: UInt64
    /// Their indices.
    let labels: Range<UInt64>
    fileprivate let memory: PageMemory
    fileprivate let start: Int

    init(_ span: BlockSpan, memory: PageMemory) {
        part = span.part
        file = span.file
        labels = span.labels
        start = Int(span.labelBytes.lowerBound - span.bytes.lowerBound)
        self.memory = memory
    }

    /// Their bytes, until the block's work is done.
    var bytes: UnsafeRawBufferPointer {
        let count = labels.count * Int(PlotLayout.labelBytes)
        return UnsafeRawBufferPointer(rebasing: memory.bytes[start..<start + count])
    }

    var buffer: PageMemory { memory }
}

/// Reads parts of plots, each disk on its own, while the labels are looked at.
struct PlotReading: Sendable {
    /// What is read from one disk, one part after another.
    struct Lane: Sendable {
        let parts: [(number: Int, part: ScanPart)]
        let threads: Int
    }

    let lanes: [Lane]
    private let control: WorkControl
    private let chunk: Int

    /// Shares threads between disks; blocks are of whole chunks of so many labels.
    init(
        parts: [ScanPart], threads: Int, chunk: Int = ScanPass.chunkLabels, control: WorkControl
    ) throws(PlotFileFault) {
        var disks: [PhysicalDisk] = []
        var onDisk: [PhysicalDisk: [(number: Int, part: ScanPart)]] = [:]
        for (number, part) in parts.enumerated() {
            let disk = try PhysicalDisk(of: part.segment.directory)
            if onDisk[disk] == nil { disks.append(disk) }
            onDisk[disk, default: []].append((number, part))
        }
        let each = max((max(threads, 1) + disks.count - 1) / max(disks.count, 1), 1)
        lanes = disks.map { Lane(parts: onDisk[$0] ?? [], threads: each) }
        self.control = control
        self.chunk = chunk
    }

    /// Reads all; `work` is given lane and thread, `deliver` is called one at a time, and ends it with false.
    func run<Result: Sendable>(
        work: @escaping @Sendable (Int, Int, LabelBlock) throws -> Result,
        deliver: @escaping @Sendable (LabelBlock, Result) throws -> Bool
    ) throws -> (isFinished: Bool, isDirect: Bool) {
        let readers = lanes.map { LaneReader($0, chunk: chunk, control: control) }
        let turn = Monitor(false)
        let faults = Monitor([any Error]())
        onThreads(lanes.count) { lane in
            let reader = readers[lane]
            do {
                try OrderedWork<LabelBlock, Result>(
                    threads: lanes[lane].threads,
                    next: { try reader.next() },
                    work: { thread, block in
                        defer { reader.giveBack(block) }
                        return try work(lane, thread, block)
                    },
                    deliver: { block, result in
                        let goesOn = try turn.with { isEnded in
                            if !isEnded { isEnded = try !deliver(block, result) }
                            return !isEnded
                        }
                        if !goesOn { readers.forEach { $0.end() } }
                        return goesOn
                    }
                ).run()
            } catch {
                faults.with { $0.append(error) }
                readers.forEach { $0.end() }
            }
        }
        readers.forEach { $0.join() }
        if let fault = faults.with({ $0.first }) { throw fault }
        return (readers.allSatisfy(\.isFinished), readers.allSatisfy(\.isDirect))
    }
}

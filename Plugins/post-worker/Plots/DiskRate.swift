package import PostWorkerCore

/// Measures how fast a disk gives what it holds.
package enum DiskRate {
    /// Reads a segment for some seconds, from anywhere in it.
    ///
    /// - Returns: bytes a second; nil when there was too little to read.
    /// - Throws: `PlotFileFault` when it cannot be read.
    package static func measure(_ segment: PlotSegment, seconds: Double) throws -> Double? {
        let labels = segment.labels
        let start = labels.lowerBound + UInt64.random(in: 0...UInt64(labels.count) / 2)
        let reading = try PlotReading(
            parts: [ScanPart(segment, from: start)], threads: 1, control: WorkControl())
        let begun = wallSeconds()
        let bytes = Monitor(UInt64(0))
        _ = try reading.run(
            work: { _, _, block in UInt64(block.labels.count) * PlotLayout.labelBytes },
            deliver: { _, count in
                bytes.with { $0 += count }
                return wallSeconds() - begun < seconds
            })
        let read = bytes.with { $0 }
        return read < BlockSpans.blockBytes ? nil : Double(read) / max(wallSeconds() - begun, 1e-3)
    }
}

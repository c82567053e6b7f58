package import PostWorkerCore

/// A segment to be read, from a label on.
package struct ScanPart: Hashable, Sendable {
    /// The files.
    package let segment: PlotSegment
    /// The first label that is still to be looked at: the checkpoint of a scan before.
    package let start: UInt64

    /// A segment, from its beginning or from a checkpoint.
    package init(_ segment: PlotSegment, from start: UInt64? = nil) {
        self.segment = segment
        self.start = max(start ?? 0, segment.labels.lowerBound)
    }
}

/// How far a scan is.
package struct ScanProgress: Hashable, Sendable {
    /// Which of the parts.
    package let part: Int
    /// All labels of the part before this one were looked at, and their hits handed over.
    package let next: UInt64
    /// Bytes that were looked at, of all parts.
    package let bytes: UInt64
}

/// What came of a scan.
package struct ScanOutcome: Sendable {
    /// The hits, and the nonce that had enough first.
    package let hits: HitCollector
    /// Whether all labels were looked at, or a nonce has enough.
    package let isFinished: Bool
    /// Bytes that were looked at.
    package let bytes: UInt64
    /// Whether all files were read past the system's cache.
    package let isDirect: Bool
}

/// Looks through segments for the good labels of a pass.
///
/// There is one reader for each physical disk; reading and looking go on at the same time. On one disk the hits come in the
/// order of the segments, whatever the number of threads.
package struct PlotScanner: Sendable {
    /// The nonces and their keys.
    package let pass: ScanPass
    /// How many labels a nonce needs: the first that has them ends the scan.
    package let needed: Int
    /// Threads that look, for all disks together; each disk has one at least.
    package let threads: Int
    /// With which instructions.
    package let path: ScanPath
    /// Ends, pauses and slows it.
    package let control: WorkControl

    /// A scan.
    package init(
        pass: ScanPass, needed: Int, threads: Int = 1, path: ScanPath = .expected,
        control: WorkControl = WorkControl()
    ) {
        self.pass = pass
        self.needed = needed
        self.threads = threads
        self.path = path
        self.control = control
    }

    /// Scans; returns when all is read, a nonce has enough, or the control ended it.
    ///
    /// - Parameters:
    ///   - hits: called with new hits, on a thread of the work, one call at a time.
    ///   - progress: called after each block, like `hits`, and after it.
    /// - Throws: `PlotFileFault` for a file that is missing, too short or cannot be read.
    package func scan(
        _ parts: [ScanPart], hits: @escaping @Sendable ([ScanHit]) -> Void = { _ in },
        progress: @escaping @Sendable (ScanProgress) -> Void = { _ in }
    ) throws -> ScanOutcome {
        let reading = try PlotReading(parts: parts, threads: threads, control: control)
        let scanners = reading.lanes.map { lane in
            PerThread(
                (0..<lane.threads).compactMap { _ in
                    LabelScanner(path, pass: pass).map(ScannerBox.init)
                })
        }
        guard scanners.allSatisfy({ $0.count > 0 }) else { throw LabelFault.unavailable(path.rawValue) }
        let state = Monitor((hits: HitCollector(needed: needed), bytes: UInt64(0)))
        let needed = needed
        let summary = try reading.run(
            work: { scanners[$0][$1].scan($2, needed: needed) },
            deliver: { block, found in
                let (fresh, bytes, isDone) = state.with { state -> ([ScanHit], UInt64, Bool) in
                    state.bytes += UInt64(block.labels.count) * PlotLayout.labelBytes
                    let fresh = found.prefix { hit in
                        guard state.hits.winner == nil else { return false }
                        state.hits.add(hit)
                        return true
                    }
                    return (Array(fresh), state.bytes, state.hits.winner != nil)
                }
                if !fresh.isEmpty { hits(fresh) }
                progress(ScanProgress(part: block.part, next: block.labels.upperBound, bytes: bytes))
                return !isDone
            })
        let (collector, bytes) = state.with { $0 }
        return ScanOutcome(
            hits: collector, isFinished: collector.winner != nil || summary.isFinished, bytes: bytes,
            isDirect: summary.isDirect)
    }
}

/// A scanner of one thread.
private final class ScannerBox {
    private var scanner: LabelScanner
    private var counts = [Int](repeating: 0, count: Int(ProofCipher.nonces))

    init(_ scanner: LabelScanner) {
        self.scanner = scanner
    }

    /// Labels that are looked at before it is asked whether a nonce has enough: on a tiny plot every label may be a hit.
    private static let labels = 1024

    /// The hits of a block, up to those that give a nonce enough.
    func scan(_ block: LabelBlock, needed: Int) -> [ScanHit] {
        var hits: [ScanHit] = []
        let bytes = block.bytes
        let step = ScannerBox.labels * Int(PlotLayout.labelBytes)
        for start in stride(from: 0, to: bytes.count, by: step) {
            let known = hits.count
            let part = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + step, bytes.count)])
            scanner.scan(
                part, from: block.labels.lowerBound + UInt64(start) / PlotLayout.labelBytes, into: &hits)
            var isEnough = false
            for hit in hits[known...] {
                counts[Int(hit.nonce)] += 1
                isEnough = isEnough || counts[Int(hit.nonce)] >= needed
            }
            if isEnough { break }
        }
        for hit in hits { counts[Int(hit.nonce)] = 0 }
        return hits
    }
}

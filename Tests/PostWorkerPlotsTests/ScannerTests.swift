internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization
internal import Testing

/// One plot for all of these tests.
private let shared = Result { () throws -> (folder: PlotFolder, layout: PlotLayout) in
    let folder = try PlotFolder()
    // Three MiB in files of a little over one: blocks end within files and at their ends.
    let layout = try smallLayout(labels: 200_000, maxFileSize: 1_200_000 / 128 * 128)
    try make(layout, in: folder.path)
    return (folder, layout)
}

private func pass(_ layout: PlotLayout, k1: UInt32 = 200, groups: Int = 3) throws -> ScanPass {
    ScanPass(
        challenge: .largest, groups: (0..<groups).map { ScanGroup(number: UInt8($0), pow: 7) },
        difficulty: try #require(ProvingDifficulty(k1: k1, labels: layout.plot.labels)))
}

/// Hits as they lie in memory: each file on its own, whole chunks alone.
private func expected(_ layout: PlotLayout, _ folder: String, _ pass: ScanPass) throws -> [ScanHit] {
    var hits: [ScanHit] = []
    var scanner = try #require(LabelScanner(pass: pass))
    for file in 0..<layout.files {
        let path = "\(folder)/\(PlotLayout.name(of: file))"
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes.withUnsafeBytes { scanner.scan($0, from: layout.labels(of: file).lowerBound, into: &hits) }
    }
    return hits
}

/// Whether there is a second file system to write to.
private let hasTwoDisks: Bool = {
    guard let one = try? PhysicalDisk(of: NSTemporaryDirectory()), let two = try? PhysicalDisk(of: "/dev/shm")
    else { return false }
    return one != two && FileManager.default.isWritableFile(atPath: "/dev/shm")
}()

/// Collects what a scan says.
private final class Heard: Sendable {
    let hits = Mutex<[ScanHit]>([])
    let next = Mutex<[Int: UInt64]>([:])
}

private func scan(
    _ parts: [ScanPart], _ pass: ScanPass, needed: Int = .max, threads: Int = 2,
    control: WorkControl = WorkControl(), _ heard: Heard = Heard(),
    each: @escaping @Sendable (ScanProgress) -> Void = { _ in }
) throws -> ScanOutcome {
    try PlotScanner(pass: pass, needed: needed, threads: threads, control: control).scan(
        parts, hits: { hits in heard.hits.withLock { $0 += hits } },
        progress: { state in
            heard.next.withLock { $0[state.part] = state.next }
            each(state)
        })
}

@Suite("Scanning files", .serialized)
struct ScannerTests {
    @Test("the hits are those of the labels, in their order, with any number of threads", arguments: [1, 4])
    func all(threads: Int) throws {
        let (folder, layout) = try shared.get()
        let (pass, heard) = (try pass(layout), Heard())
        let segment = try PlotDirectory(folder.path, scryptN: 2).segment()
        let outcome = try scan([ScanPart(segment)], pass, threads: threads, heard)
        let wanted = try expected(layout, folder.path, pass)
        #expect(wanted.count > 1000)
        #expect(heard.hits.withLock { $0 } == wanted)
        #expect(outcome.isFinished && outcome.hits.winner == nil)
        #expect(outcome.bytes == UInt64(200_000 * 16 / 128 * 128))
    }

    @Test("any cut into segments and checkpoints gives the same hits")
    func parts() throws {
        let (folder, layout) = try shared.get()
        let pass = try pass(layout)
        let wanted = Set(try expected(layout, folder.path, pass))
        let pieces = [0..<1, 1..<3] as [Range<UInt64>]
        let parts = pieces.map {
            ScanPart(PlotSegment(directory: folder.path, layout: layout, files: $0))
        }
        let heard = Heard()
        // Slow enough that not all is read before the stop.
        let control = WorkControl(bytesPerSecond: 8 << 20)
        let first = try scan(parts, pass, control: control, heard) { state in
            if state.bytes > 1 << 20 { control.stop() }
        }
        let isFinished = first.isFinished
        #expect(!isFinished)
        let next = heard.next.withLock { $0 }
        let rest = parts.enumerated().map { ScanPart($1.segment, from: next[$0]) }
        let second = try scan(rest, pass, heard)
        #expect(second.isFinished)
        // What was looked at before the checkpoint is not looked at again.
        #expect(heard.hits.withLock { $0.count } == wanted.count)
        #expect(Set(heard.hits.withLock { $0 }) == wanted)
    }

    @Test(
        "directories on two disks are read at once, with the same hits", .enabled(if: hasTwoDisks, "one disk")
    )
    func disks() throws {
        let (folder, layout) = try shared.get()
        let other = "/dev/shm/plot-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: other) }
        try FileManager.default.copyItem(
            atPath: "\(folder.path)/postdata_1.bin", toPath: "\(other)/postdata_1.bin")
        let pieces: [(String, Range<UInt64>)] = [(folder.path, 0..<1), (other, 1..<2), (folder.path, 2..<3)]
        let parts = pieces.map { ScanPart(PlotSegment(directory: $0, layout: layout, files: $1)) }
        let (pass, heard) = (try pass(layout), Heard())
        let outcome = try scan(parts, pass, threads: 3, heard)
        #expect(outcome.isFinished)
        let wanted = try expected(layout, folder.path, pass)
        #expect(heard.hits.withLock { $0.count } == wanted.count)
        #expect(Set(heard.hits.withLock { $0 }) == Set(wanted))
        #expect(heard.next.withLock { $0 } == [0: 75_000, 1: 150_000, 2: 200_000])
    }

    @Test("the first nonce with enough ends it, and its hits make the proof")
    func winner() throws {
        let (folder, layout) = try shared.get()
        let pass = try pass(layout)
        var collector = HitCollector(needed: 30)
        for hit in try expected(layout, folder.path, pass) where !collector.add(hit) {}
        let segment = try PlotDirectory(folder.path, scryptN: 2).segment()
        let outcome = try scan([ScanPart(segment)], pass, needed: 30)
        #expect(outcome.isFinished)
        #expect(outcome.hits.winner?.nonce == collector.winner?.nonce)
        #expect(outcome.hits.winner?.indices == collector.winner?.indices)
    }

    @Test("on a plot where every label is good, memory stays small: it ends with the first")
    func everyLabel() throws {
        let (folder, layout) = try shared.get()
        let segment = try PlotDirectory(folder.path, scryptN: 2).segment()
        let outcome = try scan([ScanPart(segment)], try pass(layout, k1: 199_999, groups: 256), needed: 5)
        #expect(outcome.hits.winner?.indices.count == 5)
    }

    @Test("a rate holds it, a pause stops it and lets it go on")
    func control() throws {
        let (folder, layout) = try shared.get()
        let pass = try pass(layout, groups: 1)
        let segment = try PlotDirectory(folder.path, scryptN: 2).segment()
        let start = wallSeconds()
        _ = try scan([ScanPart(segment)], pass, control: WorkControl(bytesPerSecond: 4 << 20))
        let took = wallSeconds() - start
        #expect(took >= 3_200_000.0 / Double(4 << 20) - 0.3)
        let control = WorkControl()
        control.pause()
        let seen = Mutex(0)
        let thread = Thread {
            usleep(200_000)
            seen.withLock { $0 = $0 == 0 ? -1 : -2 }
            control.resume()
        }
        thread.start()
        let outcome = try scan(
            [ScanPart(segment)], pass, control: control,
            each: { _ in
                seen.withLock { if $0 >= 0 { $0 += 1 } }
            })
        #expect(outcome.isFinished && seen.withLock { $0 } == -1)
    }

    @Test("files that are gone or too short are named, with the bytes")
    func faults() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout())
        try make(layout, in: folder.path)
        let segment = try PlotDirectory(folder.path, scryptN: 2).segment()
        let path = "\(folder.path)/postdata_1.bin"
        try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: 5000)
        let short = fault { _ = try scan([ScanPart(segment)], pass(layout)) }
        #expect(
            "\(short.map { "\($0)" } ?? "")"
                == "cannot read \(path), bytes 5000 to 49151: it ends before that")
        try FileManager.default.removeItem(atPath: path)
        let gone = fault { _ = try scan([ScanPart(segment)], pass(layout)) }
        #expect("\(gone.map { "\($0)" } ?? "")" == "cannot open \(path): No such file or directory")
        #expect(
            fault { _ = try PlotDirectory(folder.path, scryptN: 2).segment() }
                == .gap(
                    directory: folder.path, missing: 1..<2, last: 6))
        #expect(fault { _ = try PlotDirectory("/nonexistent", scryptN: 2) } != nil)
        let empty = try PlotFolder()
        #expect(fault { _ = try PlotDirectory(empty.path, scryptN: 2) } == .noPlot(directory: empty.path))
    }
}

@Suite("Checking, merging and finding", .serialized)
struct PlotToolsTests {
    @Test("bad labels are found where they are; a share finds a bad half")
    func check() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout())
        try make(layout, in: folder.path)
        func result(_ sample: CheckSample = .all) throws -> CheckResult {
            try PlotChecker(PlotDirectory(folder.path, scryptN: 2), sample: sample, threads: 2).run()
        }
        #expect(try result().bad.count == 0 && result().checked == 20_000)
        let file = try #require(FileHandle(forUpdatingAtPath: "\(folder.path)/postdata_2.bin"))
        try file.seek(toOffset: 16_389)
        try file.write(contentsOf: [UInt8](repeating: 0, count: 40))
        let found = try result()
        #expect(found.isFinished && found.bad.count == 3)
        let part = try #require(found.bad.parts.first)
        #expect(found.bad.parts.count == 1 && part.file == 2 && part.isReadable)
        #expect(part.bytes == 16_384..<16_432)
        try file.seek(toOffset: 0)
        try file.write(contentsOf: [UInt8](repeating: 0, count: 48 << 10))
        let sampled = try result(try #require(CheckSample(share: 0.1)))
        #expect(sampled.bad.count > 0 && sampled.checked < 2500)
        #expect(sampled.bad.parts.allSatisfy { $0.file == 2 })
    }

    @Test("one damaged label does not make the plot another; all of them do")
    func probe() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout())
        try make(layout, in: folder.path)
        let file = try #require(FileHandle(forUpdatingAtPath: "\(folder.path)/postdata_0.bin"))
        try file.write(contentsOf: [UInt8](repeating: 0, count: 16))
        try PlotDirectory(folder.path, scryptN: 2).probe(.plot)
        let last = try #require(FileHandle(forUpdatingAtPath: "\(folder.path)/postdata_6.bin"))
        try last.truncate(atOffset: try last.seekToEnd() - 16)
        try last.write(contentsOf: [UInt8](repeating: 0, count: 16))
        #expect(fault { try PlotDirectory(folder.path, scryptN: 2).probe(.plot) } != nil)
        try PlotDirectory(folder.path, scryptN: 2).probe(.cost)
    }

    @Test("a lost nonce is found again, and a wrong one is named")
    func nonce() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout())
        let made = try make(layout, in: folder.path)
        var metadata = try PlotDirectory(folder.path, scryptN: 2).metadata
        let right = metadata
        metadata.nonce = nil
        metadata.nonceValue = nil
        try MetadataFile.write(metadata, in: folder.path)
        let directory = try PlotDirectory(folder.path, scryptN: 2)
        #expect(try directory.isNonceValid() == nil)
        #expect(try NonceFinder([directory], threads: 2).run() == made.nonce)
        #expect(try PlotDirectory(folder.path, scryptN: 2).metadata == right)
        metadata = right
        metadata.nonce = (right.nonce ?? 0) + 1
        try MetadataFile.write(metadata, in: folder.path)
        #expect(try PlotDirectory(folder.path, scryptN: 2).isNonceValid() == false)
        #expect(fault { try make(layout, in: folder.path) } != nil)
    }

    @Test("a foreign directory is not merged, and nothing is written")
    func merge() throws {
        let (own, foreign) = (try PlotFolder(), try PlotFolder())
        try make(smallLayout(), in: own.path, files: 0..<3)
        try make(smallLayout(identity: 2), in: foreign.path, files: 3..<7)
        let before = (try own.contents(), try foreign.contents())
        let fault = fault { _ = try PlotMerge([own.path, foreign.path], scryptN: 2) }
        guard case .foreign(foreign.path, "identity", _, _) = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(try own.contents() == before.0 && foreign.contents() == before.1)
    }

    @Test("the smallest pow of a group, on several threads")
    func work() throws {
        // The published searches are of one unit.
        let search = try WorkSearch(
            challenge: try #require(Bytes32(Array("hello!!!".utf8) + [UInt8](repeating: 0, count: 24))),
            identity: try #require(Bytes32([UInt8](repeating: 6, count: 32))), units: 1,
            difficulty: Bytes32(0x0fff_ffff_ffff_ffff, .max, .max, .max), threads: 3)
        let heard = Mutex<UInt64>(0)
        let groups = try search.groups(7..<8) { hashes, _ in heard.withLock { $0 = hashes } }
        #expect(groups == [ScanGroup(number: 7, pow: 11)])
        #expect(heard.withLock { $0 } >= 12)
        #expect(Int(WorkSearch.expected(below: Bytes32(1 << 60, 0, 0, 0)).rounded()) == 16)
    }
}

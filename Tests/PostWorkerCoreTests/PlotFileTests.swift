internal import NodeDomain
internal import PostWorkerCore
internal import Testing

/// A plot of so many labels, in files of 1,024 bytes (64 labels) unless said otherwise.
private func fileLayout(labels: UInt64, maxFileSize: UInt64 = 1024) throws -> PlotLayout {
    let plot = try Plot(
        identity: Bytes32(1, 2, 3, 4), commitmentATX: .zero, units: 1, labelsPerUnit: labels, scryptN: 2)
    return try PlotLayout(plot: plot, maxFileSize: maxFileSize)
}

/// A listing of files by number and size.
private func listing(_ layout: PlotLayout, _ sizes: [UInt64: UInt64]) throws -> PlotListing {
    try PlotListing(
        directory: "D", layout: layout, entries: sizes.map { (PlotLayout.name(of: $0.key), $0.value) })
}

/// The refusal of a body; nil when there is none.
private func fault(_ body: () throws -> Void) -> PlotFileFault? {
    do {
        try body()
        return nil
    } catch {
        return error as? PlotFileFault
    }
}

@Suite("Layout of plot files")
struct PlotLayoutTests {
    @Test("labels and bytes of each file; the last one is shorter")
    func files() throws {
        let layout = try fileLayout(labels: 200)
        #expect(layout.files == 4 && layout.labelsPerFile == 64)
        #expect(layout.labels(of: 0) == 0..<64 && layout.labels(of: 3) == 192..<200)
        #expect(layout.bytes(of: 2) == 1024 && layout.bytes(of: 3) == 128)
        #expect(layout.labels(of: 4).isEmpty && layout.labels(of: UInt64.max).isEmpty)
        #expect(layout.labels(of: 1..<4) == 64..<200)
        #expect(layout.files(holding: 63..<65) == 0..<2 && layout.files(holding: 64..<128) == 1..<2)
        #expect(layout.files(holding: 500..<600).isEmpty)
        #expect(try fileLayout(labels: 192).files == 3)
    }

    @Test("the largest plots and file sizes do not overflow")
    func largest() throws {
        for size in [PlotLayout.smallestFile, PlotLayout.usualFile, PlotLayout.largestFile] {
            let layout = try fileLayout(labels: PlotLayout.mostLabels, maxFileSize: size)
            let last = layout.files - 1
            #expect(layout.labels(of: last).upperBound == PlotLayout.mostLabels)
            #expect(layout.labels(of: last).count > 0 && layout.bytes(of: last) <= size)
            #expect(layout.labels(of: last..<last + 1) == layout.labels(of: last))
        }
        #expect(fault { _ = try fileLayout(labels: 1, maxFileSize: 1023) } == .fileSize(1023))
        #expect(fault { _ = try fileLayout(labels: 1, maxFileSize: .max) } == .fileSize(.max))
        #expect(fault { _ = try fileLayout(labels: 1 << 60) } == .plotSize(labels: 1 << 60))
        let largest = try fileLayout(labels: PlotLayout.mostLabels)
        let all = PlotSegment(directory: "D", layout: largest, files: 0..<largest.files)
        #expect(all.bytes == UInt64.max - 15)
    }

    @Test("names are read strictly")
    func names() {
        #expect(PlotLayout.number(of: "postdata_0.bin") == 0)
        #expect(PlotLayout.number(of: "postdata_4095.bin") == 4095)
        for name in [
            "postdata_.bin", "postdata_01.bin", "postdata_+1.bin", "postdata_-1.bin", "postdata_1.bin.new",
            "xpostdata_1.bin", "postdata_18446744073709551616.bin", "postdata_metadata.json", "identity.key",
            "postdata_1", "postdata_.bi",
        ] { #expect(PlotLayout.number(of: name) == nil, "\(name)") }
    }

    @Test("what segments together lack, and what they hold twice")
    func coverage() throws {
        let layout = try fileLayout(labels: 64 * 8)
        func segment(_ files: Range<UInt64>, _ name: String = "A") -> PlotSegment {
            PlotSegment(directory: name, layout: layout, files: files)
        }
        #expect(try PlotSegment.missing(from: [segment(0..<8)]).isEmpty)
        #expect(try PlotSegment.missing(from: [segment(5..<8), segment(0..<2), segment(2..<5)]).isEmpty)
        #expect(try PlotSegment.missing(from: [segment(1..<3), segment(5..<7)]) == [0..<1, 3..<5, 7..<8])
        #expect(
            fault { _ = try PlotSegment.missing(from: [segment(0..<3), segment(2..<8, "B")]) }
                == .twice(file: 2, directories: ["A", "B"]))
        let other = PlotSegment(directory: "C", layout: try fileLayout(labels: 64), files: 0..<1)
        #expect(fault { _ = try PlotSegment.missing(from: [segment(0..<8), other]) } != nil)
    }
}

@Suite("Files of a plot directory")
struct PlotListingTests {
    @Test("a run of whole files is a segment, wherever it begins")
    func segment() throws {
        let layout = try fileLayout(labels: 200)
        #expect(try listing(layout, [0: 1024, 1: 1024, 2: 1024, 3: 128]).segment().files == 0..<4)
        #expect(try listing(layout, [2: 1024, 1: 1024]).segment().labels == 64..<192)
    }

    @Test("each thing that is wrong has its refusal, which names file and size")
    func refusals() throws {
        let layout = try fileLayout(labels: 64 * 8)
        let cases: [([UInt64: UInt64], PlotFileFault, String)] = [
            ([:], .noLabels(directory: "D"), "holds no label file"),
            (
                [0: 1024, 4: 1024, 5: 1024], .gap(directory: "D", missing: 1..<4, last: 5),
                "lacks postdata_1.bin to postdata_3.bin, though it has postdata_5.bin"
            ),
            (
                [0: 1024, 1: 512], .unfinished(path: "D/postdata_1.bin", found: 512, needed: 1024),
                "has 512 of 1024 bytes"
            ),
            (
                [0: 1025], .tooLong(path: "D/postdata_0.bin", found: 1025, needed: 1024),
                "has 1025 bytes where 1024"
            ),
            ([8: 0], .surplus(path: "D/postdata_8.bin", files: 8), "none of the plot's 8 files"),
        ]
        for (sizes, wanted, words) in cases {
            let found = fault { _ = try listing(layout, sizes).segment() }
            #expect(found == wanted)
            #expect("\(wanted)".contains(words), "\(wanted)")
        }
    }

    @Test("what is missing is made from the last whole label on, and gaps are filled")
    func chunks() throws {
        let layout = try fileLayout(labels: 3 * 2048 + 100, maxFileSize: 2048 * 16)
        let listing = try listing(layout, [0: 2048 * 16, 1: 16 * 1500 + 7, 3: 16])
        #expect(listing.present(in: 0..<4) == 2048 + 1500 + 1 && listing.present(in: 2..<3) == 0)
        var chunks = listing.missing(in: 0..<4)
        var all: [LabelChunk] = []
        while let chunk = chunks.next() { all.append(chunk) }
        #expect(
            all == [
                LabelChunk(file: 1, labels: 2048 + 1500..<2 * 2048, offset: 16 * 1500),
                LabelChunk(file: 2, labels: 4096..<5120, offset: 0),
                LabelChunk(file: 2, labels: 5120..<6144, offset: 1024 * 16),
                LabelChunk(file: 3, labels: 6145..<6244, offset: 16),
            ])
        var none = listing.missing(in: 0..<1)
        #expect(none.next() == nil)
        var part = listing.missing(in: 2..<3)
        #expect(part.next()?.labels == 4096..<5120)
    }

    @Test("the labels that are looked at before anything is written: the first, the last, unfinished ends")
    func probes() throws {
        let layout = try fileLayout(labels: 64 * 8)
        let listing = try listing(layout, [1: 1024, 2: 100, 5: 1024, 6: 0])
        #expect(
            listing.probes == [
                LabelPlace(file: 1, label: 0), LabelPlace(file: 2, label: 5), LabelPlace(file: 5, label: 63),
            ])
        #expect(try self.listing(layout, [0: 15]).probes.isEmpty)
    }

    private func listing(_ layout: PlotLayout, _ sizes: [UInt64: UInt64]) throws -> PlotListing {
        try PostWorkerCoreTests.listing(layout, sizes)
    }
}

@Suite("Metadata of a plot")
struct PlotMetadataTests {
    @Test("another plot is named by the first field that differs")
    func foreign() throws {
        let layout = try fileLayout(labels: 200)
        let own = PlotMetadata(layout)
        #expect(fault { try own.check(isOf: layout, directory: "D") } == nil)
        let changes: [(String, (inout PlotMetadata) -> Void)] = [
            ("identity", { $0.identity = .zero }), ("commitment activation", { $0.commitmentATX = .largest }),
            ("labels per unit", { $0.labelsPerUnit = 199 }), ("units", { $0.units = 2 }),
            ("largest file size", { $0.maxFileSize = 2048 }),
        ]
        for (field, change) in changes {
            var other = own
            change(&other)
            let fault = fault { try other.check(isOf: layout, directory: "D") }
            guard case .foreign("D", field, _, _) = fault else {
                Issue.record("\(field): \(String(describing: fault))")
                continue
            }
            #expect("\(fault.map { "\($0)" } ?? "")".contains("nothing was changed"))
        }
    }

    @Test("numbers that make no plot are refused")
    func numbers() throws {
        var metadata = PlotMetadata(try fileLayout(labels: 200))
        metadata.units = 0
        #expect(fault { _ = try metadata.layout(scryptN: 2, directory: "D") } != nil)
        metadata.units = .max
        metadata.labelsPerUnit = .max
        #expect(fault { _ = try metadata.layout(scryptN: 2, directory: "D") } != nil)
        metadata = PlotMetadata(try fileLayout(labels: 200))
        metadata.maxFileSize = 0
        #expect(fault { _ = try metadata.layout(scryptN: 2, directory: "D") } == .fileSize(0))
    }
}

@Suite("Blocks that are read")
struct BlockSpanTests {
    private func spans(_ segment: PlotSegment, from start: UInt64, chunk: Int = 8) -> [BlockSpan] {
        var spans = BlockSpans([(number: 7, segment: segment, start: start)], chunk: chunk)
        var all: [BlockSpan] = []
        while let span = spans.next() { all.append(span) }
        return all
    }

    @Test("every whole chunk of every file once, in order; tails are left out")
    func all() throws {
        // 100 labels a file: twelve chunks of eight and four labels that are never proved.
        let layout = try fileLayout(labels: 250, maxFileSize: 1600)
        let segment = PlotSegment(directory: "D", layout: layout, files: 0..<3)
        #expect(spans(segment, from: 0).map(\.labels) == [0..<96, 100..<196, 200..<248])
        #expect(spans(segment, from: 0, chunk: 1).map(\.labels) == [0..<100, 100..<200, 200..<250])
        #expect(spans(segment, from: 0).allSatisfy { $0.part == 7 })
        #expect(spans(segment, from: 0)[1].path == "D/postdata_1.bin")
    }

    @Test("a checkpoint begins at its chunk, and reading at a sector")
    func checkpoint() throws {
        let labels = 3 * BlockSpans.blockBytes / 16
        let layout = try fileLayout(labels: labels, maxFileSize: 2 * BlockSpans.blockBytes)
        let segment = PlotSegment(directory: "D", layout: layout, files: 0..<2)
        let start: UInt64 = 70_003
        let found = spans(segment, from: start)
        #expect(found.first?.labels.lowerBound == 70_000)
        #expect(found.first?.labelBytes == 70_000 * 16..<2 * BlockSpans.blockBytes)
        #expect(found.first?.bytes.lowerBound == 70_000 * 16 / 4096 * 4096)
        #expect(found.count == 2 && found.last?.file == 1 && found.last?.labels.upperBound == labels)
        for end in [labels, labels + 1, .max] { #expect(spans(segment, from: end).isEmpty) }
        let second = PlotSegment(directory: "D", layout: layout, files: 1..<2)
        #expect(spans(second, from: 0) == spans(second, from: 2 * BlockSpans.blockBytes / 16))
        #expect(spans(segment, from: 0).allSatisfy { $0.bytes.count <= Int(BlockSpans.blockBytes) })
    }
}

@Suite("Checking and passes")
struct CheckSampleTests {
    @Test("stretches cover all labels, and a batch lies in each")
    func stretches() throws {
        for (share, count) in [(1.0, 5000), (0.5, 5000), (0.01, 100_000), (0.3, 17), (1e-12, 1000), (0.2, 1)]
        {
            let sample = try #require(CheckSample(share: share))
            let labels = 0..<UInt64(count)
            var next: UInt64 = 0
            for number in 0..<sample.stretches(of: labels) {
                let stretch = sample.stretch(number, of: labels)
                #expect(stretch.lowerBound == next && !stretch.isEmpty)
                next = stretch.upperBound
                for random in [0, 1, 12_345, UInt64.max] {
                    let batch = sample.batch(of: stretch, random: random)
                    #expect(!batch.isEmpty && batch.clamped(to: stretch) == batch)
                    if share == 1 { #expect(batch == stretch) }
                }
            }
            #expect(next == UInt64(count))
            #expect(sample.stretch(sample.stretches(of: labels), of: labels).isEmpty)
        }
        for share in [0, -1, 1.1, .nan, .infinity] { #expect(CheckSample(share: share) == nil) }
    }

    @Test("bad labels that touch are one range")
    func bad() {
        var bad = BadLabels()
        for label in [3, 4, 5, 7] as [UInt64] { bad.add(LabelPlace(file: 1, label: label)) }
        bad.add(LabelPlace(file: 1, label: 8), isReadable: false)
        bad.add(LabelPlace(file: 2, label: 9))
        #expect(bad.count == 6)
        #expect(bad.parts.map(\.bytes) == [48..<96, 112..<128, 128..<144, 144..<160])
        for label in 0..<3000 { bad.add(LabelPlace(file: 3, label: 2 * UInt64(label))) }
        #expect(bad.parts.count == BadLabels.limit && bad.count == 3006)
    }

    @Test("passes take so many nonces at a time, below the limit")
    func passes() {
        #expect(ProvePasses.groups(nonces: 64, limit: 288) == [0..<4, 4..<8, 8..<12, 12..<16, 16..<18])
        #expect(ProvePasses.groups(nonces: 288, limit: 288) == [0..<18])
        #expect(ProvePasses.groups(nonces: 4096, limit: .max) == [0..<256])
        #expect(ProvePasses.groups(nonces: 0, limit: 32) == [0..<1, 1..<2])
    }

    @Test("the cost that a label was made with is found")
    func cost() throws {
        for cost in [2, 512, 8192] as [UInt32] {
            let worker = try LabelProviders.expected.makeWorker(scryptN: cost)
            let label = try #require(worker.labels(of: .largest, from: 99, count: 1).first)
            let stored = Array(label.bytes.prefix(16))
            let provider = LabelProviders.expected
            #expect(
                try PlotProbe.cost(of: stored[...], commitment: .largest, index: 99, provider: provider)
                    == cost)
            #expect(
                try PlotProbe.cost(of: stored[...], commitment: .largest, index: 98, provider: provider)
                    == nil)
        }
    }
}

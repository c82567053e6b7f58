internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization
internal import Testing

/// A plot none of whose labels is a VRF nonce: one in three thousand is like this.
private func plotWithoutNonce() throws -> PlotLayout {
    let worker = try LabelProviders.expected.makeWorker(scryptN: 2)
    for identity in 1...UInt64(100_000) {
        let layout = try smallLayout(labels: 64, identity: identity, maxFileSize: 1024)
        let labels = worker.labels(of: layout.plot.commitment, from: 0, count: 64)
        if labels.allSatisfy({ !VRFNonce.isValid(label: $0, labels: 64) }) { return layout }
    }
    throw PlotFileFault.noPlot(directory: "none of 100,000 identities")
}

@Suite("Making labels")
struct InitializerTests {
    @Test("the files hold the labels, whatever the number of threads", arguments: [1, 2, 5])
    func whole(threads: Int) throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout())
        let result = try make(layout, in: folder.path, threads: threads)
        let labels = try fullLabels(layout)
        var expected = VRFSearch()
        for (place, label) in labels.enumerated() { expected.consider(label, at: UInt64(place)) }
        #expect(result.isFinished && result.made == 20_000 && result.nonce == expected)
        let contents = try folder.contents()
        #expect(contents.count == 8)
        for file in 0..<layout.files {
            let range = layout.labels(of: file)
            let bytes = labels[Int(range.lowerBound)..<Int(range.upperBound)].flatMap { $0.bytes.prefix(16) }
            #expect(contents[PlotLayout.name(of: file)] == Data(bytes), "file \(file)")
        }
        #expect(try PlotDirectory(folder.path, scryptN: 2).metadata.nonce == expected.index)
        let again = try make(layout, in: folder.path)
        #expect(again.isFinished && again.made == 0 && again.nonce == expected)
        #expect(try folder.contents() == contents)
    }

    @Test("stopped anywhere and begun again, the bytes are the same", arguments: [1, 3])
    func stopped(threads: Int) throws {
        let (whole, folder, layout) = (try PlotFolder(), try PlotFolder(), try smallLayout())
        try make(layout, in: whole.path)
        var rounds = 0
        while rounds < 100 {
            let control = WorkControl()
            let result = try make(layout, in: folder.path, threads: threads, control: control) { state in
                if state.done - state.before >= 1500 { control.stop() }
            }
            rounds += 1
            if result.isFinished { break }
            // A kill may cut a label; only that part of it goes.
            let last = try #require(try PlotDirectory(folder.path, scryptN: 2).listing.files.last)
            let file = try #require(
                FileHandle(forWritingAtPath: "\(folder.path)/\(PlotLayout.name(of: last))"))
            if try file.seekToEnd() < layout.bytes(of: last) { try file.write(contentsOf: [1, 2, 3]) }
        }
        // How far the other threads get before they see the stop is theirs; that it was stopped at all is what matters.
        #expect(rounds > 1)
        #expect(try folder.contents() == whole.contents())
    }

    @Test("the metadata is never behind the labels that are on disk")
    func nonceFirst() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout(labels: 60_000))
        let labels = try fullLabels(layout)
        let threshold = VRFNonce.threshold(labels: layout.plot.labels)
        let behind = Mutex(0)
        try make(layout, in: folder.path) { state in
            var best = VRFSearch()
            for place in 0..<Int(state.done) where labels[place] < threshold {
                best.consider(labels[place], at: UInt64(place))
            }
            guard best.index != nil else { return }
            let known = (try? MetadataFile.read(in: folder.path))?.nonce.map { labels[Int($0)] } ?? .largest
            if known > best.label { behind.withLock { $0 += 1 } }
        }
        #expect(behind.withLock { $0 } == 0)
    }

    @Test("cut over three directories and merged, it is the same plot")
    func ranges() throws {
        let (whole, layout) = (try PlotFolder(), try smallLayout())
        try make(layout, in: whole.path)
        let parts = try (0..<3).map { _ in try PlotFolder() }
        for (part, files) in zip(parts, [0..<2, 2..<3, 3..<7] as [Range<UInt64>]) {
            let result = try make(layout, in: part.path, files: files)
            #expect(result.isFinished)
        }
        let merge = try PlotMerge(parts.map(\.path), scryptN: 2)
        #expect(merge.isNonceValid && merge.missing.isEmpty && merge.unfinished.isEmpty)
        var joined: [String: Data] = [:]
        for part in parts { joined.merge(try part.contents()) { _, new in new } }
        #expect(try joined == whole.contents())
        let lacking = try PlotMerge([parts[0].path, parts[2].path], scryptN: 2)
        #expect(lacking.missing == [2..<3])
        withExtendedLifetime(parts) {}
    }

    @Test("a search beyond the plot is taken up where it was stopped, and ends at the first nonce")
    func beyond() throws {
        let (whole, folder, layout) = (try PlotFolder(), try PlotFolder(), try plotWithoutNonce())
        let result = try make(layout, in: whole.path)
        let nonce = try #require(result.nonce.index)
        #expect(result.isFinished && nonce >= 64)
        let worker = try LabelProviders.expected.makeWorker(scryptN: 2)
        let first = worker.labels(of: layout.plot.commitment, from: 64, count: Int(nonce) - 63)
            .firstIndex { VRFNonce.isValid(label: $0, labels: 64) }
        #expect(first == Int(nonce) - 64)
        let metadata = try PlotDirectory(whole.path, scryptN: 2).metadata
        #expect(metadata.nonce == nonce && metadata.lastPosition == nonce)
        #expect(VRFNonce.isValid(label: result.nonce.label, labels: 64))
        // A part of the plot says nothing about the rest, so it does not search.
        try FileManager.default.createDirectory(atPath: "\(folder.path)/a", withIntermediateDirectories: true)
        let wide = try PlotLayout(plot: layout.plot, maxFileSize: 1024)
        #expect(wide.files == 1)
        // Without a nonce in the metadata `find-nonce` comes to the same.
        var lost = metadata
        lost.nonce = nil
        lost.nonceValue = nil
        lost.lastPosition = nil
        try MetadataFile.write(lost, in: whole.path)
        let found = try NonceFinder([PlotDirectory(whole.path, scryptN: 2)], threads: 2).run()
        #expect(found?.index == nonce)
        #expect(try PlotDirectory(whole.path, scryptN: 2).metadata == metadata)
    }

    @Test("whatever else is in the directory is refused, and left as it is")
    func refusals() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout(labels: 5000))
        try make(layout, in: folder.path)
        let before = try folder.contents()
        let other = try smallLayout(labels: 5000, identity: 9)
        func refused(_ words: String, _ body: () throws -> Void) {
            let fault = fault(body)
            #expect("\(fault.map { "\($0)" } ?? "none")".contains(words), "\(String(describing: fault))")
        }
        refused("its identity is") { try make(other, in: folder.path) }
        refused("its labels per unit is 5000, not 4000") {
            try make(smallLayout(labels: 4000), in: folder.path)
        }
        refused("its largest file size") {
            try make(smallLayout(labels: 5000, maxFileSize: 1024), in: folder.path)
        }
        let costly = try Plot(
            identity: layout.plot.identity, commitmentATX: .zero, units: 1, labelsPerUnit: 5000, scryptN: 16)
        refused("made with scrypt N 2, not 16") {
            try make(PlotLayout(plot: costly, maxFileSize: layout.maxFileSize), in: folder.path)
        }
        refused("multiple of 128") { try make(smallLayout(maxFileSize: 1040), in: folder.path + "/x") }
        refused("files 0 to 9 are no part") { try make(layout, in: folder.path, files: 0..<10) }
        #expect(try folder.contents() == before)
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(PlotMetadata.fileName)")
        refused("nobody knows whose they are") { try make(layout, in: folder.path) }
        #expect(try folder.contents().count == before.count - 1)
    }

    @Test("an end that holds no label of the plot is not written on")
    func badEnd() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout(maxFileSize: 1 << 20))
        let control = WorkControl()
        try make(layout, in: folder.path, control: control) { if $0.done > 4000 { control.stop() } }
        let last = try #require(try PlotDirectory(folder.path, scryptN: 2).listing.files.last)
        let path = "\(folder.path)/\(PlotLayout.name(of: last))"
        let file = try #require(FileHandle(forUpdatingAtPath: path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: size - 16)
        try file.write(contentsOf: [UInt8](repeating: 0, count: 16))
        let fault = fault { try make(layout, in: folder.path) }
        #expect(fault == .label(path: path, bytes: size - 16..<size, scryptN: 2, madeWith: nil))
        try file.truncate(atOffset: size - 16)
        #expect(try make(layout, in: folder.path).isFinished)
        let whole = try PlotFolder()
        try make(layout, in: whole.path)
        #expect(try folder.contents() == whole.contents())
    }

    @Test("one process at a time writes to a directory")
    func busy() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout())
        let seen = Mutex<PlotFileFault?>(nil)
        try make(layout, in: folder.path) { _ in
            let again = fault { try make(layout, in: folder.path) }
            seen.withLock { $0 = again }
        }
        #expect(seen.withLock { $0 } == .busy(directory: folder.path))
    }

    @Test("the rate is kept")
    func rate() throws {
        let (folder, layout) = (try PlotFolder(), try smallLayout(labels: 8192))
        let start = wallSeconds()
        try make(layout, in: folder.path, control: WorkControl(bytesPerSecond: 128 << 10))
        #expect(wallSeconds() - start >= 0.7)
    }
}

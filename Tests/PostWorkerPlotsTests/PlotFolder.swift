internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Testing

/// A folder that goes away with its test.
final class PlotFolder: Sendable {
    let path = NSTemporaryDirectory() + "plot-\(UUID().uuidString.prefix(12))"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The bytes of all files below it, by name.
    func contents(of folder: String? = nil) throws -> [String: Data] {
        let folder = folder ?? path
        var result: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            result[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
        }
        return result
    }
}

/// A cheap plot: labels cost next to nothing.
func smallLayout(
    labels: UInt64 = 20_000, identity: UInt64 = 1, maxFileSize: UInt64 = 48 << 10
) throws -> PlotLayout {
    let plot = try Plot(
        identity: Bytes32(identity, 2, 3, 4), commitmentATX: .zero, units: 1, labelsPerUnit: labels,
        scryptN: 2)
    return try PlotLayout(plot: plot, maxFileSize: maxFileSize)
}

/// Makes all, or some files, of a plot.
@discardableResult
func make(
    _ layout: PlotLayout, in folder: String, files: Range<UInt64>? = nil, threads: Int = 2,
    control: WorkControl = WorkControl(),
    progress: @escaping @Sendable (InitializeProgress) -> Void = { _ in }
) throws -> InitializeResult {
    try PlotInitializer(
        directory: folder, layout: layout, files: files, threads: threads, control: control
    ).run(progress: progress)
}

/// The refusal of a body; nil when there is none.
func fault(_ body: () throws -> Void) -> PlotFileFault? {
    do {
        try body()
        return nil
    } catch {
        return error as? PlotFileFault
    }
}

/// All full labels of a plot, computed at once.
func fullLabels(_ layout: PlotLayout) throws -> [Bytes32] {
    try LabelProviders.expected.makeWorker(scryptN: layout.plot.scryptN)
        .labels(of: layout.plot.commitment, from: 0, count: Int(layout.plot.labels))
}

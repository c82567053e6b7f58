import Foundation
import NodeBus
import NodeDomain
import NodeProtocol
import NodeTasks
import PostWorkerCore
import SwiftProtobuf
import Synchronization
import Testing

/// A plot of eight files of 64 KiB.
enum Small {
    static let labels: UInt64 = 32_768
    static let identity = Data(repeating: 0x11, count: 32)
    static let challenge = Data(repeating: 0x33, count: 32)
    /// Every sixteenth hash is below it, for four units.
    static let difficulty = Data([0x40] + [UInt8](repeating: 0, count: 31))
    static let k1: UInt32 = 26
    static let k2: UInt32 = 20

    static func plot(scryptN: UInt32) -> Spacenode_Post_V1_Plot {
        var plot = plot
        plot.scryptN = scryptN
        return plot
    }

    static var plot: Spacenode_Post_V1_Plot {
        var plot = Spacenode_Post_V1_Plot()
        plot.identity = identity
        plot.commitmentAtx = Data(repeating: 0x22, count: 32)
        plot.units = 4
        plot.labelsPerUnit = labels / 4
        plot.scryptN = 16
        plot.maxFileSize = 65_536
        return plot
    }

    static func files(_ range: ClosedRange<UInt64>) -> Spacenode_Post_V1_Files {
        var files = Spacenode_Post_V1_Files()
        files.first = range.lowerBound
        files.last = range.upperBound
        return files
    }

    static func initialize(_ files: ClosedRange<UInt64>, _ path: String)
        -> Spacenode_Post_V1_InitializeRangeWork
    {
        var work = Spacenode_Post_V1_InitializeRangeWork()
        work.plot = plot
        work.files = self.files(files)
        work.directory = path
        return work
    }

    static func scan(
        _ files: ClosedRange<UInt64>, _ groups: [Spacenode_Post_V1_Group], k2: UInt32 = 65_535,
        round: UInt32 = 0
    ) -> Spacenode_Post_V1_ScanRangeWork {
        var work = Spacenode_Post_V1_ScanRangeWork()
        work.plot = plot
        work.files = self.files(files)
        work.challenge = challenge
        work.groups = groups
        work.k1 = k1
        work.k2 = k2
        work.round = round
        return work
    }

    /// Groups with pows that nobody checks: enough for a scan.
    static var groups: [Spacenode_Post_V1_Group] {
        (0..<UInt32(2)).map { number in
            var group = Spacenode_Post_V1_Group()
            group.number = number
            return group
        }
    }
}

extension PostOwner {
    /// Makes some files in a directory; the offers afterwards.
    @discardableResult
    func make(_ files: ClosedRange<UInt64>, _ path: String) async throws
        -> Spacenode_Post_V1_InitializeRangeResult
    {
        let locality = try await offers().directories.first { path.hasPrefix($0.path) }?.locality ?? "?"
        let id = try await offer("InitializeRange", Small.initialize(files, path), "init", locality)
        return try await output(id)
    }

    func locality(_ path: String) async throws -> String {
        try await offers().segments.first { $0.directory == path }?.locality ?? "?"
    }

    func hits(_ id: TaskID, _ result: Spacenode_Post_V1_ScanRangeResult) -> Set<ScanHit> {
        let last = zip(result.hits.nonces, result.hits.indices).map { ScanHit(nonce: $0, index: $1) }
        return said.withLock { $0[Data(id.bytes)]?.hits ?? [] }.union(last)
    }

    func control(_ body: (inout Spacenode_Post_V1_ControlRequest) -> Void) async throws
        -> Spacenode_Post_V1_ControlReply
    {
        var request = Spacenode_Post_V1_ControlRequest()
        body(&request)
        return try await bus.call(PostContract.control, request)
    }
}

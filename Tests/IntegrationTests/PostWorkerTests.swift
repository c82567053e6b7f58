import Foundation
import NodeBus
import NodeDomain
import NodeProtocol
import NodeTasks
import PostWorkerCore
import SwiftProtobuf
import Synchronization
import Testing

/// What progress said.
private final class Seen: Sendable {
    private let tasks = Mutex<[Spacenode_Post_V1_TaskProgress]>([])

    var last: Spacenode_Post_V1_TaskProgress? { tasks.withLock { $0.last } }

    /// Until the bus ends.
    func read(_ events: BusSubscription<Spacenode_Post_V1_Progress>) async {
        while let element = try? await events.next() {
            if case .event(let progress, _) = element { tasks.withLock { $0 += progress.tasks } }
        }
    }
}

/// `spacenode-post-worker` on the bus, with real files.
@Suite("Post-worker", .serialized)
struct PostWorkerTests {
    @Test("a plot in two directories is made, proved and judged")
    func whole() async throws {
        let plots = try TestPlots()
        let (a, b) = (plots.path("a"), plots.path("b"))
        try await plots.with { owner in
            let first = try await owner.make(0...4, a)
            let second = try await owner.make(5...7, "\(b)/new")
            #expect(first.labels == 5 * 4096 && first.madeLabels == first.labels)
            #expect(first.hasNonce || second.hasNonce)
            #expect(!first.hasNonce || first.nonceLabel.count == 32)
            let offers = try await owner.offers()
            #expect(offers.worker == "worker" && offers.directories.map(\.path) == [a, b])
            let segments = offers.segments.sorted { $0.files.first < $1.files.first }
            #expect(segments.map(\.directory) == [a, "\(b)/new"])
            #expect(segments.map(\.fault) == ["", ""] && segments.map(\.labels) == [5 * 4096, 3 * 4096])
            #expect(segments.allSatisfy { $0.plot == Small.plot && $0.checkedMs > 0 })

            var work = Spacenode_Post_V1_ProofOfWorkWork()
            work.identity = Small.identity
            work.challenge = Small.challenge
            work.units = 4
            work.difficulty = Small.difficulty
            work.groups = 2
            let pows: Spacenode_Post_V1_ProofOfWorkResult =
                try await owner.output(try await owner.offer("ProofOfWork", work, "pow"))
            #expect(pows.groups.map(\.number) == [0, 1])

            var ids: [TaskID] = []
            for (files, segment) in zip([0...4, 5...7] as [ClosedRange<UInt64>], segments) {
                let scan = Small.scan(files, pows.groups)
                ids.append(try await owner.offer("ScanRange", scan, "scan", segment.locality))
            }
            var collector = HitCollector(needed: Int(Small.k2))
            for id in ids {
                let result: Spacenode_Post_V1_ScanRangeResult = try await owner.output(id)
                for hit in owner.hits(id, result).sorted(by: { $0.index < $1.index }) { collector.add(hit) }
            }
            let groups = pows.groups.map { ScanGroup(number: UInt8($0.number), pow: $0.pow) }
            let proof = try #require(collector.proof(groups: groups, labels: Small.labels))
            try await judge(proof, owner)
        }
    }

    /// The proof is valid, a broken one is not, and what was judged once is known.
    private func judge(_ proof: PostProof, _ owner: PostOwner) async throws {
        var request = Spacenode_Post_V1_VerifyRequest()
        request.plot = Small.plot
        request.challenge = Small.challenge
        request.nonce = proof.nonce
        request.indices = Data(proof.indices)
        request.pow = proof.pow
        request.rules.k1 = Small.k1
        request.rules.k2 = Small.k2
        request.rules.powDifficulty = Small.difficulty
        request.rules.maxNonces = 288
        let valid = try await owner.bus.call(PostContract.verify, request)
        #expect(valid.valid && valid.reason.isEmpty && !valid.cached)
        let again = try await owner.bus.call(PostContract.verify, request)
        #expect(again.valid && again.cached)
        var broken = request
        broken.nonce += 1
        let invalid = try await owner.bus.call(PostContract.verify, broken)
        #expect(!invalid.valid && !invalid.reason.isEmpty)
        broken = request
        broken.rules.k2 = 0
        let text = await fault { _ = try await owner.bus.call(PostContract.verify, broken) }
        #expect(text.contains("rules.k2 is 0: it must be from 1 to 65535"))
        broken = request
        broken.rules.minUnits = 9
        broken.rules.maxUnits = 8
        let units = await fault { _ = try await owner.bus.call(PostContract.verify, broken) }
        #expect(units.contains("rules.min_units is 9: it must be from 1 to 8"))
    }

    private func fault(_ body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "no fault"
        } catch {
            return "\(error)"
        }
    }

    @Test("killed in the middle of a scan, the worker goes on behind what the owner has, and no hit is lost")
    func killed() async throws {
        let plots = try TestPlots(plots: ["a"])
        let a = plots.path("a")
        try await plots.with { owner in
            try await owner.make(0...7, a)
            let locality = try await owner.locality(a)
            _ = try await owner.control { $0.readBytesPerSecond = 65_536 }
            let slow = try await owner.offer("ScanRange", Small.scan(0...7, Small.groups), "scan", locality)
            // Two files at least, and the word of it with the owner.
            let end = Date() + 20
            while try await told(owner, slow) < 8192 {
                try #require(Date() < end)
                try await Task.sleep(for: .milliseconds(50))
            }
            let before = try await told(owner, slow)
            plots.stop(SIGKILL)
            try plots.start()
            let result: Spacenode_Post_V1_ScanRangeResult = try await owner.output(slow)
            #expect(result.nextLabel == Small.labels && result.bytes <= (Small.labels - before) * 16)
            let whole = try await owner.offer(
                "ScanRange", Small.scan(0...7, Small.groups, round: 1), "scan", locality)
            let reference: Spacenode_Post_V1_ScanRangeResult = try await owner.output(whole)
            #expect(owner.hits(slow, result) == owner.hits(whole, reference))
            #expect(owner.hits(whole, reference).count > 100)
        }
    }

    /// The label that a task's checkpoint names.
    private func told(_ owner: PostOwner, _ id: TaskID) async throws -> UInt64 {
        let bytes = try await owner.record(id)?.checkpoint ?? []
        return try Spacenode_Post_V1_ScanRangeCheckpoint(serializedBytes: bytes).nextLabel
    }

    @Test("pause holds a scan, resume lets it go on, and progress says how far it is")
    func paused() async throws {
        let plots = try TestPlots(plots: ["a"])
        let a = plots.path("a")
        try await plots.with { owner in
            try await owner.make(0...7, a)
            let locality = try await owner.locality(a)
            let limited = try await owner.control {
                $0.readBytesPerSecond = 65_536
                $0.threads = 2
            }
            #expect(limited.state.threads == 2 && limited.disks.map(\.limitBytesPerSecond) == [65_536])
            let seen = Seen()
            let events = try await owner.bus.subscribe(PostContract.progresses)
            async let read: Void = seen.read(events)
            let id = try await owner.offer("ScanRange", Small.scan(0...7, Small.groups), "scan", locality)
            try await Task.sleep(for: .seconds(2.5))
            let disk = try #require(limited.disks.first?.name)
            let held = try await owner.control {
                $0.disk = disk
                $0.paused = true
            }
            #expect(held.disks.map(\.paused) == [true] && !held.state.paused)
            try await Task.sleep(for: .seconds(1.5))
            let standing = seen.last?.done ?? 0
            try await Task.sleep(for: .seconds(2.5))
            #expect(standing > 0 && seen.last?.done == standing)
            let last = try #require(seen.last)
            #expect(last.kind == "ScanRange" && last.lane == disk && last.total == Small.labels * 16)
            _ = try await owner.control {
                $0.disk = disk
                $0.paused = false
                $0.readBytesPerSecond = 0
            }
            let result: Spacenode_Post_V1_ScanRangeResult = try await owner.output(id)
            #expect(result.nextLabel == Small.labels)
            let slow = await fault { _ = try await owner.control { $0.readBytesPerSecond = 5 } }
            #expect(slow.contains("5 bytes a second are too slow"))
            owner.bus.drain()
            await read
        }
    }

    @Test("SIGTERM gives a scan back with its checkpoint, and ends within seconds with status 0")
    func ended() async throws {
        let plots = try TestPlots(plots: ["a"], config: "read_bytes_per_second: 65536")
        let a = plots.path("a")
        try await plots.with { owner in
            try await owner.make(0...7, a)
            let id = try await owner.offer(
                "ScanRange", Small.scan(0...7, Small.groups), "scan", try await owner.locality(a))
            let end = Date() + 20
            while try await told(owner, id) < 4096 {
                try #require(Date() < end)
                try await Task.sleep(for: .milliseconds(50))
            }
            let begun = Date()
            #expect(plots.stop(SIGTERM) == 0)
            #expect(Date().timeIntervalSince(begun) < 5)
            let record = try #require(try await owner.record(id))
            #expect(record.state == .waiting(notBefore: 0) && record.attempts == 0)
            #expect(try await told(owner, id) >= 4096)
        }
    }

    @Test("refusals name the fault and the fix, and nothing is made")
    func refusals() async throws {
        let plots = try TestPlots(plots: ["a"])
        let (a, outside) = (plots.path("a"), plots.path("other"))
        try FileManager.default.createSymbolicLink(
            atPath: "\(a)/link", withDestinationPath: NSTemporaryDirectory())
        try await plots.with { owner in
            let place = try await owner.offers().directories.first?.locality ?? "?"
            let wrong: [(Spacenode_Post_V1_InitializeRangeWork, String)] = [
                (Small.initialize(0...7, outside), "is none that this worker may use"),
                (Small.initialize(0...7, "\(a)/../other"), "give an absolute path"),
                (Small.initialize(0...7, "\(a)/link/x"), "leads out of \(a) by a link"),
                (Small.initialize(0...8, a), "are no part of the plot: it has files 0 to 7"),
            ]
            for (work, text) in wrong {
                let fault = await owner.fault(try await owner.offer("InitializeRange", work, "init", place))
                #expect(fault.contains(text), "\(fault)")
            }
            let absent = Small.scan(0...7, Small.groups)
            let fault = await owner.fault(try await owner.offer("ScanRange", absent, "scan", place))
            #expect(fault.contains("no directory here holds postdata_0.bin to postdata_7.bin"), "\(fault)")
            var garbage = Spacenode_Post_V1_ProofOfWorkWork()
            garbage.identity = Data([1])
            let short = await owner.fault(try await owner.offer("ProofOfWork", garbage, "pow"))
            #expect(short.contains("identity has 1 bytes: it must have 32"), "\(short)")
        }
        #expect(!FileManager.default.fileExists(atPath: outside))
    }

    @Test("a plot of another cost or with a bad label is offered with its fault, and checked")
    func damaged() async throws {
        let plots = try TestPlots(plots: ["a"])
        let a = plots.path("a")
        try await plots.with { owner in
            try await owner.make(0...7, a)
            let handle = try #require(FileHandle(forUpdatingAtPath: "\(a)/postdata_3.bin"))
            try handle.seek(toOffset: 1600)
            try handle.write(contentsOf: Data(repeating: 0, count: 32))
            try handle.close()
            var work = Spacenode_Post_V1_VerifyDataWork()
            work.plot = Small.plot
            work.files = Small.files(2...4)
            work.samplePpm = 1_000_000
            let id = try await owner.offer("VerifyData", work, "check", try await owner.locality(a))
            let result: Spacenode_Post_V1_VerifyDataResult = try await owner.output(id)
            #expect(result.checkedLabels == 3 * 4096 && result.badLabels == 2)
            #expect(result.bad.map { [$0.file, $0.firstByte, $0.lastByte] } == [[3, 1600, 1631]])
            try FileManager.default.removeItem(atPath: "\(a)/postdata_5.bin")
            var rescan = Spacenode_Post_V1_RescanRequest()
            rescan.measureDisks = true
            let gap = try await owner.bus.call(PostContract.rescan, rescan)
            #expect(gap.segments.first?.fault.contains("lacks postdata_5.bin") == true)
        }
    }
}

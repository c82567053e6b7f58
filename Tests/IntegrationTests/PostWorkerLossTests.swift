import Foundation
import NodeBus
import NodeEncoding
import NodeProtocol
import NodeTasks
import PostWorkerCore
import SwiftProtobuf
import Synchronization
import Testing

/// What a post-worker does when somebody goes away, or has too much.
@Suite("Post-worker, losses", .serialized)
struct PostWorkerLossTests {
    @Test("an owner that is away in the middle of a scan gets every hit when it is back")
    func ownerAway() async throws {
        let plots = try TestPlots(plots: ["a"])
        let a = plots.path("a")
        let first = PostOwner(run: plots.router.run)
        let id = try await plots.with(first) { owner -> TaskID in
            try await owner.make(0...7, a)
            _ = try await owner.control { $0.readBytesPerSecond = 131_072 }
            let id = try await owner.offer(
                "ScanRange", Small.scan(0...7, Small.groups), "scan", try await owner.locality(a))
            let end = Date() + 20
            while owner.said.withLock({ $0[Data(id.bytes)]?.next ?? 0 }) < 4096 {
                try #require(Date() < end)
                try await Task.sleep(for: .milliseconds(50))
            }
            return id
        }
        // The worker goes on alone.
        try await Task.sleep(for: .seconds(1.5))
        try await plots.with(PostOwner(run: plots.router.run, before: first)) { owner in
            let result: Spacenode_Post_V1_ScanRangeResult = try await owner.output(id)
            // It was not begun anew.
            #expect(result.bytes == Small.labels * 16 && result.nextLabel == Small.labels)
            let whole = try await owner.offer(
                "ScanRange", Small.scan(0...7, Small.groups, round: 1), "scan", try await owner.locality(a))
            let reference: Spacenode_Post_V1_ScanRangeResult = try await owner.output(whole)
            #expect(owner.hits(id, result) == owner.hits(whole, reference))
        }
    }

    @Test("killed while it makes labels, the worker goes on with those that are on disk")
    func killedWhileMaking() async throws {
        let plots = try TestPlots(plots: ["a"], scryptN: 8192)
        let a = plots.path("a")
        try await plots.with { owner in
            var work = Small.initialize(0...1, a)
            work.plot = Small.plot(scryptN: 8192)
            let place = try await owner.offers().directories.first?.locality ?? "?"
            let id = try await owner.offer("InitializeRange", work, "init", place)
            let file = "\(a)/postdata_0.bin"
            let end = Date() + 30
            while ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0) < 16_384 {
                try #require(Date() < end)
                try await Task.sleep(for: .milliseconds(20))
            }
            plots.stop(SIGKILL)
            try plots.start()
            let result: Spacenode_Post_V1_InitializeRangeResult = try await owner.output(id)
            #expect(result.labels == 8192 && result.madeLabels <= 8192 - 1024)
            let segment = try #require(try await owner.offers().segments.first)
            #expect(segment.labels == 8192 && segment.fault.isEmpty && segment.nonce == result.nonce)
        }
    }

    @Test("a scan that nobody wants any more ends at once, with what it has")
    func unwanted() async throws {
        let plots = try TestPlots(plots: ["a"], config: "read_bytes_per_second: 65536")
        let a = plots.path("a")
        try await plots.with { owner in
            try await owner.make(0...7, a)
            owner.wants.withLock { $0 = false }
            let id = try await owner.offer(
                "ScanRange", Small.scan(0...7, Small.groups), "scan", try await owner.locality(a))
            let result: Spacenode_Post_V1_ScanRangeResult = try await owner.output(id)
            #expect(result.nextLabel < Small.labels && result.bytes < Small.labels * 16)
        }
    }

    @Test("a hit takes at most 64 bytes of the bus, and all else below 1 kB a second")
    func traffic() async throws {
        let plots = try TestPlots(plots: ["a"], config: "read_bytes_per_second: 65536")
        let a = plots.path("a")
        let owner = PostOwner(run: plots.router.run, usual: true)
        try await plots.with(owner) { owner in
            try await owner.make(0...7, a)
            let id = try await owner.offer(
                "ScanRange", Small.scan(0...7, Small.groups), "scan", try await owner.locality(a))
            let events = try await owner.bus.subscribe(PostContract.progresses)
            _ = try await events.next()
            let (before, begun) = (try bytes(plots), Date())
            let known = owner.said.withLock { $0[Data(id.bytes)]?.hits.count ?? 0 }
            try await Task.sleep(for: .seconds(5))
            let count = owner.said.withLock { $0[Data(id.bytes)]?.hits.count ?? 0 } - known
            let used = try bytes(plots) - before
            let seconds = Date().timeIntervalSince(begun)
            print("\(count) hits took \(used) bytes of the worker's session in \(seconds) s")
            #expect(count > 100)
            // A hit of this plot has five bytes: what is left is calls, renewals, asking for work, beats and progress.
            #expect(Double(used) < Double(count) * 64 + seconds * 1000, "\(used) bytes, \(count) hits")
            #expect(Double(used - UInt64(count) * 8) < seconds * 1500, "\(used) bytes, \(count) hits")
        }
    }

    /// The worker's session as the router lists it.
    private func session(_ plots: TestPlots) throws -> [String: Any] {
        let listed = try Programs.run(
            "spacenode", ["bus", "ls", "--json", "--data", plots.router.data, "--run-dir", plots.router.run])
        let rows = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]]
        return try #require(rows?.first { $0["plugin"] as? String == "worker" }, "\(listed.output)")
    }

    /// What it has sent and got.
    private func bytes(_ plots: TestPlots) throws -> UInt64 {
        let row = try session(plots)
        let sent = try #require(row["inBytes"] as? Int)
        return try UInt64(sent + #require(row["outBytes"] as? Int))
    }

    @Test("a directory that is not there makes the worker DEGRADED, and its tasks wait")
    func unmounted() async throws {
        let plots = try TestPlots(plots: ["a", "b"])
        let (a, b) = (plots.path("a"), plots.path("b"))
        try await plots.with { owner in
            let place = try #require(try await owner.offers().directories.first { $0.path == b }?.locality)
            try FileManager.default.moveItem(atPath: b, toPath: "\(b).away")
            let after = try await owner.bus.call(PostContract.rescan, .init())
            #expect(after.directories.map(\.fault.isEmpty) == [true, false])
            #expect(after.directories[1].fault == "\(b) is not there: mount its disk, or make the directory")
            #expect((try session(plots)["state"] as? String)?.lowercased() == "degraded")
            let id = try await owner.offer("InitializeRange", Small.initialize(0...7, b), "init", place)
            try await owner.make(0...7, a)
            #expect(try await owner.record(id)?.state == .waiting(notBefore: 0))
            try FileManager.default.moveItem(atPath: "\(b).away", toPath: b)
            _ = try await owner.bus.call(PostContract.rescan, .init())
            let result: Spacenode_Post_V1_InitializeRangeResult = try await owner.output(id)
            #expect(result.labels == Small.labels)
        }
    }

    @Test("more proofs than the queue holds are sent away")
    func busy() async throws {
        let plots = try TestPlots(plots: [], config: "verify_queue: 1")
        let begun = Date()
        try await plots.with { owner in
            _ = try await owner.offers()
            #expect(Date().timeIntervalSince(begun) < 2)
            let answers = await withTaskGroup(of: String.self) { group in
                for pow in 0..<UInt64(6) {
                    group.addTask { await self.judge(pow, owner) }
                }
                return await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(answers.contains { $0.contains("BUSY: 1 proofs are being judged") }, "\(answers)")
            #expect(answers.contains { $0.contains("is not below") }, "\(answers)")
        }
    }

    /// Judges a proof whose shape is right and whose work is not.
    private func judge(_ pow: UInt64, _ owner: PostOwner) async -> String {
        var request = Spacenode_Post_V1_VerifyRequest()
        request.plot = Small.plot
        request.challenge = Small.challenge
        let bits = IndexPacking.bits(labels: Small.labels)
        request.indices = Data(IndexPacking.pack(Array(0..<UInt64(Small.k2)), bits: bits))
        request.pow = pow
        request.rules.k1 = Small.k1
        request.rules.k2 = Small.k2
        request.rules.powDifficulty = Data(repeating: 0, count: 32)
        request.rules.maxNonces = 288
        do {
            return try await owner.bus.call(PostContract.verify, request).reason
        } catch {
            return "\(error)"
        }
    }
}

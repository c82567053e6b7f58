import NodeTasks
import Testing

/// The owner's decisions, by a turned clock.
@Suite("Queue of tasks")
struct TaskQueueTests {
    private func task(_ number: UInt8, locality: String = "", deadline: UInt64 = 0) -> TaskSpecification {
        TaskSpecification(
            kind: "test", inputs: [number], capability: "cpu", locality: locality,
            deadlineMilliseconds: deadline)
    }

    private func queue(_ numbers: ClosedRange<UInt8>) throws -> TaskQueue {
        var queue = TaskQueue()
        for number in numbers { #expect(try queue.offer(task(number))) }
        return queue
    }

    private func wish(
        _ holder: UInt64, free: UInt32 = 1, localities: [String] = [],
        held: [(id: TaskID, fence: UInt64)] = []
    ) -> TakeWish {
        TakeWish(
            holder: holder, worker: "w\(holder)", slots: [.init(capability: "cpu", free: free)],
            localities: localities, held: held)
    }

    private func word(_ grant: TaskGrant, _ holder: UInt64) -> LeaseWord {
        LeaseWord(id: grant.task.id, fence: grant.fence, holder: holder)
    }

    @Test("the id is the hash of kind and inputs, as bus.md says")
    func id() {
        // printf '\x04\0\0\0\0\0\0\0test\x01' | sha256sum
        #expect(task(1).id.description == "7d59950a6b5ce422")
        #expect(task(1).id != TaskID(kind: "tes", inputs: Array("t".utf8) + [1]))
    }

    @Test("the same inputs make one task, whatever its state")
    func twice() throws {
        var queue = try queue(1...1)
        #expect(try !queue.offer(task(1)))
        let grant = try #require(try queue.take(wish(7), now: 0).first)
        #expect(try !queue.offer(task(1)))
        #expect(queue.result(word(grant, 7), output: [9], error: "", now: 1) == .done)
        #expect(try !queue.offer(task(1)))
        #expect(queue.records[grant.task.id]?.state == .finished(.output([9])))
    }

    @Test("a lease that was silent goes to another with its checkpoint and a higher fence")
    func expiry() throws {
        var queue = try queue(1...1)
        let first = try #require(try queue.take(wish(7), now: 0).first)
        #expect(queue.renew(word(first, 7), checkpoint: [5], progress: 0.5, now: 20_000) == .held)
        queue.tick(now: 49_999, wallMilliseconds: 0)
        #expect(queue.leasedCount == 1)
        queue.tick(now: 50_000, wallMilliseconds: 0)
        let second = try #require(try queue.take(wish(8), now: 50_000).first)
        #expect(second.fence == first.fence + 1 && second.checkpoint == [5])
        #expect(queue.renew(word(first, 7), checkpoint: [6], progress: 0.6, now: 50_001) == .fenced)
        #expect(queue.result(word(first, 7), output: [1], error: "", now: 50_001) == .fenced)
        #expect(queue.release(word(first, 7), checkpoint: []) == .fenced)
        #expect(queue.result(word(second, 8), output: [2], error: "", now: 50_002) == .done)
        #expect(queue.records[first.task.id]?.state == .finished(.output([2])))
        #expect(queue.result(word(first, 7), output: [1], error: "", now: 50_003) == .done)
        #expect(queue.records[first.task.id]?.state == .finished(.output([2])))
    }

    @Test("a holder that was silent goes on while nobody else took its task")
    func revival() throws {
        var queue = try queue(1...1)
        let grant = try #require(try queue.take(wish(7), now: 0).first)
        queue.tick(now: 40_000, wallMilliseconds: 0)
        #expect(queue.waitingCount == 1)
        #expect(queue.renew(word(grant, 7), checkpoint: [], progress: 0, now: 40_001) == .held)
        #expect(queue.leasedCount == 1)
        #expect(try queue.take(wish(8), now: 40_002).isEmpty)
        #expect(queue.renew(word(grant, 8), checkpoint: [], progress: 0, now: 40_003) == .fenced)
        queue.tick(now: 90_000, wallMilliseconds: 0)
        #expect(queue.result(word(grant, 7), output: [1], error: "", now: 90_001) == .done)
    }

    @Test("what a worker does not name in Take goes back at once")
    func lostAnswer() throws {
        var queue = try queue(1...3)
        let grants = try queue.take(wish(7, free: 3), now: 0)
        #expect(grants.count == 3)
        let kept = grants[1]
        #expect(try queue.take(wish(7, free: 0, held: [(kept.task.id, kept.fence)]), now: 1).isEmpty)
        #expect(queue.leasedCount == 1 && queue.waitingCount == 2)
        #expect(queue.renew(word(grants[0], 7), checkpoint: [], progress: 0, now: 2) == .fenced)
        #expect(queue.renew(word(kept, 7), checkpoint: [], progress: 0, now: 2) == .held)
        let again = try queue.take(wish(7, free: 2, held: [(kept.task.id, kept.fence)]), now: 3)
        #expect(again.map(\.fence) == [2, 2])
        // The same worker, but the lease of its earlier life.
        #expect(queue.result(word(grants[0], 7), output: [1], error: "", now: 4) == .fenced)
        #expect(queue.release(word(grants[2], 7), checkpoint: []) == .fenced)
        #expect(queue.leasedCount == 3)
    }

    @Test("errors are tried again after a pause, and are final after the third")
    func attempts() throws {
        var queue = try queue(1...1)
        var now: UInt64 = 0
        for attempt in 1...3 {
            let grant = try #require(try queue.take(wish(7), now: now).first)
            #expect(queue.result(word(grant, 7), output: [], error: "disk \(attempt)", now: now) == .done)
            #expect(try queue.take(wish(7), now: now + UInt64(attempt) * 2_000 - 1).isEmpty)
            now += UInt64(attempt) * 2_000
        }
        #expect(queue.records[task(1).id]?.state == .finished(.failed("disk 3")))
        #expect(queue.waitingCount == 0)
    }

    @Test("data decides: a task of a place goes only to who has it; the earliest deadline first")
    func order() throws {
        var queue = TaskQueue()
        _ = try queue.offer(task(1))
        _ = try queue.offer(task(2, locality: "disk-a", deadline: 900))
        _ = try queue.offer(task(3, deadline: 500))
        #expect(try queue.take(wish(7), now: 0).first?.task.inputs == [3])
        #expect(try queue.take(wish(8, free: 5), now: 0).map(\.task.inputs) == [[1]])
        #expect(try queue.take(wish(9, free: 5, localities: ["disk-b", "disk-a"]), now: 0).count == 1)
        queue.tick(now: 1, wallMilliseconds: 500)
        #expect(
            queue.records[task(3).id]?.state == .finished(.cancelled("its deadline has passed")))
        #expect(queue.leasedCount == 2)
    }

    @Test("a cancelled task is over for its holder")
    func cancel() throws {
        var queue = try queue(1...1)
        let grant = try #require(try queue.take(wish(7), now: 0).first)
        queue.cancel(grant.task.id, "not needed")
        #expect(queue.renew(word(grant, 7), checkpoint: [], progress: 0, now: 1) == .cancelled)
        #expect(queue.result(word(grant, 7), output: [1], error: "", now: 1) == .cancelled)
        let stranger = TaskID(kind: "no", inputs: [])
        #expect(
            queue.renew(
                LeaseWord(id: stranger, fence: 1, holder: 7), checkpoint: [], progress: 0, now: 1)
                == .unknown)
    }

    @Test("from what a store kept, an owner goes on with rising fences")
    func restart() throws {
        var queue = try queue(1...4)
        let grants = try queue.take(wish(7, free: 3), now: 0)
        _ = queue.result(word(grants[0], 7), output: [1], error: "", now: 1)
        _ = queue.release(word(grants[1], 7), checkpoint: [4])
        let kept = queue.takeChanges().compactMap { change in
            if case .put(let record) = change { return record }
            return nil
        }
        #expect(queue.takeChanges().isEmpty)
        var later = TaskQueue(records: kept, now: 1_000_000)
        #expect(later.waitingCount == 2 && later.leasedCount == 1 && later.finishedCount == 1)
        // The lease has a whole term anew, and its holder goes on.
        later.tick(now: 1_029_999, wallMilliseconds: 0)
        #expect(later.renew(word(grants[2], 7), checkpoint: [], progress: 0, now: 1_029_999) == .held)
        let again = try later.take(wish(8, free: 9), now: 1_030_000)
        #expect(again.map(\.task.inputs) == [[2], [4]])
        #expect(again.first?.fence == grants[1].fence + 1 && again.first?.checkpoint == [4])
        #expect(try later.offer(task(9)))
    }

    @Test("every limit refuses with its number")
    func limits() throws {
        var queue = TaskQueue()
        let large = TaskSpecification(
            kind: "k", inputs: [UInt8](repeating: 0, count: TaskLimit.inputBytes + 1), capability: "cpu")
        #expect(throws: TaskFault.self) { _ = try queue.offer(large) }
        #expect(throws: TaskFault.self) {
            _ = try queue.offer(TaskSpecification(kind: "", inputs: [], capability: "cpu"))
        }
        #expect(throws: TaskFault.self) {
            _ = try queue.offer(
                TaskSpecification(kind: "k", inputs: [], capability: String(repeating: "c", count: 65)))
        }
        for number in 0..<TaskLimit.openTasks {
            let inputs = withUnsafeBytes(of: UInt64(number)) { Array($0) }
            _ = try queue.offer(TaskSpecification(kind: "k", inputs: inputs, capability: "cpu"))
        }
        #expect(throws: TaskFault.self) { _ = try queue.offer(task(1)) }
        let grants = try queue.take(wish(7, free: .max), now: 0)
        #expect(grants.count == TaskLimit.leasesPerTake)
        #expect(
            queue.renew(
                word(grants[0], 7), checkpoint: [UInt8](repeating: 1, count: TaskLimit.checkpointBytes + 1),
                progress: .nan, now: 1) == .held)
        #expect(queue.records[grants[0].task.id]?.checkpoint == [])
        #expect(queue.records[grants[0].task.id]?.progress == 0)
    }

    @Test("collected outcomes lose their bytes, and the oldest are forgotten")
    func collecting() throws {
        var queue = TaskQueue()
        for number in 0...TaskLimit.finishedTasks {
            let inputs = withUnsafeBytes(of: UInt64(number)) { Array($0) }
            let task = TaskSpecification(kind: "k", inputs: inputs, capability: "cpu")
            _ = try queue.offer(task)
            let grant = try #require(try queue.take(wish(7), now: 0).first)
            _ = queue.result(word(grant, 7), output: [1, 2], error: "", now: 0)
            queue.collect(task.id)
            queue.collect(task.id)
        }
        #expect(queue.records.count == TaskLimit.finishedTasks)
        #expect(queue.records.values.allSatisfy { $0.state == .finished(.output([])) })
        let removed = queue.takeChanges().filter {
            if case .remove = $0 { return true }
            return false
        }
        #expect(removed.count == 1)
    }
}

internal import NodeDomain
internal import PostWorkerCore
internal import Testing

/// What the worker on the bus decides.
@Suite("Worker")
struct WorkerTests {
    @Test(
        "a lane takes one at a time: the earliest deadline first, then who came first, those without one last"
    )
    func lanes() {
        var lanes = LaneSchedule()
        let (first, runs) = lanes.enter("sda", deadline: 0)
        #expect(runs && lanes.runs(first) && !lanes.isFree("sda") && lanes.isFree("sdb"))
        let other = lanes.enter("sdb", deadline: 0)
        #expect(other.runs)
        let none = lanes.enter("sda", deadline: 0).ticket
        let late = lanes.enter("sda", deadline: 20).ticket
        let early = lanes.enter("sda", deadline: 10).ticket
        let twin = lanes.enter("sda", deadline: 10).ticket
        let gone = lanes.enter("sda", deadline: 1).ticket
        let nobody = lanes.leave(gone)
        #expect(nobody == nil)
        var order: [LaneSchedule.Ticket] = []
        var now = first
        while let next = lanes.leave(now) {
            order.append(next)
            now = next
        }
        #expect(order == [early, twin, late, none] && lanes.isFree("sda"))
    }

    @Test("the checkpoint of a scan moves on only behind the owner's answer")
    func outbox() {
        var box = HitOutbox(from: 100)
        let none = box.parcel()
        #expect(none == nil && box.checkpoint == 100)
        box.advance(to: 200)
        let still = box.parcel()
        #expect(still == nil && box.checkpoint == 200)
        box.add([ScanHit(nonce: 1, index: 210)])
        box.advance(to: 300)
        let said = box.parcel()
        #expect(said?.hits.count == 1 && said?.next == 300 && box.checkpoint == 200)
        // More comes while the owner is asked.
        box.add([ScanHit(nonce: 2, index: 310)])
        box.advance(to: 400)
        let second = box.parcel()
        #expect(second == nil)
        box.failed()
        let again = box.parcel()
        #expect(again?.hits.count == 2 && again?.next == 400 && box.checkpoint == 200)
        box.answered()
        #expect(box.pending.isEmpty && box.checkpoint == 400 && box.found == 2)
    }

    @Test("many hits go in several parcels, and only the last moves the checkpoint")
    func parcels() {
        var box = HitOutbox(from: 0)
        box.add((0..<UInt64(WorkLimit.callHits) + 5).map { ScanHit(nonce: 0, index: $0) })
        box.advance(to: 50_000)
        let first = box.parcel()
        #expect(first?.hits.count == WorkLimit.callHits && first?.next == 0)
        box.answered()
        #expect(box.pending.count == 5 && box.checkpoint == 0)
        let second = box.parcel()
        #expect(second?.next == 50_000)
        box.answered()
        #expect(box.checkpoint == 50_000)
    }

    @Test("progress knows rate and time left, and tells of many tasks in turns")
    func progress() throws {
        var book = ProgressBook()
        let number = book.add(task: [1], kind: "ScanRange", lane: "sda")
        let start = book.page().first
        #expect(start?.isWaiting == true && book.interval == 1000)
        book.report(number, done: 0, total: 10_000, now: 0)
        let unknown = book.page().first
        #expect(unknown != nil && unknown?.secondsLeft(now: 0) == nil)
        book.report(number, done: 1000, total: 10_000, now: 1000)
        let first = book.page().first
        let entry = try #require(first)
        #expect(!entry.isWaiting && entry.perSecond(now: 1000) == 1000 && entry.secondsLeft(now: 1000) == 9)
        // Of late alone: after twenty slow seconds the fast one is forgotten.
        for second in 2...20 {
            book.report(number, done: 1000 + 10 * UInt64(second), total: 10_000, now: UInt64(second) * 1000)
        }
        let late = book.page().first
        #expect(try #require(late).perSecond(now: 20_000) < 11)
        for _ in 0..<39 { _ = book.add(task: [2], kind: "ScanRange", lane: "sda") }
        var seen: Set<UInt64> = []
        for _ in 0..<3 {
            let page = book.page()
            #expect(page.count == ProgressBook.listed)
            seen.formUnion(page.map(\.number))
        }
        #expect(seen.count == 40 && book.interval == 4000)
        book.remove(number)
        #expect(book.count == 39)
    }

    @Test("reins: of the worker, and of one disk besides")
    func control() throws {
        var book = ControlBook(threads: 2, readLimit: 0, limits: ["sdb": 70_000])
        let disks: Set = ["sda", "sdb"]
        #expect(book.reins(disk: "sda").readLimit == nil && book.reins(disk: "sdb").readLimit == 70_000)
        var wish = ControlBook.Wish()
        wish.disk = "sda"
        wish.isPaused = true
        try book.apply(wish, disks: disks)
        #expect(book.reins(disk: "sda").isPaused && !book.reins(disk: "sdb").isPaused)
        #expect(!book.reins(disk: nil).isPaused)
        wish = ControlBook.Wish()
        wish.isPaused = true
        wish.readLimit = 65_536
        wish.threads = 7
        try book.apply(wish, disks: disks)
        #expect(book.isPaused && book.threads == 7 && book.reins(disk: nil).isPaused)
        #expect(book.reins(disk: "sda").readLimit == 65_536 && book.reins(disk: "sdb").readLimit == 70_000)
        let before = book
        var wrong = ControlBook.Wish()
        wrong.disk = "sdc"
        #expect(throws: WorkRefusal.self) { try book.apply(wrong, disks: disks) }
        wrong = ControlBook.Wish()
        wrong.isPaused = false
        wrong.readLimit = 65_535
        #expect(throws: WorkRefusal.self) { try book.apply(wrong, disks: disks) }
        wrong = ControlBook.Wish()
        wrong.isPaused = false
        wrong.threads = 0
        #expect(throws: WorkRefusal.self) { try book.apply(wrong, disks: disks) }
        #expect(book == before)
    }

    @Test("fast mode: for many hashes, with room, or when its memory is there already")
    func workMode() {
        let (few, many) = (WorkMode.fastHashes - 1, WorkMode.fastHashes)
        let (little, room) = (WorkMode.fastMemory - 1, WorkMode.fastMemory)
        #expect(WorkMode(expected: many, freeMemory: room, isReady: false) == .fast)
        #expect(WorkMode(expected: few, freeMemory: room, isReady: false) == .light)
        #expect(WorkMode(expected: many, freeMemory: little, isReady: false) == .light)
        #expect(WorkMode(expected: many, freeMemory: nil, isReady: false) == .light)
        #expect(WorkMode(expected: few, freeMemory: nil, isReady: true) == .fast)
    }

    @Test("verdicts: remembered up to a bound, the unused first to go, and only so many at a time")
    func verdicts() {
        var book = VerdictBook(cache: 8, queue: 2)
        let keys = (0..<12).map { VerdictBook.key(of: [UInt8($0)]) }
        let first = keys[..<3].map { book.ask($0) }
        #expect(first == [.judge, .judge, .busy])
        book.finish(keys[0], .init(nil))
        book.finish(keys[1], nil)
        // What could not be judged is judged anew.
        let second = keys[..<2].map { book.ask($0) }
        #expect(second == [.known(.init(nil)), .judge])
        book.finish(keys[1], .init(.padding))
        let third = book.ask(keys[1])
        #expect(third == .known(.init(.padding)))
        for key in keys[2...] {
            let answer = book.ask(key)
            #expect(answer == .judge)
            book.finish(key, .init(nil))
            _ = book.ask(keys[0])
        }
        let last = keys[..<2].map { book.ask($0) }
        #expect(book.count <= 8 && last == [.known(.init(nil)), .judge])
    }
}

/// Bytes and numbers from the bus.
@Suite("Checks of tasks")
struct WorkCheckTests {
    private let id = [UInt8](repeating: 7, count: 32)

    private func refusal(_ body: () throws(WorkRefusal) -> Void) -> String {
        do throws(WorkRefusal) {
            try body()
            return "none"
        } catch {
            return error.description
        }
    }

    private func layout(units: UInt32 = 4, perUnit: UInt64 = 4096) throws(WorkRefusal) -> PlotLayout {
        try WorkCheck.layout(
            WorkCheck.plot(
                identity: id, commitmentATX: id, units: units, labelsPerUnit: perUnit, scryptN: 16),
            maxFileSize: 65_536)
    }

    @Test("plots and files: each limit has its refusal")
    func plots() throws {
        let layout = try layout()
        #expect(try WorkCheck.files(first: 0, last: 3, of: layout) == 0..<4)
        for (first, last) in [(UInt64(1), UInt64(0)), (0, 4), (.max, .max)] {
            let text = refusal { () throws(WorkRefusal) in
                _ = try WorkCheck.files(first: first, last: last, of: layout)
            }
            #expect(text.contains("are no part of the plot: it has files 0 to 3"))
        }
        #expect(refusal { () throws(WorkRefusal) in _ = try self.layout(units: 0) }.contains("no plot"))
        #expect(
            refusal { () throws(WorkRefusal) in _ = try self.layout(units: 2, perUnit: .max) }.contains(
                "no plot"))
        #expect(
            refusal { () throws(WorkRefusal) in _ = try self.layout(units: 1, perUnit: 1 << 61) }
                .contains("more than a plot can have"))
        #expect(
            refusal { () throws(WorkRefusal) in _ = try WorkCheck.bytes("challenge", [1]) }
                == "challenge has 1 bytes: it must have 32")
    }

    @Test("groups: ascending, each once, with a pow that is hashed whole")
    func groups() throws {
        #expect(try WorkCheck.groups([(0, 1), (255, 2)]).map(\.number) == [0, 255])
        for wrong: [(UInt32, UInt64)] in [
            [], [(1, 0), (1, 0)], [(2, 0), (1, 0)], [(256, 0)], [(0, 1 << 56)],
        ] {
            #expect(throws: WorkRefusal.self) {
                try WorkCheck.groups(wrong.map { (number: $0.0, pow: $0.1) })
            }
        }
        #expect(try WorkCheck.groups(first: 0, count: 256) == 0..<256)
        for (first, count) in [(UInt32(0), UInt32(0)), (0, 257), (255, 2), (.max, 1)] {
            #expect(throws: WorkRefusal.self) { try WorkCheck.groups(first: first, count: count) }
        }
        #expect(WorkCheck.done([(3, 9), (4, 8)], of: 3..<6).map(\.pow) == [9, 8])
        #expect(WorkCheck.done([(4, 9)], of: 3..<6).isEmpty)
        #expect(WorkCheck.done([(3, 9), (4, 8)], of: 3..<4).isEmpty)
    }

    @Test("judging has a price limit")
    func cost() throws {
        try WorkCheck.cost(k2: 37, sample: 0, scryptN: 8192)
        try WorkCheck.cost(k2: 65_535, sample: 37, scryptN: 65_536)
        #expect(throws: WorkRefusal.self) { try WorkCheck.cost(k2: 65_535, sample: 0, scryptN: 65_536) }
    }

    @Test("directories: those that are allowed and below, nothing else")
    func directories() throws {
        let allowed = AllowedDirectories(["/mnt/a/", "/mnt/b"])
        #expect(try allowed.parent(of: "/mnt/a") == "/mnt/a")
        #expect(try allowed.parent(of: "/mnt/b/x/") == "/mnt/b")
        for path in ["/mnt", "/mnt/aa", "/mnt/a/../c", "mnt/a", "", "/mnt/a/./x", "/mnt/a/\0"] {
            #expect(throws: WorkRefusal.self) { try allowed.parent(of: path) }
        }
        let long = "/mnt/a/" + String(repeating: "x", count: WorkLimit.pathBytes)
        #expect(throws: WorkRefusal.self) { try allowed.parent(of: long) }
    }

    @Test("a locality is short, and of one place alone")
    func localities() {
        let name = Locality.name(machine: "m", worker: "w", directory: "/a")
        #expect(name.utf8.count == 21 && name == Locality.name(machine: "m", worker: "w", directory: "/a"))
        #expect(name != Locality.name(machine: "m", worker: "w2", directory: "/a"))
        #expect(name != Locality.name(machine: "m", worker: "w", directory: "/b"))
    }
}

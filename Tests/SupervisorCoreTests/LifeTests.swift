import SupervisorCore
import Testing

@Suite("Starts, deaths and pauses")
struct LifeTests {
    @Test("the router is started alone; the others follow in order when it answers")
    func order() {
        var stage = Stage()
        stage.take(.begin)
        #expect(stage.starts == [0])
        stage.pass(500)
        #expect(stage.starts == [0] && stage.state(1) == .waiting)
        stage.report()
        #expect(stage.starts == [0, 1, 2])
        #expect(stage.state(1) == .starting && !stage.core.isAllReady)
        stage.report()
        #expect(stage.core.isAllReady && stage.core.attentions.isEmpty)
    }

    @Test("a session from before the start is of another life, however late the router answers")
    func oldSession() {
        var stage = Stage()
        stage.up()
        let old = stage.now - 1
        stage.die(1)
        stage.pass(500)
        stage.take(.report([1: BusSession(.ready, epoch: 5, began: old)], at: stage.now))
        #expect(stage.state(1) == .starting)
        stage.report()
        #expect(stage.state(1) == .ready)
    }

    @Test(
        "a session that seems to begin before the start, as the router was slow, is of this life, and stays so"
    )
    func slowRouter() {
        var stage = Stage()
        stage.now = 10_000
        stage.up()
        stage.die(1)
        stage.pass(500)
        let started = stage.now
        for lag: UInt64 in [20, 399, 2000] {
            stage.pass(100)
            stage.take(.report([1: BusSession(.ready, epoch: 9, began: started - lag)], at: stage.now))
            #expect(stage.state(1) == .ready, "\(lag)")
        }
        stage.take(.report([1: BusSession(.ready, epoch: 8, began: started - 2000)], at: stage.now))
        #expect(stage.state(1) != .ready)
    }

    @Test("a process that greets the router before its start is heard of is READY")
    func early() {
        var stage = Stage(["router", "one"])
        stage.take(.begin)
        let actions = stage.core.handle(.report([:], at: stage.now), now: stage.now)
        #expect(actions == [.start(1, program: nil)])
        let greeted = stage.now + 15
        stage.now += 600
        stage.take(.started(1, pid: 7))
        stage.take(.report([1: BusSession(.ready, epoch: 3, began: greeted)], at: stage.now))
        #expect(stage.core.isAllReady)
    }

    @Test("an answer that the router gave in an earlier life does not make it READY")
    func oldAnswer() {
        var stage = Stage()
        stage.up()
        let before = stage.now
        stage.die(0)
        stage.pass(500)
        #expect(stage.starts == [0])
        stage.take(.report([:], at: before))
        #expect(stage.state(0) != .ready)
    }

    @Test("a death is told with its reason; pauses double up to the longest; health makes them short again")
    func pauses() {
        var stage = Stage()
        stage.up()
        var pauses: [UInt64] = []
        for _ in 0..<9 {
            let died = stage.now
            stage.die(1, .status(2), words: "port taken")
            let before = stage.starts.count
            while stage.starts.count == before, stage.now < died + 60_000 { stage.pass(100) }
            pauses.append(stage.now - died)
            stage.report()
        }
        #expect(pauses == [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
        #expect(stage.notices.first?.what == "one died: exit status 2: port taken")
        #expect(stage.notices.first?.next == "it starts again in 0.5 s")
        #expect(stage.notices.contains { $0.what.contains("one died, 3 times in a row") })
        #expect(stage.core.views[1].restarts == 9)
        stage.pass(61_000)
        let died = stage.now
        stage.die(1)
        stage.pass(500)
        #expect(stage.now == died + 500 && stage.starts.last == 1)
        #expect(stage.state(1) == .starting)
    }

    @Test("a crash loop stays in the attention list while it is READY, for ten minutes")
    func loop() {
        var stage = Stage()
        stage.up()
        for _ in 0..<3 {
            stage.die(2)
            stage.pass(5000)
            stage.report()
        }
        #expect(stage.state(2) == .ready)
        #expect(stage.core.attentions.map(\.what) == ["two died 3 times of late, last: signal 9 (SIGKILL)"])
        stage.pass(601_000)
        #expect(stage.core.attentions.isEmpty)
    }

    @Test("a program that cannot be started is tried again, and said")
    func notStarted() {
        var stage = Stage(["router"])
        stage.actions = stage.core.handle(.begin, now: stage.now)
        stage.take(.notStarted(0, why: "no such file"))
        #expect(stage.notices.map(\.what) == ["router died: cannot be started: no such file"])
        stage.pass(500)
        #expect(stage.starts == [0, 0])
    }

    @Test("who is not READY in time is told of once, with what it says")
    func late() {
        var stage = Stage()
        stage.take(.begin)
        stage.report()
        stage.report([1: nil, 2: .some(.starting)])
        stage.pass(12_000)
        #expect(stage.notices.count == 2)
        #expect(stage.notices[0].what.hasSuffix("it has no session with the router"))
        #expect(stage.notices[1].what.hasSuffix("it says STARTING"))
        #expect(stage.core.attentions.count == 2)
    }

    @Test("DEGRADED is told with its reason, and so is its end")
    func degraded() {
        var stage = Stage()
        stage.up()
        stage.report([1: .degraded("disk full")])
        stage.report([1: .degraded("disk full")])
        #expect(stage.notices.map(\.what) == ["one is DEGRADED: disk full"])
        #expect(stage.state(1) == .degraded("disk full") && !stage.core.isAllReady)
        stage.report()
        #expect(stage.notices.last?.what == "one is READY again")
    }
}

@Suite("What nobody can say")
struct UnknownTests {
    @Test("when the router dies the others are unknown, run on, and only the router is in the list")
    func routerDies() {
        var stage = Stage()
        stage.up()
        stage.die(0)
        stage.take(.silence)
        stage.pass(400)
        #expect(stage.state(1) == .ready)
        for _ in 0..<20 {
            stage.pass(100)
            stage.take(.silence)
        }
        #expect(stage.state(1) == .unknown("the router does not answer"))
        #expect(stage.core.attentions.allSatisfy { $0.process == "router" })
        #expect(stage.core.routerSilentSince != nil && stage.starts == [0])
        stage.report()
        #expect(stage.core.isAllReady && stage.core.routerSilentSince == nil)
    }

    @Test("a process that loses its session is unknown, not gone")
    func noSession() {
        var stage = Stage()
        stage.up()
        stage.report([2: nil])
        #expect(stage.state(2) == .unknown("it has no session with the router"))
        #expect(stage.core.attentions.first?.fix == "spacenode restart two")
    }

    @Test("a process that dies while there is no router starts when there is one")
    func waits() {
        var stage = Stage()
        stage.up()
        stage.die(0)
        stage.die(1)
        stage.pass(5000)
        #expect(stage.starts == [0])
        #expect(stage.core.attentions.contains { $0.next == "it starts when the router is READY" })
        stage.report()
        #expect(stage.starts == [0, 1])
    }
}

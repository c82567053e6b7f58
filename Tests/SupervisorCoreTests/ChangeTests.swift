import SupervisorCore
import Testing

@Suite("Going down")
struct DrainTests {
    @Test("the last started drains first, each waits for the one after it")
    func order() {
        var stage = Stage()
        stage.up()
        stage.take(.stop)
        #expect(stage.actions == [.terminate(2)])
        stage.die(2, .status(0))
        #expect(stage.actions.last == .terminate(1))
        stage.die(1, .status(0))
        stage.die(0, .status(0))
        #expect(stage.actions.suffix(2) == [.terminate(0), .finished])
        stage.pass(1000)
        #expect(stage.actions.last == .finished && stage.core.attentions.isEmpty)
    }

    @Test("one that does not end in its time is killed, and said")
    func killed() {
        var stage = Stage()
        stage.up()
        stage.take(.stop)
        stage.pass(4900)
        #expect(stage.actions == [.terminate(2)])
        stage.pass(100)
        #expect(stage.actions.contains(.kill(2)) && stage.notices.count == 1)
        stage.pass(10_000)
        #expect(stage.actions.filter { $0 == .kill(2) }.count == 1)
        stage.die(2)
        #expect(stage.actions.last == .terminate(1))
    }

    @Test("one that waits for its next start is not started any more")
    func pausing() {
        var stage = Stage()
        stage.up()
        stage.die(2)
        stage.take(.stop)
        stage.pass(2000)
        #expect(stage.starts.isEmpty && stage.actions.contains(.terminate(1)))
    }

    @Test("no patience: all are killed at once")
    func hurry() {
        var stage = Stage()
        stage.up()
        stage.take(.stop)
        stage.take(.hurry)
        #expect(stage.actions == [.terminate(2), .kill(0), .kill(1), .kill(2)])
        for place in [0, 1, 2] { stage.die(place) }
        #expect(stage.actions.last == .finished)
    }

    @Test("a node that never began ends at once")
    func empty() {
        var stage = Stage()
        #expect(stage.take(.stop) == [.finished])
    }
}

@Suite("Restart and replacement")
struct ChangeTests {
    @Test("a restart drains, starts without a pause, and answers when it is READY")
    func restart() {
        var stage = Stage()
        stage.up()
        stage.take(.restart(1, wish: 7))
        #expect(stage.actions == [.terminate(1)])
        stage.die(1, .status(0))
        #expect(stage.starts == [1])
        stage.pass(300)
        #expect(stage.answers.isEmpty)
        stage.report()
        stage.pass(100)
        #expect(stage.answers == ["true one is READY, 0.3 s after its start"])
        #expect(stage.core.views[1].restarts == 0)
    }

    @Test("a restart that fails is answered, and the usual pauses go on")
    func restartFails() {
        var stage = Stage()
        stage.up()
        stage.take(.restart(1, wish: 7))
        stage.die(1, .status(0))
        stage.die(1, .status(2), words: "no disk")
        #expect(stage.answers == ["false one: exit status 2: no disk"])
        stage.pass(500)
        #expect(stage.starts == [1, 1])
    }

    @Test("a restart does not wait for a pause")
    func restartPausing() {
        var stage = Stage()
        stage.up()
        stage.die(1)
        stage.take(.restart(1, wish: 7))
        #expect(stage.starts == [1])
    }

    @Test("a replacement that is READY stays, over its own deaths too")
    func replacement() {
        var stage = Stage()
        stage.up()
        stage.take(.replace(1, with: "new", wish: 7))
        stage.die(1, .status(0))
        #expect(stage.actions.contains(.start(1, program: "new")))
        stage.report()
        stage.pass(100)
        #expect(stage.answers.first?.hasPrefix("true one is READY") == true)
        stage.die(1)
        stage.pass(500)
        #expect(stage.actions.last == .start(1, program: "new"))
        #expect(stage.core.views[1].program == "new")
    }

    @Test("a replacement that dies goes, and the old program is started at once")
    func dies() {
        var stage = Stage()
        stage.up()
        stage.take(.replace(1, with: "new", wish: 7))
        stage.die(1, .status(0))
        stage.die(1, .signal(11))
        #expect(stage.actions.last == .start(1, program: nil))
        stage.report()
        stage.pass(100)
        #expect(stage.answers == ["false one: signal 11 (SIGSEGV); the old program is READY again"])
    }

    @Test("a replacement that is not READY in time is drained, and the old program is started")
    func late() {
        var stage = Stage()
        stage.up()
        stage.take(.replace(1, with: "new", wish: 7))
        stage.die(1, .status(0))
        stage.report([1: .degraded("no table")])
        stage.pass(10_000)
        #expect(stage.actions.last == .terminate(1))
        stage.die(1, .status(0))
        #expect(stage.actions.last == .start(1, program: nil))
        stage.report()
        stage.pass(100)
        #expect(
            stage.answers == [
                "false one: not READY within 10 s: DEGRADED, no table; the old program is READY again"
            ])
    }

    @Test("a replacement that cannot be started goes back; when the old one fails too, both are said")
    func bothFail() {
        var stage = Stage()
        stage.up()
        stage.take(.replace(1, with: "missing", wish: 7))
        stage.die(1, .status(0))
        #expect(stage.actions.contains(.start(1, program: nil)))
        stage.die(1, .status(3))
        #expect(
            stage.answers == [
                "false one: cannot be started: no such file; the old program was started again and fails too: exit status 3"
            ])
        stage.pass(2000)
        #expect(stage.starts.count == 3)
    }

    @Test("one wish at a time; a wish is answered when the node goes down")
    func oneAtATime() {
        var stage = Stage()
        stage.up()
        stage.take(.restart(1, wish: 7))
        stage.take(.restart(1, wish: 8))
        #expect(stage.answers == ["false one is being restarted already: wait for that"])
        stage.take(.stop)
        #expect(stage.answers.last == "false the node goes down")
        stage.take(.restart(2, wish: 9))
        #expect(stage.answers.count == 3)
    }
}

@Suite("Last words")
struct LastWordsTests {
    @Test("the last line that speaks of an error, else the last that is not about how things go well")
    func choice() {
        #expect(lastWords(of: "a\nspacenode-x: error: disk\nbye\n\n") == "spacenode-x: error: disk")
        #expect(lastWords(of: "hello\n  bye  \n") == "bye  ")
        #expect(lastWords(of: "") == "")
        #expect(lastWords(of: "2026-01-31T08:30:00.125Z info x: began\n") == "")
        #expect(lastWords(of: "no table\n2026-01-31T08:30:00.125Z info x: began\n") == "no table")
        #expect(lastWords(of: "2026-01-31T08:30:00.125Z error x: no table a=b\n") == "error x: no table a=b")
        #expect(lastWords(of: String(repeating: "x", count: 300)).count == 200)
    }
}

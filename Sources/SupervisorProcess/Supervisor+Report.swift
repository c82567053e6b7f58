internal import Foundation
internal import NodeConfiguration
internal import SupervisorCore

extension Supervisor {
    /// Unix milliseconds of a moment of the supervisor's clock.
    func wall(_ moment: UInt64) -> UInt64 {
        moment >= began ? since + (moment - began) : since - min(since, began - moment)
    }

    /// The node as it is now.
    func report() -> NodeReport {
        let silent = core.routerSilentSince
        return NodeReport(
            version: version, data: plan.paths.data, run: plan.paths.run, pid: getpid(), since: since,
            at: wallMilliseconds(), isStopping: core.isStopping, isAllReady: core.isAllReady,
            readyAfter: readyAfter, routerSilentSince: silent.map(wall), bus: "ipc:\(plan.paths.run)",
            tcp: plan.tcp.map { "tcp://\($0.host):\($0.port)" },
            processes: zip(core.views, plan.processes.indices).map(process),
            attentions: core.attentions.map { AttentionReport($0, since: wall($0.since)) })
    }

    private func process(_ view: ProcessView, _ place: Int) -> ProcessReport {
        let planned = plan.processes[place]
        let (state, reason, startsAt) = words(view.state)
        let facts = core.routerSilentSince == nil ? facts[place] : nil
        return ProcessReport(
            name: view.name, role: planned.process.role, state: state, reason: reason,
            since: wall(view.since),
            pid: view.pid, startedAt: view.startedAt.map(wall), startsAt: startsAt.map(wall),
            restarts: view.restarts, lastEnd: view.lastEnd, lastEndAt: view.lastEndAt.map(wall),
            program: view.program ?? planned.program,
            residentBytes: view.pid.flatMap(ProcFile.residentBytes), sentMessages: facts?.sent,
            receivedMessages: facts?.received, build: facts?.build)
    }

    private func words(_ state: ProcessState) -> (String, String?, UInt64?) {
        switch state {
        case .waiting: ("waiting", "for the router", nil)
        case .starting: ("starting", nil, nil)
        case .ready: ("ready", nil, nil)
        case .degraded(let reason): ("degraded", reason, nil)
        case .draining: ("draining", nil, nil)
        case .unknown(let why): ("unknown", why, nil)
        case .pausing(let until): ("dead", nil, until)
        case .stopped: ("stopped", nil, nil)
        }
    }
}

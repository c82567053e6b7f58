internal import MinerCore

/// The coordinator that the command drives: of the making or of the proving.
enum FleetMachine: Sendable {
    case making(InitCoordinator)
    case proving(ProveCoordinator)

    mutating func begin(at now: UInt64) -> [FleetAction] {
        switch self {
        case .making(var machine):
            defer { self = .making(machine) }
            return machine.begin(at: now)
        case .proving(var machine):
            defer { self = .proving(machine) }
            return machine.begin(at: now)
        }
    }

    mutating func handle(_ event: FleetEvent, at now: UInt64) -> [FleetAction] {
        switch self {
        case .making(var machine):
            defer { self = .making(machine) }
            return machine.handle(event, at: now)
        case .proving(var machine):
            defer { self = .proving(machine) }
            return machine.handle(event, at: now)
        }
    }

    func groups(of job: FleetJob) -> [FleetGroup] {
        guard case .proving(let machine) = self, case .scan(_, let pass, _, _) = job else { return [] }
        return machine.groups(of: pass) ?? []
    }

    var board: LaneBoard {
        switch self {
        case .making(let machine): machine.board
        case .proving(let machine): machine.board
        }
    }

    /// What is being done, for people.
    func picture(at now: UInt64, trouble: [String]) -> FleetPicture {
        var picture = FleetPicture(
            rows: board.rows(at: now), share: board.share, bound: board.bound(at: now), trouble: trouble)
        guard case .proving(let machine) = self else { return picture }
        picture.title = "prove, pass \(machine.pass + 1), " + (machine.isWorking ? "proofs of work" : "scan")
        picture.isCounting = machine.isWorking
        picture.proving = FleetPicture.Proving(
            pass: machine.pass, hits: machine.ledger.count, best: machine.ledger.best,
            needed: machine.ledger.needed, odds: machine.odds(onPresent: false),
            oddsPresent: machine.odds(onPresent: true), damaged: machine.ledger.banned.count)
        return picture
    }
}

/// What is shown at one moment.
struct FleetPicture: Sendable {
    /// What a proof in the making adds.
    struct Proving: Sendable, Encodable {
        let pass, hits, best, needed: Int
        let odds, oddsPresent: Double
        let damaged: Int
    }

    var title = "init"
    /// Whether jobs are counted, not bytes.
    var isCounting = false
    let rows: [LaneState]
    let share: Double
    /// Milliseconds.
    let bound: Double?
    /// What keeps jobs from being handed out.
    let trouble: [String]
    var proving: Proving?
}

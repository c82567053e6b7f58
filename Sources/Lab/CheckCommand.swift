internal import ArgumentParser
internal import LabCore
internal import NodeCommand

/// `spacenode lab check`: whether all nodes have one chain.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare heights, blocks and states of all nodes.",
        discussion:
            "Exit status: 0 one chain and nobody behind, 1 something needs a look, 2 more than one chain, or an error."
    )

    @OptionGroup var place: LabPlace
    @Option(help: "Compare blocks from this height on.") var from: UInt64 = 1
    @Option(help: "Heights that a node may be behind the first.") var lag = LabJudgement.usualLag

    private struct Answer: Encodable {
        struct Node: Encodable {
            let name: String
            let height, lag: UInt64?
            let fault: String?
        }
        let highest: UInt64
        let compared, forks: Int
        let firstFork: UInt64?
        let rootHeight: UInt64?
        let roots, differentRoots: Int
        let rounds: [Int]
        let longestPauseMilliseconds, longestPauseHeight, medianPauseMilliseconds: UInt64?
        let nodes: [Node]
        let problems: [String]
        let status: Int32
    }

    func run() async throws {
        let plan = try place.plan()
        let (views, height) = await ChainReader.views(try LabNode.all(plan), from: max(1, from))
        let judgement = LabJudgement(views, rootHeight: height, mostLag: lag)
        if place.json { try printJSON(answer(judgement)) } else { show(judgement) }
        if judgement.status != 0 { throw ExitCode(judgement.status) }
    }

    private func answer(_ judgement: LabJudgement) -> Answer {
        Answer(
            highest: judgement.highest, compared: judgement.compared, forks: judgement.forks.count,
            firstFork: judgement.forks.first, rootHeight: judgement.rootHeight, roots: judgement.roots,
            differentRoots: judgement.differentRoots, rounds: judgement.rounds,
            longestPauseMilliseconds: judgement.longestPause?.milliseconds,
            longestPauseHeight: judgement.longestPause?.height,
            medianPauseMilliseconds: judgement.medianPause,
            nodes: judgement.nodes.map {
                Answer.Node(name: $0.name, height: $0.height, lag: $0.lag, fault: $0.fault)
            }, problems: judgement.problems, status: judgement.status)
    }

    private func show(_ judgement: LabJudgement) {
        say("forks \(judgement.forks.count)/\(judgement.compared) heights that two or more nodes have")
        if let height = judgement.rootHeight {
            say("states at height \(height): \(judgement.roots) known, \(judgement.differentRoots) different")
        } else {
            say("states: unknown")
        }
        let rows =
            [["NODE", "HEIGHT", "LAG"]]
            + judgement.nodes.map { [$0.name, text($0.height), text($0.lag)] }
        for row in table(rows) { say(row) }
        let rounds = judgement.rounds.enumerated().map { "\($0.offset): \($0.element)" }
        say("heights by round   \(rounds.isEmpty ? "none" : rounds.joined(separator: "   "))")
        if let longest = judgement.longestPause, let median = judgement.medianPause {
            say(
                "pauses   median \(median) ms, longest \(longest.milliseconds) ms before height \(longest.height)"
            )
        }
        for problem in judgement.problems { say("attention: \(problem)") }
    }

    private func text(_ number: UInt64?) -> String { number.map { "\($0)" } ?? "?" }
}

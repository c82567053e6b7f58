import LabCore
import Testing

@Suite("Whether a lab has one chain")
struct JudgementTests {
    private func chain(_ count: UInt64, round: UInt32 = 0, from: UInt64 = 1, mark: String = "") -> [UInt64:
        BlockView]
    {
        guard count >= from else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: (from...count).map {
                ($0, BlockView(hash: "\($0)\(mark)", round: round, time: 1_000 * $0))
            })
    }

    private func node(_ name: String, _ height: UInt64, root: String? = "r", mark: String = "") -> NodeView {
        NodeView(name: name, height: height, blocks: chain(height, mark: mark), root: root)
    }

    @Test("one chain is well")
    func well() {
        let judgement = LabJudgement([node("n1", 10), node("n2", 9)], rootHeight: 9)
        #expect(judgement.status == 0)
        #expect(judgement.forks == [] && judgement.compared == 9)
        #expect(judgement.nodes.map(\.lag) == [0, 1])
        #expect(judgement.rounds == [10])
        #expect(judgement.medianPause == 1_000)
        #expect(judgement.roots == 2 && judgement.differentRoots == 1)
    }

    @Test("two blocks of one height are a fork, and it is said where")
    func fork() {
        var other = chain(5)
        other[4] = BlockView(hash: "other", round: 2, time: 4_000)
        let judgement = LabJudgement(
            [node("n1", 5), NodeView(name: "n2", height: 5, blocks: other, root: "r")], rootHeight: 5)
        #expect(judgement.status == 2)
        #expect(judgement.forks == [4] && judgement.compared == 5)
        #expect(judgement.problems.contains("1 heights have two blocks, the first is 4"))
    }

    @Test("two states after the same block are as bad as a fork")
    func roots() {
        let judgement = LabJudgement([node("n1", 5), node("n2", 5, root: "other")], rootHeight: 5)
        #expect(judgement.status == 2)
        #expect(judgement.differentRoots == 2)
    }

    @Test("a node that does not answer, or says no root, is unknown and not well")
    func unknown() {
        let silent = NodeView(name: "n2", height: nil, fault: "stopped")
        let judgement = LabJudgement([node("n1", 5), silent, node("n3", 5, root: nil)], rootHeight: 5)
        #expect(judgement.status == 1)
        #expect(judgement.nodes[1].height == nil && judgement.nodes[1].lag == nil)
        #expect(judgement.problems.contains("n2: stopped"))
        #expect(judgement.problems.contains("roots of the state are known of 1 of 2 nodes that answer"))
    }

    @Test("a node is behind from one height over the limit on")
    func behind() {
        #expect(LabJudgement([node("n1", 30), node("n2", 10)], rootHeight: 10).status == 0)
        let late = LabJudgement([node("n1", 31), node("n2", 10)], rootHeight: 10)
        #expect(late.status == 1 && late.problems == ["n2 is 21 heights behind"])
        #expect(LabJudgement([node("n1", 31), node("n2", 10)], rootHeight: 10, mostLag: 21).status == 0)
    }

    @Test("without a block nothing is called well")
    func nothing() {
        #expect(LabJudgement([], rootHeight: nil).status == 1)
        let judgement = LabJudgement([node("n1", 0, root: nil)], rootHeight: nil)
        #expect(judgement.status == 1 && judgement.rounds == [] && judgement.medianPause == nil)
        #expect(judgement.problems == ["no node has decided a block yet"])
    }

    @Test("rounds are counted, the last column takes all that are later; the longest pause is found")
    func rounds() {
        var blocks = chain(4)
        blocks[3] = BlockView(hash: "3", round: 99, time: 9_000)
        blocks[4] = BlockView(hash: "4", round: 1, time: 9_500)
        let judgement = LabJudgement(
            [NodeView(name: "n1", height: 4, blocks: blocks, root: "r")], rootHeight: 4)
        #expect(judgement.rounds.count == 16)
        #expect(judgement.rounds[0] == 2 && judgement.rounds[1] == 1 && judgement.rounds[15] == 1)
        #expect(judgement.longestPause?.milliseconds == 7_000 && judgement.longestPause?.height == 3)
    }
}

import Foundation
import NodeProtocol
import SwiftProtobuf
import Testing
import Traffic

/// Records as a router would give them, for tests.
struct Story {
    private(set) var records: [Spacenode_Bus_V1_TrafficRecord] = []

    mutating func add(
        _ kind: UInt32, from: UInt64, to: UInt64, at microseconds: UInt64, type: UInt32 = 0x0040_0001,
        change: (inout Spacenode_Bus_V1_Header) -> Void = { _ in }
    ) {
        var envelope = Spacenode_Bus_V1_Envelope()
        (envelope.header.wire, envelope.header.kind, envelope.header.type) = (1, kind, type)
        (envelope.header.source, envelope.header.dest) = (from, to)
        change(&envelope.header)
        envelope.payload = Data([0x0a, 1, 0x61])
        var record = Spacenode_Bus_V1_TrafficRecord()
        (record.number, record.type, record.to, record.status) = (UInt64(records.count + 1), type, to, 1)
        record.timeNs = 1_700_000_000_000_000_000 + microseconds * 1000
        record.frame = (try? envelope.serializedData()) ?? Data()
        records.append(record)
    }

    var items: [TrafficItem] { records.map(TrafficItem.init) }
}

@Suite("Causes and rates")
struct ViewTests {
    /// 10 asks 20, which asks 30; 30 answers, 20 answers; 20 also publishes because of it.
    private func story() -> Story {
        var story = Story()
        story.add(1, from: 10, to: 20, at: 0) { $0.id = 1 }
        story.add(1, from: 20, to: 30, at: 100) { ($0.id, $0.causeSource, $0.causeID) = (7, 10, 1) }
        story.add(4, from: 20, to: 0, at: 150, type: 0x0040_0005) {
            ($0.id, $0.seq, $0.causeSource, $0.causeID) = (8, 1, 10, 1)
        }
        story.add(2, from: 30, to: 20, at: 300) { $0.replyTo = 7 }
        story.add(2, from: 20, to: 10, at: 400) { $0.replyTo = 1 }
        return story
    }

    @Test("the tree has the causes, the outcomes and their times")
    func tree() {
        let tree = CauseTree(story().items)
        let asked = MessageID(source: 20, id: 7)
        let root = tree.root(of: asked)
        #expect(root == MessageID(source: 10, id: 1))
        let lines = tree.lines(root, marked: asked, view: TrafficView())
        #expect(lines.count == 5)
        #expect(lines[0].hasPrefix("+0 µs  a/1  Example/Echo → 14"))
        #expect(lines[1].hasPrefix("├─ +100 µs  14/7") && lines[1].contains("14/7 ◀"))
        #expect(lines[2].hasPrefix("│  └─ REPLY after 200 µs"))
        #expect(lines[3].hasPrefix("├─ +150 µs  14/8  Example/Ticks"))
        #expect(lines[4].hasPrefix("└─ REPLY after 400 µs"))
    }

    @Test("a ring of causes and a cause that is gone end the walk")
    func liars() {
        var story = Story()
        story.add(1, from: 1, to: 2, at: 0) { ($0.id, $0.causeSource, $0.causeID) = (1, 2, 2) }
        story.add(1, from: 2, to: 1, at: 1) { ($0.id, $0.causeSource, $0.causeID) = (2, 1, 1) }
        story.add(1, from: 3, to: 1, at: 2) { ($0.id, $0.causeSource, $0.causeID) = (5, 99, 99) }
        let tree = CauseTree(story.items)
        let id = MessageID(source: 1, id: 1)
        #expect(tree.lines(tree.root(of: id), marked: id, view: TrafficView()).count >= 2)
        let orphan = MessageID(source: 3, id: 5)
        #expect(tree.root(of: orphan) == orphan)
        #expect(tree.lines(orphan, marked: orphan, view: TrafficView())[0] == "… 63/99 is no longer kept")
    }

    @Test("rates, times and failures by type, sender and receiver")
    func table() throws {
        var table = TrafficTable()
        table.add(story().items, missed: 5)
        let rows = table.rows(seconds: 2, view: TrafficView())
        let first = try #require(rows.first { $0.from == "a" && $0.to == "14" })
        #expect(first.messagesPerSecond == 0.5 && first.p50Microseconds == 400)
        #expect(rows.first { $0.from == "14" && $0.to == "1e" }?.p99Microseconds == 200)
        #expect(rows.contains { $0.to == "readers" && $0.type == "Example/Ticks" })
        #expect(table.seenShare == 0.5)
        table.reset()
        #expect(table.rows(seconds: 1, view: TrafficView()).isEmpty && table.seenShare == 1)
    }

    @Test("amounts and spans in fitting units")
    func units() {
        #expect(amount(0) == "0" && amount(3.14159) == "3.1" && amount(999.4) == "999")
        #expect(amount(12_345) == "12.3 k" && amount(4_500_000) == "4.5 M")
        #expect(span(1500) == "1 µs" && span(2_345_678) == "2.3 ms" && span(5_600_000_000) == "5.6 s")
    }
}

@Suite("Prometheus text")
struct PrometheusTests {
    @Test("labels are escaped, families stand once, histograms add up")
    func text() throws {
        var stats = Spacenode_Bus_V1_StatsReply()
        stats.routedMessages = 12
        stats.types = [
            .with {
                ($0.type, $0.messages, $0.answeredUs) = (0x0040_0001, 3, 250)
                $0.answeredWithin = [0, 1, 0, 2, 0]
            }
        ]
        let session = Spacenode_Bus_V1_SessionInfo.with {
            $0.name = Data("a\"b\\c".utf8)
            $0.state = 2
        }
        var text = PrometheusText()
        BusMetrics(stats: stats, sessions: [session], view: TrafficView()).write(into: &text)
        let lines = text.text.split(separator: "\n")
        #expect(lines.contains("spacenode_bus_routed_messages_total 12"))
        #expect(lines.contains(#"spacenode_plugin_ready{plugin="a\"b\\c"} 1"#))
        let name = #"{type="spacenode.example.v1.Example/Echo","#
        #expect(lines.contains("spacenode_bus_answer_seconds_bucket\(name)le=\"2e-06\"} 1"))
        #expect(lines.contains("spacenode_bus_answer_seconds_bucket\(name)le=\"8e-06\"} 3"))
        #expect(lines.contains("spacenode_bus_answer_seconds_bucket\(name)le=\"+Inf\"} 3"))
        let types = lines.filter { $0.hasPrefix("# TYPE") }
        #expect(Set(types).count == types.count)
    }
}

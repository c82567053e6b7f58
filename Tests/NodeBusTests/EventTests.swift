import Foundation
import NodeBus
import NodeProtocol
import SwiftProtobuf
import Testing

@Suite("Subscriptions", .serialized)
struct SubscriptionTests {
    let router = ScriptedRouter()
    let seen = Box<[String]>([])

    private func follow() {
        router.establish()
        let client = router.client
        let seen = seen
        router.start {
            guard let subscription = try? await client.subscribe(ExampleContract.ticks) else { return }
            while let element = try? await subscription.next() {
                switch element {
                case .event(_, let context): seen.value.append("\(context.seq)")
                case .gap(let gap):
                    seen.value.append(
                        "\(gap.numbers.lowerBound)-\(gap.numbers.upperBound)\(gap.isReported ? "" : "!")")
                case .resync(let resync): seen.value.append("resync \(resync.epoch)")
                }
            }
        }
        var subscribed = Spacenode_Bus_V1_Subscribed()
        subscribed.type = ExampleContract.ticks.info.type
        subscribed.status = 1
        router.control(13, subscribed)
        _ = router.take()
    }

    private func event(_ seq: UInt64, epoch: UInt32 = 1) {
        var header = Header()
        header.kind = 4
        header.type = ExampleContract.ticks.info.type
        header.trafficClass = 3
        header.source = 9
        header.epoch = epoch
        header.seq = seq
        router.deliver(header)
    }

    private func gap(_ from: UInt64, _ to: UInt64) {
        var gap = Spacenode_Bus_V1_Gap()
        gap.publisher = 9
        gap.epoch = 1
        gap.type = ExampleContract.ticks.info.type
        gap.from = from
        gap.to = to
        router.control(15, gap, lane: .data)
    }

    @Test("events and gaps come in order, each number once")
    func inOrder() {
        follow()
        event(1)
        gap(2, 5)
        event(6)
        event(6)
        gap(4, 8)
        event(9)
        _ = router.take()
        #expect(seen.value == ["1", "2-5", "6", "7-8", "9"])
    }

    @Test("numbers missing without a word are reported as such")
    func hole() {
        follow()
        event(1)
        event(4)
        #expect(seen.value == ["1", "2-3!", "4"])
    }

    @Test("a publisher's new session is a resync")
    func newEpoch() {
        follow()
        event(1)
        event(1, epoch: 2)
        #expect(seen.value == ["1", "resync 2", "1"])
    }

    @Test("credit comes back when half a window was taken")
    func credit() {
        follow()
        for seq in 1...512 { event(UInt64(seq)) }
        let grants = router.take().filter { $0.control == 8 }
        #expect(grants.count == 1)
        let credit = try? Spacenode_Bus_V1_Credit(serializedBytes: grants[0].payload)
        #expect(credit?.messages == 512 + 1024)
    }

    @Test("after a new session the subscription says how far it had come")
    func positions() throws {
        follow()
        event(1)
        event(2)
        router.engine.handle(.disconnected, now: router.now)
        router.engine.handle(.connected, now: router.now)
        router.welcome(epoch: 8)
        let sent = router.take().first { $0.control == 12 }
        let subscribe = try Spacenode_Bus_V1_Subscribe(serializedBytes: sent?.payload ?? [])
        #expect(subscribe.positions.map(\.seq) == [2] && subscribe.positions[0].publisher == 9)
    }
}

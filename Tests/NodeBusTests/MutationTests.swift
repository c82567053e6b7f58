import Foundation
import NodeBus
import NodeProtocol
import SwiftProtobuf
import Testing

@Suite("Mutated frames to a plugin", .serialized)
struct PluginMutationTests {
    /// Frames of every kind and control message, as a router sends them.
    private func corpus() -> [(lane: BusLane, bytes: [UInt8])] {
        var result: [(lane: BusLane, bytes: [UInt8])] = []
        func add(_ lane: BusLane, _ header: Header, _ payload: [UInt8]) {
            var envelope = Spacenode_Bus_V1_Envelope()
            envelope.header = header
            envelope.header.wire = 1
            envelope.payload = Data(payload)
            result.append((lane, (try? envelope.serializedBytes()) ?? []))
        }
        for kind in UInt32(1)...8 {
            for number in UInt32(1)...20 {
                var header = Header()
                header.kind = kind
                header.type =
                    kind == 8 ? 1 << 16 | number : ExampleContract.echo.info.type - 1 + min(number, 6)
                header.trafficClass = number == 2 || number == 3 ? 4 : 3
                header.source = 3
                header.dest = 77
                header.id = UInt64(number)
                header.replyTo = UInt64(number)
                header.seq = 1
                add(kind == 8 && number != 5 ? .control : .data, header, [0x08, 0x01, 0x12, 0x01, 0x61])
            }
        }
        return result
    }

    @Test("the engine survives them")
    func engine() {
        let count = Int(ProcessInfo.processInfo.environment["MUTATIONS"] ?? "") ?? 20_000
        var state: UInt64 = 3
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let frames = corpus()
        var router = ScriptedRouter()
        router.establish()
        for number in 0..<count {
            if number % 500 == 0 || router.engine.isStopped {
                router = ScriptedRouter()
                router.establish()
            }
            let (lane, bytes) = frames[Int(next() % UInt64(frames.count))]
            var mutant = bytes
            for _ in 0...Int(next() % 3) where !mutant.isEmpty {
                let place = Int(next() % UInt64(mutant.count))
                switch next() % 4 {
                case 0: mutant[place] = UInt8(truncatingIfNeeded: next())
                case 1: mutant.remove(at: place)
                case 2: mutant.removeLast(mutant.count - place)
                default: mutant.insert(UInt8(truncatingIfNeeded: next()), at: place)
                }
            }
            mutant.withUnsafeBytes { router.engine.receive($0, lane: lane, now: router.now) }
            if number % 50 == 0 {
                router.pass(20)
                _ = router.take()
            }
        }
    }
}

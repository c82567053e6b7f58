import Foundation
import NodeProtocol
import RouterCore
import SwiftProtobuf
import Testing

/// How many mutated frames; `MUTATIONS` asks for more than each run makes.
let mutations = Int(ProcessInfo.processInfo.environment["MUTATIONS"] ?? "") ?? 20_000

/// A small generator with a seed: SplitMix64.
struct Mutator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    /// A frame with up to four bytes changed, taken out or put in, or cut off.
    mutating func mutate(_ frame: [UInt8]) -> [UInt8] {
        var mutant = frame
        for _ in 0...Int(next() % 4) where !mutant.isEmpty {
            let place = Int(next() % UInt64(mutant.count))
            switch next() % 6 {
            case 0: mutant[place] = UInt8(truncatingIfNeeded: next())
            case 1: mutant[place] ^= 1 << UInt8(next() % 8)
            case 2: mutant.remove(at: place)
            case 3: mutant.removeLast(mutant.count - place)
            case 4: mutant[place] = 0xff
            default: mutant.insert(UInt8(truncatingIfNeeded: next()), at: place)
            }
        }
        return mutant
    }
}

@Suite("Mutated frames")
struct MutationTests {
    /// Valid frames of every kind and control message, as a plugin sends them.
    private func corpus(_ bus: TestBus, _ peer: Peer) -> [(lane: Lane, bytes: [UInt8])] {
        var hello = bus.hello("x", provides: [64, 2], requires: [64])
        hello.heldKeys = [Data(repeating: 1, count: 32)]
        hello.windows = peer.welcome.windows
        var subscribe = Spacenode_Bus_V1_Subscribe()
        subscribe.type = 0x0040_0005
        subscribe.positions = [.init(), .init()]
        var credit = Spacenode_Bus_V1_Credit()
        credit.trafficClass = 3
        credit.bytes = 1 << 40
        credit.messages = 1 << 20
        var streamCredit = Spacenode_Bus_V1_StreamCredit()
        streamCredit.opener = peer.instance
        streamCredit.id = 7
        var cancel = Spacenode_Bus_V1_Cancel()
        cancel.id = 3
        var unsubscribe = Spacenode_Bus_V1_Unsubscribe()
        unsubscribe.type = 0x0040_0005
        var state = Spacenode_Bus_V1_State()
        state.state = 3
        var ping = Spacenode_Bus_V1_Ping()
        ping.stamp = 1
        let controls: [(UInt32, any Message)] = [
            (1, hello), (12, subscribe), (8, credit), (18, streamCredit), (9, cancel), (14, unsubscribe),
            (11, state), (6, ping),
        ]
        var result = controls.map { number, message in
            (
                lane: Lane.control,
                bytes: TestBus.frame(
                    bus.header(peer, kind: 8, type: 1 << 16 | number), (try? message.serializedBytes()) ?? [])
            )
        }
        for method in 64...67 {
            var header = bus.header(peer, kind: 1, type: 1 << 16 | UInt32(method))
            header.id = 1
            result.append((lane: Lane.control, bytes: TestBus.frame(header)))
        }
        for kind in UInt32(1)...7 {
            for type in UInt32(0x0040_0001)...0x0040_0006 {
                var header = bus.header(
                    peer, kind: kind, type: type,
                    trafficClass: type == 0x0040_0002 || type == 0x0040_0003 ? 4 : 3)
                header.id = 1 << 40
                header.seq = 1
                header.replyTo = 1
                header.topicKey = Data([1, 2])
                result.append((lane: Lane.data, bytes: TestBus.frame(header, [1, 2, 3])))
            }
        }
        return result
    }

    @Test("the router survives them, and forgets no frame that it holds")
    func router() {
        var random = Mutator(state: 1)
        var bus = TestBus()
        var peer = bus.join("x", provides: [64])
        var frames = corpus(bus, peer)
        for number in 0..<mutations {
            if number % 2000 == 0 || bus.core.sessionCount == 0 {
                bus = TestBus()
                peer = bus.join("x", provides: [64])
                frames = corpus(bus, peer)
            }
            let (lane, bytes) = frames[Int(random.next() % UInt64(frames.count))]
            let mutant = random.mutate(bytes)
            if lane == .control {
                bus.controlBytes(peer.control, mutant)
            } else {
                bus.dataBytes(peer.data, mutant)
            }
            if number % 100 == 0 { bus.tick(after: 60) }
            // What is held is bounded by the window of the only plugin there is.
            #expect(bus.held.count <= 1024 + 256 + 64)
        }
    }

    @Test("ZAP requests of any shape are read or refused")
    func zap() {
        var random = Mutator(state: 2)
        let valid: [[UInt8]] = [
            Array("1.0".utf8), [1], Array("spacenode".utf8), Array("127.0.0.1".utf8), [], Array("CURVE".utf8),
            [UInt8](repeating: 9, count: 32),
        ]
        #expect(ZapRequest(frames: valid)?.key.count == 32)
        var accepted = 0
        for _ in 0..<mutations {
            var frames = valid
            let place = Int(random.next() % 7)
            frames[place] = random.mutate(frames[place])
            if random.next() % 8 == 0 { frames.removeLast(Int(random.next() % 7)) }
            guard let request = ZapRequest(frames: frames) else { continue }
            accepted += 1
            #expect(request.key.count == 32 && request.requestID.count <= 255)
        }
        #expect(accepted > 0 && accepted < mutations)
    }
}

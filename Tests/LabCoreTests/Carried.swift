import LabCore

/// Milliseconds in the emulator's time.
func ms(_ number: Double) -> UInt64 { UInt64(number * 1_000_000) }

/// A line with some of its values.
func line(
    delay: Double = 0, jitter: Double = 0, loss: UInt32 = 0, down: UInt64? = nil, up: UInt64? = nil,
    queue: Double = 200
) -> Line {
    var line = Line()
    (line.delay, line.jitter, line.loss) = (ms(delay), ms(jitter), loss)
    (line.down, line.up, line.queue) = (down, up, ms(queue))
    return line
}

/// A packet that is sent at a time.
struct Sent {
    let at: UInt64
    let from: Int
    let to: Int
    var bytes = 1_400
}

/// What became of packets, by the number of their place in the list.
struct Carried: Equatable {
    var arrivals: [Int: UInt64] = [:]
    var drops: [Int: Emulator.Drop] = [:]
    /// Numbers in the order of their arrival.
    var order: [Int] = []

    /// Sends packets in the order of their times, and looks at the emulator whenever it wants to be looked at.
    init(_ emulator: inout Emulator, _ packets: [Sent]) {
        for (number, sent) in packets.enumerated() {
            settle(&emulator, until: sent.at)
            let packet = Packet(number: UInt32(number), from: sent.from, to: sent.to, bytes: sent.bytes)
            if let drop = emulator.enter(packet, now: sent.at) { drops[number] = drop }
        }
        settle(&emulator, until: .max)
    }

    private mutating func settle(_ emulator: inout Emulator, until end: UInt64) {
        while let next = emulator.next, next <= end {
            while let outcome = emulator.take(now: next) {
                switch outcome {
                case .delivered(let packet):
                    arrivals[Int(packet.number)] = next
                    order.append(Int(packet.number))
                case .dropped(let packet, let drop): drops[Int(packet.number)] = drop
                }
            }
        }
    }
}

/// What a lab has at most.
package enum LabLimit {
    /// Nodes: each is eight processes, and a network has all of them in one /24.
    package static let nodes = 64
    /// Packets that are under way in the emulator, of all nodes together.
    package static let packets = 65_536
    /// Bytes of a packet: what a TUN of this size of unit can bring.
    package static let packetBytes = 1_400
    /// Delay and queue of a line, and the time of a cut: a day, in nanoseconds.
    package static let time: UInt64 = 86_400_000_000_000
    /// Bits per second of a line.
    package static let rate: UInt64 = 100_000_000_000
    /// Bits per second below which a single packet would take longer than two seconds.
    package static let leastRate: UInt64 = 8_000
    /// Parts of a million: all packets are lost.
    package static let loss: UInt32 = 1_000_000
}

/// A packet under way.
package struct Packet: Hashable, Sendable {
    /// Names its bytes to whoever has them.
    package let number: UInt32
    /// Numbers of nodes, from 0.
    package let from: Int
    package let to: Int
    package let bytes: Int

    /// A packet of a node to another.
    package init(number: UInt32, from: Int, to: Int, bytes: Int) {
        (self.number, self.from, self.to, self.bytes) = (number, from, to, bytes)
    }
}

/// Packets by the time at which something happens to them; those of one time in the order in which they came.
struct PacketHeap: Sendable {
    /// A packet with its time.
    struct Entry: Sendable {
        let at: UInt64
        let order: UInt64
        let packet: Packet
        /// Whether it has passed the receiver's rate, and only has to be handed over.
        let isThrough: Bool
    }

    private var entries: [Entry] = []
    private var next: UInt64 = 0

    var count: Int { entries.count }
    var first: Entry? { entries.first }

    mutating func add(_ packet: Packet, at time: UInt64, isThrough: Bool) {
        entries.append(Entry(at: time, order: next, packet: packet, isThrough: isThrough))
        next += 1
        var place = entries.count - 1
        while place > 0, Self.isBefore(entries[place], entries[(place - 1) / 2]) {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func takeFirst() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var place = 0
        while 2 * place + 1 < entries.count {
            var child = 2 * place + 1
            if child + 1 < entries.count, Self.isBefore(entries[child + 1], entries[child]) { child += 1 }
            guard Self.isBefore(entries[child], entries[place]) else { break }
            entries.swapAt(place, child)
            place = child
        }
        return first
    }

    private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.at != right.at ? left.at < right.at : left.order < right.order
    }
}

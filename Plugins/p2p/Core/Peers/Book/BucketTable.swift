/// Buckets of slots, each slot the place of an entry or nobody's.
///
/// Buckets with somebody in them are listed, so that one is drawn in the same time however empty the table is.
struct BucketTable: Sendable {
    private static let size = PeerBookParameters.slots
    /// By bucket and slot; -1: nobody.
    private var slots: [Int32]
    /// How many stand in each bucket.
    private var counts: [Int32]
    /// Buckets with somebody in them, and where each stands in that list.
    private var filled: [Int32] = []
    private var positions: [Int32]
    /// How many stand in all.
    private(set) var count = 0

    init(buckets: Int) {
        slots = Array(repeating: -1, count: buckets * Self.size)
        counts = Array(repeating: 0, count: buckets)
        positions = Array(repeating: -1, count: buckets)
    }

    /// Who stands in a slot; nil: nobody.
    subscript(slot: Int) -> Int? {
        get { slots[slot] < 0 ? nil : Int(slots[slot]) }
        set {
            let change = (newValue == nil ? 0 : 1) - (slots[slot] < 0 ? 0 : 1)
            slots[slot] = Int32(truncatingIfNeeded: newValue ?? -1)
            guard change != 0 else { return }
            count += change
            note(bucket: slot / Self.size, change)
        }
    }

    private mutating func note(bucket: Int, _ change: Int) {
        counts[bucket] += Int32(truncatingIfNeeded: change)
        if change > 0, counts[bucket] == 1 {
            positions[bucket] = Int32(truncatingIfNeeded: filled.count)
            filled.append(Int32(truncatingIfNeeded: bucket))
        } else if counts[bucket] == 0, let last = filled.popLast() {
            // The last one of the list comes where this one stood.
            let position = positions[bucket]
            positions[bucket] = -1
            guard Int(last) != bucket else { return }
            filled[Int(position)] = last
            positions[Int(last)] = position
        }
    }

    /// Draws a bucket that is not empty, then somebody of it; nil: nobody is there.
    func draw(_ generator: inout SeededGenerator) -> Int? {
        guard !filled.isEmpty else { return nil }
        let start = Int(filled[generator.below(filled.count)]) * Self.size
        let first = generator.below(Self.size)
        for step in 0..<Self.size {
            let place = slots[start + (first + step) % Self.size]
            if place >= 0 { return Int(place) }
        }
        return nil
    }
}

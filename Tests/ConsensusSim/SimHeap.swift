/// Things by their moments; those of one moment in the order in which they came.
package struct SimHeap<Element> {
    private var items: [(time: UInt64, order: UInt64, element: Element)] = []
    private var next: UInt64 = 0

    /// Nothing yet.
    package init() {}

    /// Whether nothing is left.
    package var isEmpty: Bool { items.isEmpty }

    /// Puts a thing at its moment.
    package mutating func push(_ element: Element, at time: UInt64) {
        items.append((time, next, element))
        next += 1
        var place = items.count - 1
        while place > 0, isBefore(place, (place - 1) / 2) {
            items.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes the earliest.
    package mutating func pop() -> (time: UInt64, element: Element)? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        if items.isEmpty { return (first.time, first.element) }
        items[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < items.count && isBefore(child, least) {
                least = child
            }
            if least == place { return (first.time, first.element) }
            items.swapAt(place, least)
            place = least
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (items[left].time, items[left].order) < (items[right].time, items[right].order)
    }
}

internal import NodeDomain

/// The last transaction of an account, as a candidate for being put out.
struct EvictionEntry: Hashable, Sendable {
    /// What it is worth.
    let worth: UInt64
    let arrival: UInt64
    let id: Bytes32
    let principal: Address

    /// Whether it goes before another: worth less, then younger, then of the higher id.
    func goesBefore(_ other: EvictionEntry) -> Bool {
        if worth != other.worth { return worth < other.worth }
        if arrival != other.arrival { return arrival > other.arrival }
        return id > other.id
    }
}

/// A binary heap; what its order is, the caller says.
struct Heap<Element: Sendable>: Sendable {
    private(set) var elements: [Element] = []
    private let goesBefore: @Sendable (Element, Element) -> Bool

    init(_ elements: [Element] = [], by goesBefore: @escaping @Sendable (Element, Element) -> Bool) {
        self.elements = elements
        self.goesBefore = goesBefore
        for place in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(place) }
    }

    var count: Int { elements.count }

    mutating func add(_ element: Element) {
        elements.append(element)
        var place = elements.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard goesBefore(elements[place], elements[parent]) else { return }
            elements.swapAt(place, parent)
            place = parent
        }
    }

    mutating func take() -> Element? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        if !elements.isEmpty {
            elements[0] = last
            sink(0)
        }
        return first
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var best = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < elements.count && goesBefore(elements[child], elements[best]) {
                best = child
            }
            guard best != place else { return }
            elements.swapAt(place, best)
            place = best
        }
    }
}

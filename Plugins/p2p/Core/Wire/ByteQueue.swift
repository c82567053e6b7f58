/// Bytes that came and wait to be read, in the order in which they came.
package struct ByteQueue: Sendable {
    /// Read bytes that may stand before the others until they are moved.
    private static let slack = 4_096

    private var bytes: [UInt8] = []
    private var taken = 0

    /// Nothing yet.
    package init() {}

    /// How many wait.
    package var count: Int { bytes.count - taken }

    /// Whether none wait.
    package var isEmpty: Bool { taken == bytes.count }

    /// Those that wait, without taking them.
    package var waiting: ArraySlice<UInt8> { bytes[taken...] }

    /// Adds bytes behind the others.
    package mutating func append(_ more: some Collection<UInt8>) {
        bytes.append(contentsOf: more)
    }

    /// Takes the first ones, as many as there are of the number.
    package mutating func take(_ most: Int) -> [UInt8] {
        let count = min(max(0, most), count)
        if taken == 0, count == bytes.count {
            defer { bytes = [] }
            return bytes
        }
        let result = Array(bytes[taken..<taken + count])
        drop(count)
        return result
    }

    /// Takes all of them.
    package mutating func takeAll() -> [UInt8] { take(count) }

    /// Drops the first ones, as many as there are of the number.
    package mutating func drop(_ most: Int) {
        taken += min(max(0, most), count)
        if taken == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.count <= Self.slack)
            taken = 0
        } else if taken > Self.slack, taken > count {
            bytes.removeFirst(taken)
            taken = 0
        }
    }
}

/// The example's decisions: limits and sums.
///
/// No I/O, no clock.
package enum ExampleLimit {
    /// Longest delay of an echo, in milliseconds.
    package static let delayMilliseconds: UInt32 = 60_000
    /// Largest body of an item, in bytes.
    package static let itemBytes: UInt32 = 262_144
    /// Most items of one stream, and most events of one Emit.
    package static let items: UInt64 = 10_000_000
}

/// A request that the example refuses.
package struct ExampleFault: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// Checks what a caller asks for.
package enum ExampleRequest {
    /// - Throws: `ExampleFault` when the delay is over the limit, or the caller asked for a failure.
    package static func checkEcho(delayMilliseconds: UInt32, fail: Bool) throws(ExampleFault) {
        if fail { throw ExampleFault(description: "the request asked to fail") }
        guard delayMilliseconds <= ExampleLimit.delayMilliseconds else {
            throw ExampleFault(
                description: "delay_ms \(delayMilliseconds) is over \(ExampleLimit.delayMilliseconds)")
        }
    }

    /// - Throws: `ExampleFault` when a stream would be over the limits.
    package static func checkCount(items: UInt64, itemBytes: UInt32) throws(ExampleFault) {
        guard items <= ExampleLimit.items, itemBytes <= ExampleLimit.itemBytes else {
            throw ExampleFault(
                description:
                    "at most \(ExampleLimit.items) items of \(ExampleLimit.itemBytes) bytes can be had")
        }
    }
}

/// Adds up an upload, wrapping around at 2^64.
package struct ExampleSum: Sendable, Equatable {
    package private(set) var sum: UInt64 = 0
    package private(set) var items: UInt64 = 0

    /// Nothing yet.
    package init() {}

    /// Takes one item.
    package mutating func add(_ value: UInt64) {
        sum &+= value
        items &+= 1
    }
}

/// Numbers of the Ticks, per topic key.
package struct ExampleTicks: Sendable {
    private var numbers: [[UInt8]: UInt64] = [:]

    /// Nothing yet.
    package init() {}

    /// The next number under a key.
    package mutating func next(_ key: [UInt8]) -> UInt64 {
        numbers[key, default: 0] += 1
        return numbers[key, default: 0]
    }
}

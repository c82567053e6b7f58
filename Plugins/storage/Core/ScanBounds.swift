internal import StorageWire

/// The keys that a scan wants: from `lower`, included, to `upper`, excluded; nil: to the end.
package struct ScanBounds: Sendable, Hashable {
    package let lower: [UInt8]
    package let upper: [UInt8]?

    /// What a scan asks for.
    package struct Wish: Sendable {
        package var prefix: [UInt8] = []
        package var from: [UInt8] = []
        package var to: [UInt8] = []
        package var after: [UInt8] = []
        package var isReverse = false

        /// Everything, from the least key up.
        package init() {}
    }

    /// Meets all bounds of the wish at once.
    /// - Throws: `StorageRefusal` when a bound is over the limit.
    package init(_ wish: Wish) throws(StorageRefusal) {
        for bound in [wish.prefix, wish.from, wish.to, wish.after] where bound.count > StorageLimit.keyBytes {
            throw StorageRefusal(
                .invalid,
                "a bound of \(bound.count) bytes: \(StorageLimit.keyBytes) are allowed")
        }
        var lower = Self.greater(wish.prefix, wish.from)
        var upper = Self.successor(ofPrefix: wish.prefix)
        if !wish.to.isEmpty { upper = Self.lesser(upper, wish.to) }
        if !wish.after.isEmpty {
            if wish.isReverse {
                upper = Self.lesser(upper, wish.after)
            } else {
                // The least key after `after`.
                lower = Self.greater(lower, wish.after + [0])
            }
        }
        self.lower = lower
        self.upper = upper
    }

    /// Whether no key can lie between the bounds.
    package var isEmpty: Bool {
        guard let upper else { return false }
        return !lower.lexicographicallyPrecedes(upper)
    }

    private static func greater(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        left.lexicographicallyPrecedes(right) ? right : left
    }

    private static func lesser(_ left: [UInt8]?, _ right: [UInt8]) -> [UInt8] {
        guard let left, left.lexicographicallyPrecedes(right) else { return right }
        return left
    }

    /// The least key after all that begin with the prefix; nil: there is none.
    private static func successor(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        var result = prefix
        while let last = result.popLast() {
            if last < 0xff { return result + [last + 1] }
        }
        return nil
    }
}

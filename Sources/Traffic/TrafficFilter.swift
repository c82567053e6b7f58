internal import NodeProtocol

/// What of the traffic somebody wants to see.
package struct TrafficFilter: Sendable {
    /// A condition on one field of the decoded payload.
    package struct FieldRule: Sendable, Hashable {
        /// How the value and the word are compared.
        package enum Comparison: String, Sendable, CaseIterable {
            case unequal = "!="
            case equal = "="
            case contains = "~"
            case less = "<"
            case greater = ">"
        }

        package let path: String
        package let comparison: Comparison
        package let word: String

        /// Reads `path=word`, `path!=word`, `path~part`, `path<number` or `path>number`; nil: none of these.
        package init?(_ text: String) {
            let found = Comparison.allCases.compactMap { comparison in
                text.firstRange(of: comparison.rawValue).map { (comparison, $0) }
            }
            // The one that stands first; of `!=` and `=`, the longer.
            guard let (comparison, range) = found.min(by: { $0.1.lowerBound < $1.1.lowerBound }),
                range.lowerBound > text.startIndex
            else { return nil }
            path = String(text[..<range.lowerBound])
            self.comparison = comparison
            word = String(text[range.upperBound...])
        }

        func fits(_ value: FieldValue?) -> Bool {
            let values = value?.values(at: path[...]) ?? []
            // A field that is zero or empty is not on the wire.
            let all = values.isEmpty ? [""] : values.map(\.plain)
            return all.contains { compare($0) }
        }

        private func compare(_ value: String) -> Bool {
            switch comparison {
            case .equal: return value == word || (value.isEmpty && word == "0")
            case .unequal: return value != word && !(value.isEmpty && word == "0")
            case .contains: return value.contains(word)
            case .less, .greater:
                guard let left = Double(value.isEmpty ? "0" : value), let right = Double(word) else {
                    return false
                }
                return comparison == .less ? left < right : left > right
            }
        }
    }

    /// Whether it hides signs of life and nothing else.
    package var isOpen: Bool {
        roles.isEmpty && types.isEmpty && fields.isEmpty && !isRefusedOnly && !showsBeats
    }

    /// Role numbers, of the sender or the receiver; empty: all.
    package var roles: Set<UInt32> = []
    /// Parts of type names; empty: all.
    package var types: [String] = []
    package var fields: [FieldRule] = []
    package var isRefusedOnly = false
    /// Signs of life and metrics of every plugin, each second: hidden unless asked for.
    package var showsBeats = false

    private static let beats: Set<UInt32> = [0x0002_0002, 0x0002_0003]

    /// Everything but beats.
    package init() {}

    /// Whether an item is wanted.
    package func fits(_ item: TrafficItem, _ view: TrafficView) -> Bool {
        if !showsBeats, types.isEmpty, Self.beats.contains(item.header.type) { return false }
        if isRefusedOnly, !item.isRefused, item.header.kind != 3 { return false }
        if !roles.isEmpty, !roles.contains(item.header.role), !roles.contains(view.names.role(item.to)) {
            return false
        }
        if !types.isEmpty {
            let name = view.book.methods[item.header.type]?.name ?? view.typeName(item.header.type)
            guard types.contains(where: { name.lowercased().contains($0.lowercased()) }) else { return false }
        }
        guard !fields.isEmpty else { return true }
        let value = view.value(item)
        return value != nil && fields.allSatisfy { $0.fits(value) }
    }
}

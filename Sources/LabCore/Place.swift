/// What a word of a command names: nodes, or the ways between nodes.
package enum Place: Hashable, Sendable {
    /// Nodes, from 0, rising.
    case nodes([Int])
    /// All ways between the one and the other.
    case between([Int], [Int])

    /// Reads `n1`, a group `n1+n4` or `n1..n8`, or two groups with a comma between: `n1,n2`, `n1..n8,n9..n24`.
    /// - Parameter names: of all nodes, in their order.
    /// - Throws: `LabFault`.
    package init(_ text: String, names: [String]) throws(LabFault) {
        let groups = text.split(separator: ",", omittingEmptySubsequences: false)
        guard groups.count <= 2 else {
            throw LabFault("\(text): name one group of nodes, or two with a comma between, such as n1,n2")
        }
        var parts: [[Int]] = []
        for group in groups { parts.append(try Self.group(String(group), names)) }
        guard parts.count == 2 else {
            self = .nodes(parts[0])
            return
        }
        if let both = parts[0].first(where: { parts[1].contains($0) }) {
            throw LabFault("\(text): \(names[both]) is on both sides: a way has two ends")
        }
        self = .between(parts[0], parts[1])
    }

    /// A single node.
    /// - Throws: `LabFault`.
    package static func node(_ text: String, names: [String]) throws(LabFault) -> Int {
        if let number = names.firstIndex(of: text) { return number }
        throw LabFault("there is no node \(text): the nodes are \(Self.list(names))")
    }

    private static func group(_ text: String, _ names: [String]) throws(LabFault) -> [Int] {
        var result: Set<Int> = []
        for item in text.split(separator: "+", omittingEmptySubsequences: false) {
            guard let dots = item.firstRange(of: "..") else {
                result.insert(try node(String(item), names: names))
                continue
            }
            let first = try node(String(item[..<dots.lowerBound]), names: names)
            let last = try node(String(item[dots.upperBound...]), names: names)
            guard first <= last else { throw LabFault("\(item): the later node stands first: turn it round") }
            result.formUnion(first...last)
        }
        return result.sorted()
    }

    private static func list(_ names: [String]) -> String {
        guard names.count > 8, let first = names.first, let last = names.last else {
            return names.joined(separator: ", ")
        }
        return "\(first) to \(last)"
    }
}

extension Substring {
    /// Where a word stands first.
    fileprivate func firstRange(of word: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(word) { return start..<index(start, offsetBy: word.count) }
            start = index(after: start)
        }
        return nil
    }
}

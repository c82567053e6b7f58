internal import Yams

/// Reads one YAML mapping key by key, notes every fault with its line, and knows which keys nobody asked for.
final class MappingReader {
    let file: String
    let line: Int
    private(set) var faults: [ConfigurationFault] = []
    private var pairs: [String: (line: Int, value: Node)] = [:]
    private var asked: Set<String> = []

    /// Takes a mapping node; anything else is a fault.
    init(_ node: Node?, file: String) {
        self.file = file
        line = node?.mark?.line ?? 0
        guard let node else { return }
        guard let mapping = node.mapping else {
            if node.null == nil { fault(line, "a mapping is expected here: write `key: value` lines") }
            return
        }
        for (key, value) in mapping {
            let name = key.string ?? "?"
            if pairs[name] != nil { fault(key.mark?.line ?? 0, "`\(name)` stands twice: remove one") }
            pairs[name] = (key.mark?.line ?? 0, value)
        }
    }

    func fault(_ line: Int, _ text: String) {
        faults.append(ConfigurationFault(file: file, line: line, text: text))
    }

    func line(of key: String) -> Int {
        pairs[key]?.line ?? line
    }

    /// The value's node, marked as known.
    func node(_ key: String) -> Node? {
        asked.insert(key)
        guard let value = pairs[key]?.value, value.null == nil else { return nil }
        return value
    }

    func string(_ key: String) -> String? {
        guard let value = node(key) else { return nil }
        guard let text = value.string else {
            fault(line(of: key), "`\(key)` must be text")
            return nil
        }
        return text
    }

    func integer(_ key: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = node(key) else { return nil }
        guard let number = value.int, range.contains(number) else {
            fault(
                line(of: key),
                "`\(key)` is \(value.string ?? "no number"): give a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
            return nil
        }
        return number
    }

    func bool(_ key: String) -> Bool? {
        guard let value = node(key) else { return nil }
        guard let truth = value.bool else {
            fault(line(of: key), "`\(key)` must be true or false")
            return nil
        }
        return truth
    }

    /// A list of mappings, each with its own reader; their faults are taken over by `finish(with:)`.
    func mappings(_ key: String) -> [MappingReader] {
        guard let value = node(key) else { return [] }
        guard let list = value.sequence else {
            fault(line(of: key), "`\(key)` must be a list: lines that begin with `- `")
            return []
        }
        return list.map { MappingReader($0, file: file) }
    }

    /// A list of texts.
    func strings(_ key: String) -> [String] {
        guard let value = node(key) else { return [] }
        guard let list = value.sequence else {
            fault(line(of: key), "`\(key)` must be a list, such as [a, b]")
            return []
        }
        return list.compactMap { item in
            if item.string == nil {
                fault(item.mark?.line ?? line(of: key), "`\(key)` holds what is no text")
            }
            return item.string
        }
    }

    /// A list of texts, nil when it is not there.
    func optionalStrings(_ key: String) -> [String]? {
        node(key) == nil ? nil : strings(key)
    }

    /// Names with a text each.
    func texts(_ key: String) -> [String: String] {
        guard let value = node(key) else { return [:] }
        guard let mapping = value.mapping else {
            fault(line(of: key), "`\(key)` must be names with values, such as {NAME: value}")
            return [:]
        }
        var result: [String: String] = [:]
        for (name, value) in mapping {
            guard let name = name.string, let text = value.string else {
                fault(value.mark?.line ?? line(of: key), "`\(key)` holds what is no text")
                continue
            }
            result[name] = text
        }
        return result
    }

    /// A key without which the mapping means nothing.
    func require(_ key: String, _ what: String) {
        if node(key) == nil { fault(line, "`\(key)` is missing: \(what)") }
    }

    /// Reports keys that nobody asked for, and takes over the faults of inner mappings.
    func finish(with inner: [MappingReader] = []) -> [ConfigurationFault] {
        for (key, pair) in pairs where !asked.contains(key) {
            let near = nearest(key, among: asked)
            fault(
                pair.line,
                "`\(key)` is not known here" + (near.map { ": did you mean `\($0)`?" } ?? ": remove it"))
        }
        return (faults + inner.flatMap(\.faults)).sorted { ($0.line, $0.text) < ($1.line, $1.text) }
    }
}

/// A value that stands in an earlier entry of the list as well is a fault; entries with faults are left alone.
func unique<Value: Hashable>(_ values: [Value], _ readers: [MappingReader], _ key: String) {
    var seen: Set<Value> = []
    for (value, reader) in zip(values, readers)
    where reader.faults.isEmpty && !seen.insert(value).inserted {
        reader.fault(reader.line(of: key), "`\(key)` \(value) is taken by an entry above: choose another")
    }
}

/// The candidate with the fewest edits, when there are few enough to be a slip.
package func nearest(_ word: String, among candidates: some Sequence<String>) -> String? {
    let ranked = candidates.map { (distance: edits(Array(word), Array($0)), word: $0) }
    guard let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
    return best.distance <= max(2, word.count / 3) ? best.word : nil
}

/// Levenshtein distance.
private func edits(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var previous = row[0]
        row[0] = i + 1
        for (j, b) in right.enumerated() {
            let cost = a == b ? previous : min(previous, row[j], row[j + 1]) + 1
            previous = row[j + 1]
            row[j + 1] = cost
        }
    }
    return row[right.count]
}

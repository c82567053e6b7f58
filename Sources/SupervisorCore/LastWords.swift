/// The line in the end of a log that says most about why its process died; empty when none does.
///
/// The last line that speaks of an error, else the last one that is not about how things go well; cut to `limit`
/// characters, without its time. For people alone: nothing is decided by it.
package func lastWords(of text: String, limit: Int = 200) -> String {
    let lines = text.split(whereSeparator: \.isNewline).map(withoutTime).filter { !$0.isEmpty }
    let signs = ["error", "fatal", "critical", "exception", "cannot"]
    let chosen = lines.last { line in
        let lower = line.lowercased()
        return signs.contains { lower.contains($0) }
    }
    let usual = ["info ", "notice ", "debug ", "trace "]
    let line = chosen ?? lines.last { line in !usual.contains { line.hasPrefix($0) } } ?? ""
    return line.count > limit ? line.prefix(limit - 1) + "…" : String(line)
}

/// A line without the spaces and the date and time that it begins with.
private func withoutTime(_ line: Substring) -> Substring {
    let text = line.drop { $0 == " " || $0 == "\t" }
    let first = text.prefix { $0 != " " }
    guard first.count >= 19, first.prefix(4).allSatisfy(\.isNumber), first.contains("T") else { return text }
    return text.dropFirst(first.count + 1)
}

internal import Foundation

/// Prints rows under a header, columns as wide as their widest cell, lines no wider than the terminal.
func printTable(_ header: [String], _ rows: [[String]]) {
    for line in tableLines(header, rows) { print(Terminal.cut(line)) }
}

/// The lines of a table; the columns whose header begins with `>` stand to the right, as numbers do.
func tableLines(_ header: [String], _ rows: [[String]]) -> [String] {
    let isRight = header.map { $0.hasPrefix(">") }
    let head = zip(header, isRight).map { $1 ? String($0.dropFirst()) : $0 }
    let widths = head.indices.map { column in
        ([head] + rows).map { $0[column].count }.max() ?? 0
    }
    return ([head] + rows).map { row in
        let cells = row.indices.map { padded(row[$0], widths[$0], isRight: isRight[$0]) }
        return cells.joined(separator: "  ").replacing(/\s+$/, with: "")
    }
}

/// Text filled up with spaces.
func padded(_ text: String, _ width: Int, isRight: Bool = false) -> String {
    let fill = String(repeating: " ", count: max(0, width - text.count))
    return isRight ? fill + text : text + fill
}

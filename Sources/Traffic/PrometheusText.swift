/// Metrics in Prometheus' text format (version 0.0.4): families with help and type, each once.
package struct PrometheusText: Sendable {
    /// What a family is.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// One value, as `metrics --json` prints it.
    package struct Sample: Sendable, Encodable {
        package let name: String
        package let labels: [String: String]
        package let value: Double
    }

    package private(set) var samples: [Sample] = []
    private var lines: [String] = []

    /// No metrics.
    package init() {}

    /// The whole text.
    package var text: String { lines.map { $0 + "\n" }.joined() }

    /// Begins a family; its samples follow.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        lines.append("# HELP \(name) \(help)")
        lines.append("# TYPE \(name) \(kind.rawValue)")
    }

    /// A value of the family begun last.
    package mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
        samples.append(
            Sample(
                name: name, labels: Dictionary(labels, uniquingKeysWith: { first, _ in first }), value: value)
        )
        let inner = labels.map { "\($0.0)=\"\(escaped($0.1))\"" }.joined(separator: ",")
        lines.append("\(name)\(inner.isEmpty ? "" : "{\(inner)}") \(number(value))")
    }

    private func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(character)
            }
        }.joined()
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}

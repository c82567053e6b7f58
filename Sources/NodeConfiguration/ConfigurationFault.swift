/// One thing wrong in a configuration file: where, what, and how to mend it.
package struct ConfigurationFault: Sendable, Hashable, CustomStringConvertible {
    package let file: String
    /// From 1; 0: the file as a whole.
    package let line: Int
    package let text: String

    /// A fault at a line.
    package init(file: String, line: Int, text: String) {
        self.file = file
        self.line = line
        self.text = text
    }

    package var description: String {
        line > 0 ? "\(file):\(line): \(text)" : "\(file): \(text)"
    }
}

/// All faults of a file at once.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    package let faults: [ConfigurationFault]

    /// At least one fault.
    package init(_ faults: [ConfigurationFault]) {
        self.faults = faults
    }

    package var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}

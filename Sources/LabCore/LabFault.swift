/// Why something is no lab, or no word for one; the text says what to write instead.
package struct LabFault: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and what helps.
    package let description: String

    /// A fault in these words.
    package init(_ description: String) {
        self.description = description
    }
}

/// The name of a topic: 1 to 128 bytes of text.
package struct TopicName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Most bytes of a name.
    package static let largest = 128

    /// The name.
    package let text: String

    /// A topic of this name; nil: it has no bytes, or too many.
    package init?(_ text: String) {
        guard (1...Self.largest).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    /// A name as it came; nil when it is none.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.largest, let text = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        self.init(text)
    }

    /// By the text.
    package static func < (left: TopicName, right: TopicName) -> Bool { left.text < right.text }

    /// The name.
    package var description: String { text }
}

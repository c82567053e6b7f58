internal import NodeBus

/// Why storage did not do what was asked.
package struct StorageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The code word that storage's text begins with (docs/protocol/storage.md §6).
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        /// A code word, which may be newer than this list.
        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        package static let forbidden = Code(rawValue: "FORBIDDEN")
        package static let invalid = Code(rawValue: "INVALID")
        package static let limit = Code(rawValue: "LIMIT")
        package static let closed = Code(rawValue: "CLOSED")
        package static let full = Code(rawValue: "FULL")
        package static let failing = Code(rawValue: "FAILING")
        package static let corrupt = Code(rawValue: "CORRUPT")
        package static let reopened = Code(rawValue: "REOPENED")
        /// The reply makes no sense: a bug of storage.
        package static let nonsense = Code(rawValue: "NONSENSE")
    }

    package let code: Code
    /// What is wrong and what to do.
    package let text: String

    /// An error of our own.
    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    /// Reads what storage answered; nil: the bus failed, not storage.
    init?(_ error: BusError) {
        guard error.code == .failed, let colon = error.text.firstIndex(of: ":") else { return nil }
        let word = error.text[..<colon]
        guard !word.isEmpty, word.allSatisfy({ $0.isASCII && $0.isUppercase }) else { return nil }
        code = Code(rawValue: String(word))
        text = String(error.text[colon...].dropFirst(2))
    }

    package var description: String { "\(code.rawValue): \(text)" }
}

/// Turns storage's answers into `StorageError`; the bus's own errors stay what they are.
func asStorageError<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as BusError {
        if let stated = StorageError(error) { throw stated }
        throw error
    }
}

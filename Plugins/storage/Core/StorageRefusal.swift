/// A request that storage does not carry out: a code word for programs, then what is wrong and what to do.
package struct StorageRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// First word of the text that the caller gets (docs/protocol/storage.md §6).
    package enum Code: String, Sendable {
        /// The role may not touch the keyspace.
        case forbidden = "FORBIDDEN"
        /// The request breaks a rule: a bug of the caller.
        case invalid = "INVALID"
        /// Too much at once: less, or later.
        case limit = "LIMIT"
        /// Not open yet, or ending.
        case closed = "CLOSED"
        /// The disk is full.
        case full = "FULL"
        /// The disk failed.
        case failing = "FAILING"
        /// Damaged data.
        case corrupt = "CORRUPT"
        /// The database was opened anew under a scan.
        case reopened = "REOPENED"
    }

    package let code: Code
    package let text: String

    /// A refusal in plain words.
    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    package var description: String { "\(code.rawValue): \(text)" }
}

/// What RocksDB said when a call failed, and what kind of failure that is.
package struct StorageFailure: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable {
        case full, io, corruption, locked, other
    }

    package let kind: Kind
    package let text: String

    /// Reads RocksDB's text, the only thing its C API gives.
    ///
    /// Files keep their names and lose their folders: the text has to fit into a `Fault`.
    package init(rocksDB text: String) {
        kind = Self.kind(of: text)
        self.text = text.split(separator: " ", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("/") ? $0.split(separator: "/").last ?? $0 : $0 }.joined(separator: " ")
    }

    /// A failure outside RocksDB.
    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    package var description: String { text }

    private static func kind(of text: String) -> Kind {
        if text.contains("No space left on device") || text.contains("Disk quota exceeded")
            || text.contains("Space limit reached")
        {
            return .full
        }
        if text.hasPrefix("Corruption") { return .corruption }
        guard text.hasPrefix("IO error") else { return .other }
        return text.contains("lock ") || text.contains("/LOCK:") ? .locked : .io
    }

    /// What the caller of the failed request is told.
    package func refusal(whileWriting: Bool) -> StorageRefusal {
        let unknown = "; whether it was written is unknown: when storage is ready, write it again"
        let rest = whileWriting ? unknown : ""
        switch kind {
        case .full: return StorageRefusal(.full, "the disk is full (\(text))\(rest)")
        case .corruption: return StorageRefusal(.corrupt, "damaged data (\(text))\(rest)")
        case .io, .locked, .other: return StorageRefusal(.failing, "\(text)\(rest)")
        }
    }
}

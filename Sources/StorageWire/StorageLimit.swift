/// Limits of storage (docs/protocol/storage.md §1).
package enum StorageLimit {
    /// Longest key, and longest bound of a range.
    package static let keyBytes = 1024
    /// Longest value: with its key it always fits into one frame.
    package static let valueBytes = 3 << 20
    /// Longest packed batch of one request, and of one item of an upload: a frame of 4 MiB less room for the rest.
    package static let batchBytes = (4 << 20) - (64 << 10)
    /// Most operations of one batch, uploaded or not.
    package static let operations = 1 << 20
    /// Most keys of one MultiGet.
    package static let multiGetKeys = 1024
    /// Most value bytes of one MultiGet's reply.
    package static let replyBytes = batchBytes
    /// A piece of an upload is closed when it has reached this.
    package static let pieceBytes = 256 << 10
    /// An item of a scan is closed when it has reached this.
    ///
    /// Small beside the BULK window of a reader, so that a few scans that are not read for a while hold up nothing else.
    package static let scanItemBytes = 64 << 10
}

/// What is wrong with a packed batch, a key or a value, and where.
package struct BatchFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// A fault in plain words.
    package init(_ description: String) {
        self.description = description
    }
}

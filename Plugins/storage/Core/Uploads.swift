internal import StorageWire

/// Bytes that all open uploads may hold together.
package struct UploadBudget: Sendable {
    package let limit: Int
    package private(set) var used = 0

    /// An untouched budget.
    package init(limit: Int) {
        self.limit = limit
    }

    /// - Throws: `StorageRefusal` when there is not as much left; nothing is taken then.
    package mutating func take(_ bytes: Int) throws(StorageRefusal) {
        guard bytes <= limit - used else {
            throw StorageRefusal(
                .limit,
                "uploads under way would hold \(used + bytes) bytes, \(limit) are allowed (upload_bytes): split it, or wait"
            )
        }
        used += bytes
    }

    /// Gives back what was taken.
    package mutating func give(_ bytes: Int) {
        used = max(0, used - bytes)
    }
}

/// One upload: nothing counts before the item that commits it, and nothing may come after it.
package struct UploadState: Sendable {
    /// Bytes taken so far.
    package private(set) var bytes = 0
    package private(set) var operations = 0
    package private(set) var isCommitted = false

    /// An upload that has just been opened.
    package init() {}

    /// Before an item is added.
    /// - Throws: `StorageRefusal` when it may not come.
    package mutating func begin(bytes count: Int) throws(StorageRefusal) {
        guard !isCommitted else {
            throw StorageRefusal(.invalid, "an item came after the one that commits")
        }
        bytes += count
    }

    /// After an item was added.
    /// - Throws: `StorageRefusal` when there are too many operations.
    package mutating func add(operations count: Int, commit: Bool) throws(StorageRefusal) {
        operations += count
        guard operations <= StorageLimit.operations else {
            throw StorageRefusal(.invalid, "a batch has at most \(StorageLimit.operations) operations")
        }
        isCommitted = commit
    }

    /// The opener has sent all.
    /// - Throws: `StorageRefusal` when no item committed it.
    package func end() throws(StorageRefusal) {
        guard isCommitted else {
            throw StorageRefusal(
                .invalid, "the upload ended without an item that commits: nothing was written")
        }
    }
}

/// How many of the first values fit into one reply.
package struct ReplyRoom: Sendable {
    private var used = 0
    private var count = 0

    /// An empty reply.
    package init() {}

    /// Whether one more value fits; the first always does.
    package mutating func take(_ bytes: Int) -> Bool {
        // A value's own framing is at most 16 bytes.
        guard count == 0 || used + bytes + 16 <= StorageLimit.replyBytes else { return false }
        used += bytes + 16
        count += 1
        return true
    }
}

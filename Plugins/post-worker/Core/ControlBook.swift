/// What the operator wants of the whole worker and of single disks.
package struct ControlBook: Hashable, Sendable {
    /// What holds for a piece of work.
    package struct Reins: Hashable, Sendable {
        /// It stands still.
        package let isPaused: Bool
        /// How fast it may read, in bytes a second; nil: no limit.
        package let readLimit: UInt64?
    }

    /// A wish; what is nil stays as it is.
    package struct Wish: Sendable {
        /// The disk it is about; empty: the whole worker.
        package var disk = ""
        /// Whether to stand still.
        package var isPaused: Bool?
        /// Bytes a second, 0: no limit.
        package var readLimit: UInt64?
        /// Threads for work that begins from now on.
        package var threads: UInt32?

        /// No wish.
        package init() {}
    }

    /// The whole worker stands still.
    package private(set) var isPaused = false
    /// For each disk that has no limit of its own; 0: none.
    package private(set) var readLimit: UInt64
    /// Threads for work that begins now.
    package private(set) var threads: Int
    private var paused: Set<String> = []
    private var limits: [String: UInt64]

    /// As it is configured.
    package init(threads: Int, readLimit: UInt64 = 0, limits: [String: UInt64] = [:]) {
        self.threads = threads
        self.readLimit = readLimit
        self.limits = limits
    }

    /// Takes a wish.
    ///
    /// - Parameter disks: those that there are.
    /// - Throws: `WorkRefusal`; nothing has changed then.
    package mutating func apply(_ wish: Wish, disks: Set<String>) throws(WorkRefusal) {
        guard wish.disk.isEmpty || disks.contains(wish.disk) else {
            throw WorkRefusal(
                "there is no disk \(wish.disk.prefix(64)) here: take one of \(disks.sorted().joined(separator: ", "))"
            )
        }
        if let limit = wish.readLimit, limit != 0, limit < WorkLimit.slowestRead {
            throw WorkRefusal(
                "\(limit) bytes a second are too slow: take \(WorkLimit.slowestRead) at least, 0 for no limit, or pause"
            )
        }
        if let threads = wish.threads {
            guard wish.disk.isEmpty, (1...UInt32(WorkLimit.threads)).contains(threads) else {
                throw WorkRefusal(
                    "threads are 1 to \(WorkLimit.threads), and of the whole worker: leave `disk` empty")
            }
            self.threads = Int(threads)
        }
        if wish.disk.isEmpty {
            isPaused = wish.isPaused ?? isPaused
            readLimit = wish.readLimit ?? readLimit
            return
        }
        if let limit = wish.readLimit { limits[wish.disk] = limit }
        switch wish.isPaused {
        case true?: paused.insert(wish.disk)
        case false?: paused.remove(wish.disk)
        case nil: break
        }
    }

    /// What holds for work on a disk; nil: on none.
    package func reins(disk: String?) -> Reins {
        let limit = disk.flatMap { limits[$0] } ?? readLimit
        return Reins(
            isPaused: isPaused || disk.map(paused.contains) ?? false, readLimit: limit == 0 ? nil : limit)
    }
}

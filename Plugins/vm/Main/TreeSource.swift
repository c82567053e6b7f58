internal import VmCore

/// Nodes of the tree: from memory, and from storage what is not there.
actor TreeSource {
    private let store: LedgerStore
    private var cache: TreeCache

    /// - Parameter limit: most bytes of memory for nodes.
    init(_ store: LedgerStore, limit: Int) {
        self.store = store
        cache = TreeCache(limit: limit)
    }

    /// Answers questions until nothing is needed.
    /// - Returns: how often storage was asked.
    func work<Questions: TreeQuestions & Sendable>(
        _ questions: consuming sending Questions
    ) async throws -> (answered: Questions, rounds: Int) {
        var (work, rounds) = (questions, 0)
        while true {
            let keys = work.need()
            if keys.isEmpty { return (work, rounds) }
            var (nodes, missing) = cache.answer(keys)
            if !missing.isEmpty {
                rounds += 1
                let read = try await store.nodes(missing.map { keys[$0] })
                for (place, node) in zip(missing, read) {
                    nodes[place] = node
                    if let node { cache.insert(keys[place], node) }
                }
            }
            try work.have(nodes)
        }
    }

    /// Reads ahead of an update, for which the nodes then stay in memory.
    /// - Returns: how often storage was asked.
    func warm(_ warming: TreeWarming) async throws -> Int {
        cache.beginPeriod()
        return try await work(warming).rounds
    }

    /// Follows an update that is on its way to the disk: when its write fails, this process ends.
    func apply(_ result: TreeUpdateResult) { cache.apply(result) }

    /// Keeps nodes that are being stored with a whole state.
    func keep(_ nodes: [(TreeNodeKey, TreeNode)]) { cache.keep(nodes) }

    /// Forgets everything.
    func removeAll() { cache = TreeCache(limit: cache.limit) }

    /// Bytes of memory in use.
    var bytes: Int { cache.bytes }
}
